//! Validation of messages from the page, all of them before the first is sent.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use url::Url;

use super::TesterState;
use super::error::PageError;
use crate::model::address::Identity;
use crate::model::message::Media;
use crate::model::topic::TopicName;
use crate::tester::phone_number;
use crate::tester::phones::TestMessage;

const MAX_MESSAGES: usize = 1000;
/// Maximum length of one text, in bytes: the size limit of a webhook.
const MAX_TEXT_BYTES: usize = 64 * 1024;
const MAX_MEDIA: usize = 10;
/// Maximum size of all pictures of a message, in bytes. The board stores data URLs in full.
const MAX_MEDIA_BYTES: usize = 64 * 1024;
const MAX_TYPE_BYTES: usize = 100;

/// Messages as the page or a client posts them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) topic: String,
    pub(super) number: String,
    pub(super) messages: Vec<String>,
    #[serde(default)]
    pub(super) media: Vec<Media>,
}

/// Valid messages, in the order in which they are sent.
pub(super) struct Batch {
    pub(super) topic: TopicName,
    pub(super) number: Identity,
    pub(super) messages: Vec<TestMessage>,
}

/// Parses the number of a phone.
pub(super) fn parse_number(typed: &str) -> Result<Identity, PageError> {
    phone_number(typed).ok_or(PageError::Number)
}

impl Draft {
    /// Validates the draft. The media go with the first message.
    pub(super) fn validate(self, state: &TesterState) -> Result<Batch, PageError> {
        let number = parse_number(&self.number)?;
        let topic = state.topic(&self.topic).ok_or(PageError::UnknownTopic)?.clone();
        validate_texts(&self.messages)?;
        validate_media(&self.media)?;
        let message = |text| TestMessage::new(number.clone(), text);
        let mut messages: Vec<TestMessage> = self.messages.into_iter().map(message).collect();
        if let Some(first) = messages.first_mut() {
            first.media = self.media;
        }
        Ok(Batch { topic, number, messages })
    }
}

fn validate_texts(texts: &[String]) -> Result<(), PageError> {
    let several = texts.len() > 1;
    if texts.is_empty() || texts.len() > MAX_MESSAGES {
        Err(PageError::Invalid("there must be 1 to 1000 messages; send more in several requests"))
    } else if several && texts.iter().any(|text| text.trim().is_empty()) {
        Err(PageError::Invalid("one of the messages is empty; leave blank lines out"))
    } else if texts.iter().any(|text| text.len() > MAX_TEXT_BYTES) {
        Err(PageError::Invalid("a message is too long; write 64 KiB at the most"))
    } else {
        Ok(())
    }
}

fn validate_media(media: &[Media]) -> Result<(), PageError> {
    if media.len() > MAX_MEDIA {
        return Err(PageError::Invalid("there are too many pictures; add ten at the most"));
    }
    if media.iter().map(|one| one.url.len()).sum::<usize>() > MAX_MEDIA_BYTES {
        return Err(PageError::Invalid("the pictures are too large; 64 KiB is the limit for all"));
    }
    if media.iter().all(|one| is_picture(&one.url) && is_media_type(&one.content_type)) {
        Ok(())
    } else {
        Err(PageError::Invalid(
            "a picture is https://... or data:image/...;base64,..., with its type",
        ))
    }
}

fn is_picture(url: &str) -> bool {
    let Some(data) = url.strip_prefix("data:image/") else {
        return url.starts_with("https://") && Url::parse(url).is_ok();
    };
    let Some((subtype, picture)) = data.split_once(";base64,") else { return false };
    is_token(subtype) && BASE64_STANDARD.decode(picture).is_ok()
}

fn is_media_type(content_type: &str) -> bool {
    let parts = content_type.split_once('/');
    content_type.len() <= MAX_TYPE_BYTES
        && parts.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}

fn is_token(token: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    !token.is_empty() && token.bytes().all(is_legal)
}
