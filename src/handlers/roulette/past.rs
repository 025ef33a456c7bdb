//! The part of a seat that outlasts its chats.

use serde::{Deserialize, Serialize};

use crate::model::address::Group;

/// Memory of a seat besides the last partner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Past {
    /// Id of the chat with the last partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_chat: Option<String>,
    /// Partners before the last one, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Group>,
}
