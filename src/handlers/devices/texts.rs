//! Texts that devices get. Programs parse them, so their defaults never change, not by one byte.

use serde::Deserialize;
use validator::{Validate, ValidationError};

use crate::model::template::fill;

/// Texts of devices, set under `properties.texts`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Texts {
    /// Answer to a connection and to `help`, with the device's own `{id}` and the list `{devices}`.
    #[validate(length(min = 1, max = 1600), custom(function = has_id))]
    greeting: String,
    #[validate(length(min = 1, max = 1600))]
    pub unreadable: String,
    #[validate(length(min = 1, max = 1600))]
    pub unknown_command: String,
    #[validate(length(min = 1, max = 1600))]
    pub unknown_destination: String,
    #[validate(length(min = 1, max = 1600))]
    pub duplicate: String,
    #[validate(length(min = 1, max = 1600))]
    pub mailbox_full: String,
    /// Text before the session's token, the answer to `token`.
    #[validate(length(min = 1, max = 1600))]
    pub token: String,
}

impl Default for Texts {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            greeting: text(
                "Your ID: {id}\nConnected Devices: \n{devices}\nChat usage: send,destinationId,msg",
            ),
            unreadable: text("Error reading the command"),
            unknown_command: text("Invalid Command"),
            unknown_destination: text("Invalid destinationId"),
            duplicate: text("Duplicate message"),
            mailbox_full: text("Mailbox full"),
            token: text("Your token: "),
        }
    }
}

impl Texts {
    /// Returns the greeting of a device, given its id and the list of connected devices.
    pub(super) fn greeting(&self, id: &str, devices: &str) -> String {
        fill(&self.greeting, &[("id", id), ("devices", devices)])
    }
}

fn has_id(text: &str) -> Result<(), ValidationError> {
    if text.contains("{id}") {
        return Ok(());
    }
    let message = "must contain {id}, which stands for the device's own id";
    Err(ValidationError::new("placeholder").with_message(message.into()))
}
