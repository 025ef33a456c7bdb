//! WebSocket: clients that hold a socket, such as pages, programs and devices.
//!
//! A web process holds the sockets; this transport is the way from the outbox to it. A message is
//! published as a line of its topic's live feed, which every web process follows.

mod config;
mod json;
mod text;

use std::sync::{Arc, OnceLock};

use crate::contracts::handler::Result;
use crate::contracts::settings::{BuildContext, SettingsErrors};
use crate::contracts::storage::{Feeds, StorageError};
use crate::contracts::transport::socket::{Line, SocketProtocol, SocketSettings, SocketTransport};
use crate::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest, WebhookResponse,
};
use crate::model::message::Outbound;
use crate::model::topic::TopicName;

use config::Protocol;
pub use config::WebSocketConfig;
pub use json::{Json, SUBPROTOCOL};
pub use text::PlainText;

/// Transport of sockets.
pub struct WebSocket {
    topic: TopicName,
    settings: SocketSettings,
    protocol: Protocol,
    feeds: OnceLock<Arc<dyn Feeds>>,
}

impl WebSocket {
    /// Creates the transport of a topic, or reports every setting that cannot work.
    pub fn new(config: WebSocketConfig, context: &BuildContext<'_>) -> Result<Self> {
        let mut errors = SettingsErrors::default();
        let (settings, protocol) = config.check(&mut errors);
        errors.into_result()?;
        if context.topic.limits.partitions > 1 {
            let problem = "is more than 1, and people on sockets meet in one partition";
            context.error("partitions", problem, "remove it, or the transport websocket");
        }
        let (topic, feeds) = (context.topic.name.clone(), OnceLock::new());
        Ok(Self { topic, settings, protocol, feeds })
    }
}

impl Transport for WebSocket {
    fn receive(&self, _: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        let path = format!("/ws/{}", self.topic);
        Err(ReceiveError::Malformed(format!("no webhook; open a WebSocket at {path}")))
    }

    fn sends_in_answer(&self) -> bool {
        true
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        let body = text.unwrap_or_default().to_owned();
        WebhookResponse { status: 200, content_type: None, body }
    }

    async fn send(&self, message: &Outbound) -> std::result::Result<SentReceipt, SendError> {
        let Some(feeds) = self.feeds.get() else {
            return Err(SendError::NotSent("the process is still starting".to_owned()));
        };
        publish(feeds.as_ref(), &self.topic, message).await
    }

    fn start(&self, feeds: Arc<dyn Feeds>) {
        // A second start of one process comes from its web part, with the same store.
        let _ = self.feeds.set(feeds);
    }

    fn is_idempotent(&self) -> bool {
        true
    }

    fn sockets(&self) -> Option<&dyn SocketTransport> {
        Some(self)
    }
}

/// Publishes a message as a line of its topic's live feed.
///
/// # Errors
/// `NotSent`; a line that was published nevertheless is dropped when the message is sent again.
pub async fn publish(
    feeds: &dyn Feeds,
    topic: &TopicName,
    message: &Outbound,
) -> std::result::Result<SentReceipt, SendError> {
    let line = Line {
        id: message.id.clone(),
        to: message.to.identity.reveal().to_owned(),
        text: message.text.clone(),
        content: message.content.as_deref().cloned().unwrap_or_default(),
    };
    let json = serde_json::to_string(&line).expect("all keys of a line are strings");
    let published = feeds.publish(&Line::feed(topic), &json, Line::limits()).await;
    published.map(|_| SentReceipt::new(format!("websocket:{}", message.id))).map_err(not_sent)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature of map_err")]
fn not_sent(error: StorageError) -> SendError {
    SendError::NotSent(error.to_string())
}

impl SocketTransport for WebSocket {
    fn settings(&self) -> &SocketSettings {
        &self.settings
    }

    fn protocol(&self, offered: &[&str]) -> &'static dyn SocketProtocol {
        if offered.contains(&SUBPROTOCOL) {
            return &Json { is_offered: true };
        }
        match self.protocol {
            Protocol::Json => &Json { is_offered: false },
            Protocol::Text => &PlainText,
        }
    }
}
