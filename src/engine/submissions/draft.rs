//! A message as a program submits it, and its checks.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{Destination, SubmitError};
use crate::model::message::submission::{Priority, Submission};
use crate::model::message::{Media, MessageId, Text};

/// Longest text, in bytes: ten times the longest that a phone takes.
const MAX_TEXT_BYTES: usize = 16 * 1024;
const MAX_MEDIA: usize = 10;
/// Longest URL of a picture, and longest content type.
const MAX_URL_BYTES: usize = 2048;
const MAX_TYPE_BYTES: usize = 100;
/// Latest time to send at, from now.
const MAX_AHEAD: TimeDelta = TimeDelta::days(366);

/// Message to send.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    pub topic: String,
    /// Recipient: a phone number in E.164, or another identity of the transport.
    pub to: Text,
    #[serde(default)]
    pub text: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Transport of the topic; its first one that is no socket's by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Number that it leaves from; the transport's own by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Time to send it at; at once when it is absent or past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub priority: Priority,
}

impl Draft {
    /// Creates a message of a topic to a recipient; set further fields on it.
    pub fn new(topic: impl Into<String>, to: impl Into<Text>, text: impl Into<Text>) -> Self {
        Self { topic: topic.into(), to: to.into(), text: text.into(), ..Self::default() }
    }

    /// Checks the message; the submission has no id yet.
    pub(super) fn check(
        &self,
        destination: &Destination,
        now: DateTime<Utc>,
    ) -> Result<Submission, SubmitError> {
        let (transport, line) = (self.transport.as_deref(), self.line.as_deref());
        let to = destination.address(self.to.reveal(), transport, line)?;
        check_content(&self.text, &self.media)?;
        if self.at.is_some_and(|at| at > now + MAX_AHEAD) {
            return Err(SubmitError::invalid("at", "write a time within the next 366 days"));
        }
        let mut submission = Submission::new(MessageId::new(""), to, self.text.clone());
        submission.media.clone_from(&self.media);
        submission.at = self.at.filter(|at| *at > now);
        submission.priority = self.priority;
        submission.taken_at = Some(now);
        Ok(submission)
    }
}

/// Checks the content of a message.
pub(super) fn check_content(text: &Text, media: &[Media]) -> Result<(), SubmitError> {
    if text.reveal().is_empty() && media.is_empty() {
        return Err(SubmitError::invalid("text", "write a text, or add media"));
    }
    if text.reveal().len() > MAX_TEXT_BYTES {
        let problem = format!("write {} KiB at the most", MAX_TEXT_BYTES / 1024);
        return Err(SubmitError::invalid("text", problem));
    }
    if media.len() > MAX_MEDIA {
        return Err(SubmitError::invalid("media", format!("add {MAX_MEDIA} at the most")));
    }
    let is_legal = |media: &Media| {
        let url = Url::parse(&media.url);
        media.url.len() <= MAX_URL_BYTES
            && media.content_type.len() <= MAX_TYPE_BYTES
            && url.is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
    };
    if !media.iter().all(is_legal) {
        let problem = "write an https:// address that the provider can fetch, and its content type";
        return Err(SubmitError::invalid("media", problem));
    }
    Ok(())
}
