//! What a phone says to us and what we answer it, as JSON.

use serde::{Deserialize, Serialize};

use crate::model::address::Identity;
use crate::model::message::{Media, MessageId, Text};

/// A call of the tester's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Call {
    Message {
        /// The same for a message that is delivered again.
        id: MessageId,
        number: Identity,
        text: Text,
        #[serde(default)]
        media: Vec<Media>,
    },
    /// What became of a message of ours.
    Report {
        /// Ours.
        id: MessageId,
        delivery: Delivery,
        #[serde(default)]
        code: Option<u32>,
    },
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    Delivered,
    Failed,
}

/// What is said in the answer to a call, if anything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub reply: Option<Text>,
}
