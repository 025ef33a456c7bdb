//! Inbound messages in Twilio's list, whose webhook may have been lost.
//!
//! Only lines are listed whose webhook in Twilio's console is the topic's own: an account may have
//! lines of other topics, and another deployment may have the same credentials.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;
use serde::Deserialize;

use super::listing::{self, ListedMessage};
use super::{MAX_MEDIA, NAME, Twilio, api};
use crate::contracts::transport::SendError;
use crate::model::address::Address;
use crate::model::message::{Incoming, Media, MessageId};
use crate::model::phone;

/// Default of the interval at which the list is read.
pub(super) const INTERVAL: Duration = Duration::from_mins(1);

/// Age at which a message is taken from the list. Twilio calls the webhook for 15 s at most.
const GRACE: TimeDelta = TimeDelta::seconds(20);

/// Items per page, and pages of one list.
const PAGE_SIZE: &str = "1000";
const MAX_PAGES: usize = 20;

#[derive(Deserialize)]
struct Numbers {
    incoming_phone_numbers: Vec<Number>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Number {
    phone_number: String,
    sms_url: Option<String>,
}

#[derive(Deserialize)]
struct MediaList {
    media_list: Vec<ListedMedia>,
}

#[derive(Deserialize)]
struct ListedMedia {
    sid: String,
    content_type: String,
}

/// Messages that Twilio has received for the topic's lines since then, oldest first.
pub(super) async fn missed(
    twilio: &Twilio,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Incoming>, SendError> {
    let (mut found, lines) = (Vec::new(), lines(twilio).await?);
    // The list has Twilio's times, and its first answer has told how they differ from ours.
    let ahead = twilio.provider_clock.ahead().unwrap_or_default();
    let (since, now) = (since + ahead, now + ahead);
    for line in lines {
        for listed in received(twilio, &line, since).await? {
            if listed.created().is_some_and(|at| at >= since && at <= now - GRACE) {
                found.push(incoming(twilio, listed).await);
            }
        }
    }
    found.sort_by_key(|incoming| incoming.sent_at);
    Ok(found)
}

/// Lines of the account whose webhook is the topic's.
async fn lines(twilio: &Twilio) -> Result<Vec<String>, SendError> {
    let path = api::account_path(&twilio.config, "IncomingPhoneNumbers.json");
    let mut lines = Vec::new();
    let mut request = first(twilio, &path, &[]);
    for _ in 0..MAX_PAGES {
        let page: Numbers = listing::page(twilio, request).await?;
        let ours = page.incoming_phone_numbers.into_iter().filter(|it| is_ours(twilio, it));
        lines.extend(ours.map(|number| number.phone_number));
        match page.next_page_uri {
            Some(uri) => request = listing::next(twilio, &path, &uri)?,
            None => return Ok(lines),
        }
    }
    Err(too_long("numbers"))
}

/// Returns whether messages to a number are posted to the topic. The part behind `#` is Twilio's own.
fn is_ours(twilio: &Twilio, number: &Number) -> bool {
    let url = number.sms_url.as_deref().unwrap_or_default();
    let address = url.split(['#', '?']).next().unwrap_or_default();
    twilio.config.options.webhooks.iter().any(|webhook| webhook == address)
}

async fn received(
    twilio: &Twilio,
    line: &str,
    since: DateTime<Utc>,
) -> Result<Vec<ListedMessage>, SendError> {
    let path = api::messages_path(&twilio.config);
    let mut received = Vec::new();
    let mut request = first(twilio, &path, &[("To", line)]);
    for _ in 0..MAX_PAGES {
        let (messages, next) = listing::messages(twilio, request).await?;
        let is_complete = messages.last().is_none_or(|oldest| !oldest.is_since(since));
        received.extend(messages.into_iter().filter(|listed| listed.direction == "inbound"));
        match next {
            Some(uri) if !is_complete => request = listing::next(twilio, &path, &uri)?,
            _ => return Ok(received),
        }
    }
    Err(too_long("inbound messages"))
}

/// Error for a list whose rest may hold a message of ours: a reading that leaves it out is not complete.
fn too_long(what: &str) -> SendError {
    let pages = format!("has more than {MAX_PAGES} pages of {PAGE_SIZE}");
    SendError::Ambiguous(format!("the provider's list of {what} {pages}; read it there"))
}

fn first(twilio: &Twilio, path: &str, filter: &[(&str, &str)]) -> RequestBuilder {
    let url = format!("{}{path}", twilio.config.api_base);
    twilio.http.get(url).query(filter).query(&[("PageSize", PAGE_SIZE)])
}

async fn incoming(twilio: &Twilio, listed: ListedMessage) -> Incoming {
    // Media that cannot be listed cost this message its media, and no other one anything.
    let media = media(twilio, &listed).await.unwrap_or_else(|error| {
        tracing::warn!(message.id = listed.sid, %error, "media of a missed message are unavailable");
        Vec::new()
    });
    let line = |number: &str| phone::normalize(number);
    let sender = Address::new(NAME, &line(&listed.from), &line(&listed.to));
    let sent_at = listed.created();
    let text = listed.body.unwrap_or_default();
    let mut incoming = Incoming::new(MessageId::new(listed.sid), sender, text);
    incoming.media = media;
    incoming.sent_at = sent_at;
    incoming
}

async fn media(twilio: &Twilio, listed: &ListedMessage) -> Result<Vec<Media>, SendError> {
    if matches!(listed.num_media.as_deref(), None | Some("" | "0")) {
        return Ok(Vec::new());
    }
    let path = api::account_path(&twilio.config, &format!("Messages/{}/Media.json", listed.sid));
    let list: MediaList = listing::page(twilio, first(twilio, &path, &[])).await?;
    let media = |ListedMedia { sid, content_type }: ListedMedia| {
        let file = format!("Messages/{}/Media/{sid}", listed.sid);
        let file = api::account_path(&twilio.config, &file);
        Media::new(format!("{}{file}", twilio.config.api_base), content_type)
    };
    Ok(list.media_list.into_iter().take(MAX_MEDIA).map(media).collect())
}
