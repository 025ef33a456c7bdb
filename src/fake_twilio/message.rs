//! A message as the API shows it.

use std::time::Instant;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::model::clock::{Clock, SystemClock};
use crate::model::segment::segments;

/// Direction of a message, in Twilio's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To a phone, by a request to the API.
    OutboundApi,
    /// To a phone, by the answer to a webhook or by Twilio's own opt-out texts.
    OutboundReply,
    /// From a phone.
    Inbound,
}

impl Direction {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OutboundApi => "outbound-api",
            Self::OutboundReply => "outbound-reply",
            Self::Inbound => "inbound",
        }
    }
}

/// An accepted message. It reaches its recipient even if the response to its request was lost.
#[derive(Clone, Debug)]
pub struct Message {
    pub sid: String,
    pub direction: Direction,
    pub to: String,
    pub from: String,
    pub service: Option<String>,
    pub body: String,
    pub media: Vec<String>,
    pub status: &'static str,
    pub error_code: Option<u32>,
    pub status_callback: Option<String>,
    pub created: DateTime<Utc>,
    pub sent: Option<DateTime<Utc>>,
    pub at: Instant,
}

impl Message {
    pub(super) fn new(direction: Direction, from: &str, to: &str, body: &str) -> Self {
        let status = if direction == Direction::Inbound { "received" } else { "queued" };
        let created = SystemClock.now();
        Self {
            sid: format!("SM{}", Uuid::now_v7().simple()),
            direction,
            to: to.to_owned(),
            from: from.to_owned(),
            service: None,
            body: body.to_owned(),
            media: Vec::new(),
            status,
            error_code: None,
            status_callback: None,
            created,
            sent: (direction == Direction::Inbound).then_some(created),
            at: Instant::now(),
        }
    }

    /// Adds media, which make it a message of another kind.
    pub(super) fn with_media(mut self, media: Vec<String>) -> Self {
        if !media.is_empty() {
            self.sid.replace_range(..2, "MM");
        }
        self.media = media;
        self
    }

    /// Sends through a messaging service, which accepts a message before it chooses a number.
    pub(super) fn with_service(mut self, service: Option<&str>) -> Self {
        self.service = service.map(str::to_owned);
        if self.service.is_some() {
            self.status = "accepted";
        }
        self
    }

    pub(super) fn to_json(&self, account: &str) -> Value {
        let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", self.sid);
        // A service counts the segments when it sends.
        let count = if self.status == "accepted" { 0 } else { segments(&self.body) };
        json!({
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": rfc2822(self.created),
            "date_sent": self.sent.map(rfc2822),
            "date_updated": rfc2822(self.sent.unwrap_or(self.created)),
            "direction": self.direction.as_str(),
            "error_code": self.error_code,
            "error_message": null,
            "from": Some(&self.from).filter(|from| !from.is_empty()),
            "messaging_service_sid": self.service,
            "num_media": self.media.len().to_string(),
            "num_segments": count.to_string(),
            "price": null,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": { "media": format!("{uri}/Media.json") },
            "to": self.to,
            "uri": format!("{uri}.json"),
        })
    }
}

/// Formats a time as Twilio does, to the second.
pub(super) fn rfc2822(time: DateTime<Utc>) -> String {
    time.to_rfc2822()
}
