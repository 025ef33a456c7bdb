//! Commands that a handler understands, as it tells them to people.

use serde::Serialize;

/// Command of a handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    /// Text that a person sends: `connect`, or `echo <text>` with a placeholder.
    pub text: String,
    /// Purpose in a few words; may be empty.
    pub help: String,
}

impl Command {
    pub fn new(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self { text: text.into(), help: help.into() }
    }
}
