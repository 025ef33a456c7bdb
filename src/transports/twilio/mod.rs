//! Transport for Twilio: SMS, MMS and the channels behind the same protocol (`whatsapp:` and others).
//!
//! A webhook is trusted for its signature alone, never for its source. Twilio's API has no
//! idempotency key, so every failed send is classified by one question: may the request have been
//! accepted? A failure that cannot be proved to be *not sent* is *ambiguous*.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::contracts::transport::callback::Callback;
use crate::contracts::transport::{
    Examination, Finding, MediaError, MediaPolicy, ReceiveError, Received, SendError, SentReceipt,
    Transport, WebhookRequest, WebhookResponse,
};
use crate::http_client::{self, ClientLimits, Reach};
use crate::model::clock::{Clock, SystemClock};
use crate::model::message::{Incoming, Outbound};
use crate::model::segment::segments;
use crate::model::smart;

mod account;
mod api;
mod codes;
#[doc(hidden)]
pub mod config;
mod fields;
mod form;
mod inbound;
mod listing;
mod media;
mod missed;
mod outcome;
mod provider_clock;
mod rate;
mod redact;
mod report;
#[doc(hidden)]
pub mod signature;
mod twiml;
mod webhook;

#[doc(hidden)]
pub use config::{TwilioConfig, TwilioOptions};
use provider_clock::ProviderClock;
use signature::SigningKeys;

#[doc(hidden)]
pub const NAME: &str = "twilio";

/// Largest number of characters of a message (error 21617).
const MAX_LENGTH: usize = 1600;

/// Most attachments of a message in either direction.
const MAX_MEDIA: usize = 10;

/// Transport of one Twilio account.
pub struct Twilio {
    config: TwilioConfig,
    keys: SigningKeys,
    http: reqwest::Client,
    /// Client of media, whose address comes from outside.
    media_http: reqwest::Client,
    /// Request of a send, without its body; none without credentials.
    sending: Option<reqwest::Request>,
    status_callback: Option<Callback>,
    provider_clock: ProviderClock,
}

impl Twilio {
    pub fn new(config: TwilioConfig) -> anyhow::Result<Self> {
        let config = config.normalized();
        let status_callback = config.check()?.map(Callback::new);
        let limits =
            ClientLimits { connect_timeout: config.connect_timeout, timeout: config.timeout };
        let http = http_client::client(limits, Reach::Anywhere)?;
        let reach = if config.is_at_twilio() { Reach::Public } else { Reach::Anywhere };
        let media_http = http_client::client(limits, reach)?;
        let keys = SigningKeys::new(config.tokens());
        let sending = api::sending(&http, &config)?;
        let provider_clock = ProviderClock::default();
        Ok(Self { config, keys, http, media_http, sending, status_callback, provider_clock })
    }

    /// Text of a message as it is sent.
    fn text<'m>(&self, message: &'m Outbound) -> Cow<'m, str> {
        let text = message.text.reveal();
        if !self.config.options.smart_encoding {
            return Cow::Borrowed(text);
        }
        // An ellipsis becomes three characters, for which a text may have no room.
        let encoded = smart::encoded(text);
        if encoded.chars().count() > MAX_LENGTH { Cow::Borrowed(text) } else { encoded }
    }
}

impl Transport for Twilio {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        webhook::receive(self, request)
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
        u32::try_from(segments(&self.text(message))).unwrap_or(u32::MAX)
    }

    fn rate(&self, line: &str) -> Option<u32> {
        let is_paced =
            self.config.messaging_service_sid.is_none() && rate::is_twilio(&self.config.api_base);
        is_paced.then(|| rate::of_line(line)).flatten()
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        api::send(self, message).await
    }

    fn sweep_interval(&self) -> Option<Duration> {
        let options = &self.config.options;
        options.sweep.filter(|_| !options.webhooks.is_empty())
    }

    async fn missed(&self, since: DateTime<Utc>) -> Result<Option<Vec<Incoming>>, SendError> {
        if self.config.options.webhooks.is_empty() {
            return Ok(None);
        }
        missed::missed(self, since, SystemClock.now()).await.map(Some)
    }

    fn media_policy(&self) -> MediaPolicy {
        self.config.options.media.clone()
    }

    async fn fetch(&self, url: &str) -> Result<Vec<u8>, MediaError> {
        media::fetch(self, url).await
    }

    async fn find(
        &self,
        message: &Outbound,
        since: DateTime<Utc>,
    ) -> Result<Option<Vec<SentReceipt>>, SendError> {
        listing::find(self, message, since).await.map(Some)
    }

    fn clock_ahead(&self) -> Option<TimeDelta> {
        self.provider_clock.ahead()
    }

    async fn redact(&self, provider_id: &str) -> Result<bool, SendError> {
        redact::redact(self, provider_id).await.map(|()| true)
    }

    async fn diagnose(&self, wanted: &Examination) -> Vec<Finding> {
        account::diagnose(self, wanted).await
    }
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("config", &self.config).finish_non_exhaustive()
    }
}
