//! Transport for Kannel, the SMS gateway: phones by modems, SMPP and the other protocols of SMSCs.
//!
//! Kannel calls `get-url` of its configuration with each message, and takes messages at `sendsms`. It
//! signs nothing: a caller is known by a shared secret, by its address, or by both.

use std::time::Duration;

use crate::contracts::handler::Result;
use crate::contracts::settings::BuildContext;
use crate::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest, WebhookResponse,
};
use crate::http_client::{self, Reach};
use crate::model::message::Outbound;

#[doc(hidden)]
pub mod access;
mod charset;
#[doc(hidden)]
pub mod config;
mod inbound;
mod outcome;
mod query;
mod report;
mod sendsms;

#[doc(hidden)]
pub use config::KannelConfig;
pub use config::KannelSettings;
use query::Query;

/// Action for the operator of a developer's machine without credentials.
const MISSING: &str = "set KANNEL_USERNAME and KANNEL_PASSWORD to send through Kannel";

/// Transport of one Kannel.
pub struct Kannel {
    config: KannelConfig,
    http: reqwest::Client,
}

impl Kannel {
    pub fn new(config: KannelConfig) -> Result<Self> {
        let http = http_client::client(config.limits, Reach::Anywhere)?;
        Ok(Self { config, http })
    }

    /// Creates the transport of a topic, or reports every setting that cannot work.
    pub fn build(settings: KannelSettings, context: &BuildContext<'_>) -> Result<Self> {
        Self::new(config::read(settings, context)?)
    }
}

impl Transport for Kannel {
    fn receive(&self, request: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        if request.method != "GET" {
            return Err(ReceiveError::Method("GET"));
        }
        let query = Query::read(request.query())?;
        self.config.access.check(request, &query)?;
        if report::is_report(request.path()) {
            report::received(&query)
        } else {
            inbound::received(&query, &self.config.name, &self.config.from)
        }
    }

    fn acknowledge(&self) -> WebhookResponse {
        // Kannel calls again after any status but 200 and 202.
        WebhookResponse { status: 200, content_type: None, body: String::new() }
    }

    fn line(&self) -> Option<&str> {
        Some(self.config.from.as_str()).filter(|line| !line.is_empty())
    }

    fn dedupe_window(&self) -> Option<Duration> {
        Some(self.config.dedupe)
    }

    async fn send(&self, message: &Outbound) -> std::result::Result<SentReceipt, SendError> {
        sendsms::send(self, message).await
    }

    fn missing(&self) -> Option<&str> {
        self.config.credentials.is_none().then_some(MISSING)
    }
}
