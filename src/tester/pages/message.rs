//! What a page sends, checked before anything is sent.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use url::Url;

use super::TesterState;
use super::refused::Refused;
use crate::model::address::Identity;
use crate::model::message::Media;
use crate::model::topic::TopicName;
use crate::tester::number;
use crate::tester::phones::Message;

const MOST_MESSAGES: usize = 1000;
/// As much as one call of a provider's may hold altogether.
const LONGEST_TEXT: usize = 64 * 1024;
const MOST_MEDIA: usize = 10;
/// For all of a message's pictures: they stand on the board in full.
const LARGEST_MEDIA: usize = 64 * 1024;
const LONGEST_TYPE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Draft {
    pub(super) topic: String,
    pub(super) number: String,
    pub(super) messages: Vec<String>,
    #[serde(default)]
    pub(super) media: Vec<Media>,
}

/// Messages that may be sent, in this order.
pub(super) struct Batch {
    pub(super) topic: TopicName,
    pub(super) number: Identity,
    pub(super) messages: Vec<Message>,
}

pub(super) fn phone_number(typed: &str) -> Result<Identity, Refused> {
    number(typed).ok_or(Refused::Number)
}

impl Draft {
    pub(super) fn check(self, tester: &TesterState) -> Result<Batch, Refused> {
        let number = phone_number(&self.number)?;
        let topic = tester.topic(&self.topic).ok_or(Refused::Topic)?.clone();
        check_texts(&self.messages)?;
        check_media(&self.media)?;
        let message = |text| Message::new(number.clone(), text);
        let mut messages: Vec<Message> = self.messages.into_iter().map(message).collect();
        if let Some(first) = messages.first_mut() {
            first.media = self.media;
        }
        Ok(Batch { topic, number, messages })
    }
}

fn check_texts(texts: &[String]) -> Result<(), Refused> {
    let several = texts.len() > 1;
    if texts.is_empty() || texts.len() > MOST_MESSAGES {
        Err(Refused::Unfit("there must be 1 to 1000 messages; send more of them in several calls"))
    } else if several && texts.iter().any(|text| text.trim().is_empty()) {
        Err(Refused::Unfit("one of the messages is empty; leave blank lines out"))
    } else if texts.iter().any(|text| text.len() > LONGEST_TEXT) {
        Err(Refused::Unfit("a message is too long; write 64 KiB at the most"))
    } else {
        Ok(())
    }
}

fn check_media(media: &[Media]) -> Result<(), Refused> {
    if media.len() > MOST_MEDIA {
        return Err(Refused::Unfit("there are too many pictures; add ten at the most"));
    }
    if media.iter().map(|one| one.url.len()).sum::<usize>() > LARGEST_MEDIA {
        return Err(Refused::Unfit("the pictures are too large; 64 KiB is the most in all"));
    }
    if media.iter().all(|one| is_picture(&one.url) && is_type(&one.content_type)) {
        Ok(())
    } else {
        Err(Refused::Unfit("a picture is https://... or data:image/...;base64,..., with its type"))
    }
}

fn is_picture(url: &str) -> bool {
    let Some(data) = url.strip_prefix("data:image/") else {
        return url.starts_with("https://") && Url::parse(url).is_ok();
    };
    let Some((subtype, picture)) = data.split_once(";base64,") else { return false };
    is_word(subtype) && BASE64_STANDARD.decode(picture).is_ok()
}

fn is_type(content_type: &str) -> bool {
    let parts = content_type.split_once('/');
    content_type.len() <= LONGEST_TYPE
        && parts.is_some_and(|(kind, subtype)| is_word(kind) && is_word(subtype))
}

fn is_word(word: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
    !word.is_empty() && word.bytes().all(is_legal)
}
