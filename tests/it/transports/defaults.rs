//! Defaults of the transport contract, and transports behind a pointer.

use std::sync::Arc;

use crosswire::contracts::transport::{
    DynTransport, ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
    WebhookResponse,
};
use crosswire::model::address::Address;
use crosswire::model::message::Outbound;
use crosswire::transports::unconfigured::Unconfigured;

/// Transport with the required methods only.
struct Smallest;

impl Transport for Smallest {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Ok(Received::Nothing)
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        Ok(SentReceipt::new(message.to.identity.reveal()))
    }
}

fn outbound() -> Outbound {
    Outbound::new(Address::new("smallest", "alice", "line"), "hi".into(), Vec::new(), None)
}

#[tokio::test]
async fn smallest_transport_answers_200_without_a_body_and_lists_nothing() {
    let transport: Arc<dyn DynTransport> = Arc::new(Smallest);
    let empty = WebhookResponse { status: 200, content_type: None, body: String::new() };
    assert_eq!(transport.answer(None), empty);
    assert_eq!(transport.answer(Some("text for the sender")), empty);
    assert_eq!(transport.send(&outbound()).await, Ok(SentReceipt::new("alice")));
    assert_eq!(transport.find(&outbound(), chrono::DateTime::UNIX_EPOCH).await, Ok(None));
    assert_eq!(transport.missing(), None);
}

#[tokio::test]
async fn transport_behind_a_pointer_keeps_its_own_methods() {
    let transport: Arc<dyn DynTransport> = Arc::new(Unconfigured::new("set the token"));
    let refused = SendError::Account { code: 0, reason: "set the token".to_owned() };
    assert_eq!(transport.send(&outbound()).await, Err(refused.clone()));
    assert_eq!(transport.find(&outbound(), chrono::DateTime::UNIX_EPOCH).await, Err(refused));
    assert_eq!(transport.missing(), Some("set the token"));
}
