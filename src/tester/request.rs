//! The tester's webhook format: what a simulated phone posts, and the reply to it.

use serde::{Deserialize, Serialize};

use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};

/// A webhook of the tester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum TesterRequest {
    /// A message from a phone.
    Message {
        /// Message id, the same for a redelivery.
        id: MessageId,
        number: Identity,
        text: Text,
        #[serde(default)]
        media: Vec<Media>,
    },
    /// A delivery report.
    Report {
        /// Id of the outgoing message.
        id: MessageId,
        outcome: DeliveryOutcome,
        #[serde(default)]
        code: Option<u32>,
    },
}

/// The final outcome that a delivery report states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryOutcome {
    Delivered,
    Failed,
}

/// The response to a webhook of the tester, with the immediate reply if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TesterReply {
    pub reply: Option<Text>,
}
