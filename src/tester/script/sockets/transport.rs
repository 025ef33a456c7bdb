//! Socket transport of a topic in a script. Topics outlive a script, but its store does not.

use std::sync::Arc;

use crate::contracts::storage::Feeds;
use crate::contracts::transport::socket::SocketTransport;
use crate::contracts::transport::{
    DynTransport, ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
    WebhookResponse,
};
use crate::engine::topic::TopicRuntime;
use crate::model::message::Outbound;
use crate::model::topic::TopicName;
use crate::transports::websocket::publish;

/// A topic's own socket transport, which publishes into the store of a script.
struct ScriptSockets {
    topic: TopicName,
    transport: Arc<dyn DynTransport>,
    feeds: Arc<dyn Feeds>,
}

/// Replaces the socket transport of a topic, if it has one, by one that publishes into `feeds`.
pub(in crate::tester::script) fn with_feeds(
    topic: TopicRuntime,
    feeds: &Arc<dyn Feeds>,
) -> TopicRuntime {
    let Some((name, transport)) = topic.socket_transport() else { return topic };
    let sockets = ScriptSockets {
        topic: topic.config.name.clone(),
        transport: Arc::clone(transport),
        feeds: Arc::clone(feeds),
    };
    let transports = topic.transports.clone().with(name, Arc::new(sockets));
    TopicRuntime { transports, ..topic }
}

impl Transport for ScriptSockets {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        self.transport.receive(request)
    }

    fn sends_in_answer(&self) -> bool {
        true
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        self.transport.answer(text)
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        publish(self.feeds.as_ref(), &self.topic, message).await
    }

    fn is_idempotent(&self) -> bool {
        self.transport.is_idempotent()
    }

    fn sockets(&self) -> Option<&dyn SocketTransport> {
        self.transport.sockets()
    }
}
