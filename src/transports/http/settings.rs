//! Settings of a gateway: the table `topics.<topic>.<transport>`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::auth::AuthSettings;
use crate::contracts::transport::MediaPolicy;

/// Window of messages without an id, when the configuration names none. Gateways repeat a call that
/// failed within seconds, and a person rarely means to write the same twice within a minute.
const DEDUPE: Duration = Duration::from_mins(1);

/// Settings of a gateway whose fields are configured.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct CustomSettings {
    pub(super) line: Option<String>,
    #[serde(with = "humantime_serde")]
    pub(super) dedupe: Duration,
    pub(super) incoming: IncomingSettings,
    pub(super) outgoing: OutgoingSettings,
    pub(super) reports: Option<ReportSettings>,
}

impl Default for CustomSettings {
    fn default() -> Self {
        Self {
            line: None,
            dedupe: DEDUPE,
            incoming: IncomingSettings::default(),
            outgoing: OutgoingSettings::default(),
            reports: None,
        }
    }
}

/// Way in which the pictures of a preset's messages are passed on.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum MediaSettings {
    /// Not at all: a provider's file holds where and when a picture was taken.
    #[default]
    Refuse,
    /// By the provider's address, with everything that the file holds.
    Direct,
}

impl MediaSettings {
    pub(super) fn policy(self) -> MediaPolicy {
        match self {
            Self::Refuse => MediaPolicy::Refused,
            Self::Direct => MediaPolicy::Direct,
        }
    }
}

/// Names of the fields of a message, and what else the webhook needs.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct IncomingSettings {
    pub(super) identity: String,
    pub(super) text: String,
    pub(super) id: Option<String>,
    /// Field with the time at which the message was written. With the sender and the text it tells a
    /// message from the next one.
    pub(super) date: Option<String>,
    /// Field with the line.
    pub(super) to: Option<String>,
    /// Accepts messages without a text.
    pub(super) allow_empty: bool,
    /// Body of the response to a message.
    pub(super) answer: String,
    pub(super) auth: Option<AuthSettings>,
    pub(super) allow: Vec<String>,
}

impl Default for IncomingSettings {
    fn default() -> Self {
        Self {
            identity: "identity".to_owned(),
            text: "text".to_owned(),
            id: None,
            date: None,
            to: None,
            allow_empty: false,
            answer: "OK".to_owned(),
            auth: None,
            allow: Vec::new(),
        }
    }
}

/// Form of the requests that send messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Form,
    Json,
    Get,
}

/// Requests that send messages, and the meaning of their responses.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct OutgoingSettings {
    pub(super) url: String,
    /// `get` for a URL with the identity or the text in it, otherwise `form`.
    pub(super) format: Option<Format>,
    pub(super) identity: String,
    pub(super) text: String,
    /// Field for the line.
    pub(super) from: Option<String>,
    /// Field for the id of the message.
    pub(super) id: Option<String>,
    /// Field for the gateway's id of the message that is answered.
    pub(super) reply_to: Option<String>,
    /// Field for the address of delivery reports.
    pub(super) report_url: Option<String>,
    /// Further fields with their values.
    pub(super) fields: BTreeMap<String, Value>,
    /// Phone numbers keep their `+`.
    pub(super) plus: bool,
    /// Text that the body of a success contains.
    pub(super) success: Option<String>,
    /// Statuses of success; all of 200 to 299 when empty.
    pub(super) success_status: Vec<u16>,
    /// Statuses that mean that the message was certainly not accepted.
    pub(super) retry: Vec<u16>,
    /// Field of a JSON response with the gateway's id of the message.
    pub(super) response_id: Option<String>,
    /// Claim that the gateway sends a message once, however often it gets it under one id.
    pub(super) idempotent: bool,
    pub(super) auth: AuthSettings,
}

impl Default for OutgoingSettings {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1/".to_owned(),
            format: None,
            identity: "identity".to_owned(),
            text: "text".to_owned(),
            from: None,
            id: None,
            reply_to: None,
            report_url: None,
            fields: BTreeMap::new(),
            plus: true,
            success: None,
            success_status: Vec::new(),
            retry: Vec::new(),
            response_id: None,
            idempotent: false,
            auth: AuthSettings::default(),
        }
    }
}

/// Fields of a delivery report, and the values of its state. Other values change nothing.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReportSettings {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) sent: Vec<String>,
    pub(super) delivered: Vec<String>,
    pub(super) failed: Vec<String>,
}
