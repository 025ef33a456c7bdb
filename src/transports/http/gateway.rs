//! Gateway: the requests and responses of one provider.

use std::time::Duration;

use reqwest::RequestBuilder;

use crate::contracts::transport::{
    MediaPolicy, ReceiveError, Received, SendError, SentReceipt, WebhookRequest, WebhookResponse,
};
use crate::http_client::Response;
use crate::model::message::Outbound;

/// Requests and responses of one provider, in both directions.
pub(super) trait Gateway: Send + Sync {
    /// Verifies and parses a request of the provider.
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError>;

    /// Returns the response to a genuine request: 200 without a body by default.
    fn answer(&self) -> WebhookResponse {
        WebhookResponse { status: 200, content_type: None, body: String::new() }
    }

    /// Writes the request that sends a message from a line, which may be empty.
    fn request(
        &self,
        http: &reqwest::Client,
        message: &Outbound,
        line: &str,
    ) -> Result<RequestBuilder, SendError>;

    /// Reads the provider's response to a message.
    fn receipt(&self, response: &Response, message: &Outbound) -> Result<SentReceipt, SendError>;

    /// Returns whether a message that is sent twice under one id arrives once.
    fn is_idempotent(&self) -> bool {
        false
    }
}

/// Gateway that was built, with the settings that are no part of its protocol.
pub(super) struct Built {
    pub(super) gateway: Box<dyn Gateway>,
    pub(super) line: Option<String>,
    pub(super) media: MediaPolicy,
    pub(super) dedupe: Option<Duration>,
    pub(super) missing: Option<String>,
}
