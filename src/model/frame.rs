//! Messages with fields, for recipients that are programs.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::text::Text;

/// Kind of a frame that is a plain message.
pub const MESSAGE: &str = "message";

/// Message with a text for people and named fields for programs. A recipient without fields, such as
/// a phone, gets the text alone, and nothing when it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    pub text: Text,
    pub content: FrameContent,
}

/// Part of a frame beside its text. `Debug` shows names and no values.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameContent {
    /// The field `type` of the JSON form; empty stands for [`MESSAGE`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<SocketEffect>,
}

/// Action of the web process that holds the sockets of a recipient, at the place of its line in the
/// order of lines. A line with an effect is no message: clients do not see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[doc(hidden)]
pub enum SocketEffect {
    /// Subscribes a session, which was not subscribed, to the room that the line is for.
    Subscribe { session: String },
    /// Ends the subscription of a session.
    Unsubscribe { session: String },
    /// Tells a connection that the feed has, before this line, every earlier change of its session's
    /// subscription to the room.
    Attach { connection: String },
    /// Begins a connection, whose session is subscribed to `rooms` and was to the rooms in `left`.
    /// It waits for an [`Attach`](Self::Attach) of each of them.
    Ready { connection: String, rooms: Vec<String>, left: Vec<String> },
    /// Closes a connection whose session has a newer one.
    Replaced { connection: String },
    /// Closes the sockets that get the line.
    Close { code: u16, reason: String },
}

impl Frame {
    /// Creates a frame without a text; `kind` is the field `type` of its JSON form.
    pub fn new(kind: impl Into<String>) -> Self {
        let content = FrameContent { kind: kind.into(), ..FrameContent::default() };
        Self { text: Text::default(), content }
    }

    /// Creates a plain message.
    pub fn message(text: impl Into<Text>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Sets the text.
    #[must_use]
    pub fn text(mut self, text: impl Into<Text>) -> Self {
        self.text = text.into();
        self
    }

    /// Sets a field of the JSON form. The names `type`, `id` and `text` are the frame's own.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.content.fields.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn effect(effect: SocketEffect) -> Self {
        let content = FrameContent { effect: Some(effect), ..FrameContent::default() };
        Self { text: Text::default(), content }
    }
}

impl FrameContent {
    /// Returns the field `type` of the JSON form.
    pub fn kind(&self) -> &str {
        if self.kind.is_empty() { MESSAGE } else { &self.kind }
    }
}

impl fmt::Debug for FrameContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.fields.keys().collect();
        f.debug_struct("FrameContent")
            .field("kind", &self.kind())
            .field("fields", &names)
            .field("has_effect", &self.effect.is_some())
            .finish()
    }
}
