//! Transport for gateways that speak HTTP: one whose fields topics.toml names, and the presets of known
//! ones.
//!
//! A gateway is trusted for the credentials of its requests, or for its address. Most gateways have no
//! idempotency key and no list of messages, so a failed send counts as *not sent* only when that is
//! proved, or when the configuration says that a status means it.

mod address;
mod auth;
mod custom;
mod fields;
mod gateway;
mod guard;
mod inbound;
mod outbound;
mod outcome;
mod preset;
mod secrets;
mod settings;
mod telnyx;
mod template;
mod vonage;

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value};

use self::gateway::Gateway;
use crate::contracts::handler::Result;
use crate::contracts::settings::BuildContext;
use crate::contracts::transport::{
    MediaPolicy, ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
    WebhookResponse,
};
use crate::http_client::{self, ClientLimits, Reach, Response};
use crate::model::message::Outbound;

/// Largest response that is read; a gateway answers with an id or an error.
const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// Transport of one gateway.
pub struct Http {
    client: reqwest::Client,
    gateway: Box<dyn Gateway>,
    /// Line of messages that name none.
    line: Option<String>,
    media: MediaPolicy,
    dedupe: Option<Duration>,
    /// Action that is needed before the gateway can be used.
    missing: Option<String>,
}

impl Http {
    /// Creates the transport from its table, or reports every setting that cannot work.
    pub fn new(table: Map<String, Value>, context: &BuildContext<'_>) -> Result<Self> {
        let built = preset::build(table, context)?;
        let sending = &context.topic.sending;
        let limits =
            ClientLimits { connect_timeout: sending.connect_timeout, timeout: sending.timeout };
        let client = http_client::client(limits, Reach::Anywhere).context("no HTTP client")?;
        let gateway::Built { gateway, line, media, dedupe, missing } = built;
        Ok(Self { client, gateway, line, media, dedupe, missing })
    }
}

impl Transport for Http {
    fn receive(&self, request: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        match &self.missing {
            Some(missing) => Err(ReceiveError::NotConfigured(missing.clone())),
            None => self.gateway.receive(request),
        }
    }

    fn answer(&self, _: Option<&str>) -> WebhookResponse {
        self.gateway.answer()
    }

    fn acknowledge(&self) -> WebhookResponse {
        self.gateway.answer()
    }

    fn line(&self) -> Option<&str> {
        self.line.as_deref()
    }

    fn media_policy(&self) -> MediaPolicy {
        self.media.clone()
    }

    fn dedupe_window(&self) -> Option<Duration> {
        self.dedupe
    }

    async fn send(&self, message: &Outbound) -> std::result::Result<SentReceipt, SendError> {
        if let Some(missing) = &self.missing {
            return Err(SendError::Account { code: 0, reason: missing.clone() });
        }
        let line = Some(message.to.line.reveal()).filter(|line| !line.is_empty());
        let line = line.or(self.line.as_deref()).unwrap_or_default();
        let request = self.gateway.request(&self.client, message, line)?;
        let response = request.send().await.map_err(http_client::failure)?;
        let response = Response::read(response, MAX_RESPONSE_BYTES).await;
        self.gateway.receipt(&response, message)
    }

    fn is_idempotent(&self) -> bool {
        self.gateway.is_idempotent()
    }

    fn missing(&self) -> Option<&str> {
        self.missing.as_deref()
    }
}
