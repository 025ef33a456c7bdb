//! Twilio's own list of messages: what it has taken, when its answer to us was lost.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::RequestBuilder;
use serde::Deserialize;

use super::{Twilio, api, outcome};
use crate::contracts::transport::{SendError, SentReceipt};
use crate::model::message::Outbound;

/// Some hundred messages to one person are those of a day or more.
const PAGE: &str = "100";
const MOST_PAGES: usize = 5;

/// How far Twilio's clock and ours may be apart.
const SLACK: TimeDelta = TimeDelta::seconds(60);

#[derive(Deserialize)]
struct Page {
    messages: Vec<Listed>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    sid: String,
    direction: String,
    body: Option<String>,
    date_created: Option<String>,
}

impl Listed {
    fn created(&self) -> Option<DateTime<Utc>> {
        let created = DateTime::parse_from_rfc2822(self.date_created.as_deref()?).ok()?;
        Some(created.to_utc())
    }

    /// A time that is missing or unreadable may be any, and so may be recent.
    fn is_since(&self, since: DateTime<Utc>) -> bool {
        self.created().is_none_or(|created| created >= since)
    }

    /// Whatever has become of it: what has failed since, was taken too.
    fn may_be(&self, message: &Outbound) -> bool {
        let body = self.body.as_deref().unwrap_or_default();
        self.direction == "outbound-api" && is_text(body, message.text.reveal())
    }
}

/// All that may be `message`, newest first. There is no filter by day: it would look at when a
/// message was sent, and one that is still queued was not.
pub(super) async fn find(
    twilio: &Twilio,
    message: &Outbound,
    since: DateTime<Utc>,
) -> Result<Vec<SentReceipt>, SendError> {
    let since = since - SLACK;
    let mut found = Vec::new();
    let mut request = first(twilio, message);
    for _ in 0..MOST_PAGES {
        let Page { messages, next_page_uri } = page(twilio, request).await?;
        let ended = messages.last().is_none_or(|oldest| !oldest.is_since(since));
        found.extend(messages.into_iter().filter(|it| it.is_since(since) && it.may_be(message)));
        match next_page_uri {
            Some(uri) if !ended => request = next(twilio, &uri)?,
            _ => return Ok(newest_first(found)),
        }
    }
    // What is beyond may be the message: that there is none, or none but those found, would be a guess.
    Err(unread("goes on for too long"))
}

fn newest_first(mut found: Vec<Listed>) -> Vec<SentReceipt> {
    found.sort_by_key(|listed| Reverse(listed.created()));
    found.into_iter().map(|listed| SentReceipt { provider_id: listed.sid }).collect()
}

fn first(twilio: &Twilio, message: &Outbound) -> RequestBuilder {
    let config = &twilio.config;
    let mut query = vec![("To", message.to.identity.reveal()), ("PageSize", PAGE)];
    // A messaging service may have chosen another of its lines.
    if config.messaging_service_sid.is_none() {
        query.extend(api::line(config, message).map(|line| ("From", line)));
    }
    twilio.http.get(api::messages_url(config)).query(&query)
}

/// The credentials go to the same list only, wherever an answer may point.
fn next(twilio: &Twilio, uri: &str) -> Result<RequestBuilder, SendError> {
    let path = api::messages_path(&twilio.config);
    if !uri.strip_prefix(&path).is_some_and(|query| query.starts_with('?')) {
        return Err(unread("goes on elsewhere"));
    }
    Ok(twilio.http.get(format!("{}{uri}", twilio.config.api_base)))
}

async fn page(twilio: &Twilio, request: RequestBuilder) -> Result<Page, SendError> {
    let answer = api::exchange(twilio, request).await?;
    if !answer.status.is_success() {
        return Err(outcome::refusal(&answer));
    }
    let page = answer.body.as_deref().map(serde_json::from_slice);
    page.and_then(Result::ok).ok_or_else(|| unread("cannot be read"))
}

fn unread(what: &str) -> SendError {
    SendError::Ambiguous(format!("the provider's list of messages {what}"))
}

/// Whether a listed text is ours. Twilio trims texts, and a trial account's begin with a notice.
fn is_text(listed: &str, ours: &str) -> bool {
    let (listed, ours) = (listed.trim(), ours.trim());
    listed == ours
        || listed.strip_suffix(ours).is_some_and(|notice| {
            notice.contains("trial account") && notice.trim_end().ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_text_is_ours_when_it_is_the_same_or_has_the_trial_notice_before_it() {
        assert!(is_text("ok", "ok"));
        assert!(is_text("ok", " ok\n"));
        assert!(is_text("Sent from your Twilio trial account - ok", "ok"));
        assert!(!is_text("look", "ok"));
        assert!(!is_text("Ok", "ok"));
        assert!(!is_text("it is ok", "ok"));
        assert!(!is_text("Sent from your Twilio trial account - not ok", "ok"));
    }
}
