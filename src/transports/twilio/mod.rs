//! Transport for Twilio: SMS, MMS and the channels behind the same protocol (`whatsapp:` and others).
//!
//! A webhook is trusted for its signature alone, never for its source. Twilio's API has no
//! idempotency key, so every failed send is classified by one question: may the request have been
//! accepted? A failure that cannot be proved to be *not sent* is *ambiguous*.

use std::fmt;

use chrono::{DateTime, Utc};
use url::Url;

use crate::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest, WebhookResponse,
};
use crate::http_client::{self, ClientLimits, Reach};
use crate::model::message::Outbound;
use crate::model::segment::segments;

mod api;
#[doc(hidden)]
pub mod config;
mod fields;
mod form;
mod inbound;
mod listing;
mod outcome;
mod redact;
mod report;
#[doc(hidden)]
pub mod signature;
mod twiml;
mod webhook;

#[doc(hidden)]
pub use config::TwilioConfig;

#[doc(hidden)]
pub const NAME: &str = "twilio";

/// Largest number of characters of a message (error 21617).
const MAX_LENGTH: usize = 1600;

/// Transport of one Twilio account.
pub struct Twilio {
    config: TwilioConfig,
    http: reqwest::Client,
    status_callback: Option<Url>,
}

impl Twilio {
    pub fn new(config: TwilioConfig) -> anyhow::Result<Self> {
        let config = config.normalized();
        let status_callback = config.check()?;
        let limits =
            ClientLimits { connect_timeout: config.connect_timeout, timeout: config.timeout };
        let http = http_client::client(limits, Reach::Anywhere)?;
        Ok(Self { config, http, status_callback })
    }
}

impl Transport for Twilio {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        webhook::receive(&self.config, request)
    }

    fn sends_in_answer(&self) -> bool {
        true
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        twiml::answer(text)
    }

    fn line(&self) -> Option<&str> {
        self.config.from_number.as_deref()
    }

    fn has_phone_numbers(&self) -> bool {
        true
    }

    fn shares_opt_outs(&self) -> bool {
        self.config.messaging_service_sid.is_some()
    }

    fn max_length(&self) -> Option<usize> {
        Some(MAX_LENGTH)
    }

    fn segments(&self, message: &Outbound) -> u32 {
        // A picture message is one unit, whatever its text.
        if !message.media.is_empty() {
            return 1;
        }
        u32::try_from(segments(message.text.reveal())).unwrap_or(u32::MAX)
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        api::send(self, message).await
    }

    async fn find(
        &self,
        message: &Outbound,
        since: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError> {
        listing::find(self, message, since).await.map(Some)
    }

    async fn redact(&self, provider_id: &str) -> Result<bool, SendError> {
        redact::redact(self, provider_id).await.map(|()| true)
    }
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("config", &self.config).finish_non_exhaustive()
    }
}
