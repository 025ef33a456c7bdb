//! Twilio's message list, which shows an accepted message whose response was lost.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use reqwest::RequestBuilder;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Twilio, api, outcome};
use crate::contracts::transport::{SendError, SentReceipt};
use crate::model::message::Outbound;

/// Messages per page. A hundred messages to one recipient cover a day or more.
const PAGE_SIZE: &str = "100";
const MAX_PAGES: usize = 5;

#[derive(Deserialize)]
struct MessageList {
    messages: Vec<ListedMessage>,
    next_page_uri: Option<String>,
}

/// Message of the list, of either direction.
#[derive(Deserialize)]
pub(super) struct ListedMessage {
    pub(super) sid: String,
    pub(super) direction: String,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) from: String,
    #[serde(default)]
    pub(super) to: String,
    pub(super) num_media: Option<String>,
    date_created: Option<String>,
}

impl ListedMessage {
    pub(super) fn created(&self) -> Option<DateTime<Utc>> {
        let created = DateTime::parse_from_rfc2822(self.date_created.as_deref()?).ok()?;
        Some(created.to_utc())
    }

    /// Returns whether the message is recent enough. A missing or unreadable time may be recent.
    pub(super) fn is_since(&self, since: DateTime<Utc>) -> bool {
        self.created().is_none_or(|created| created >= since)
    }

    /// Returns whether this may be a message with `text`, in any state: a failed message was accepted
    /// as well.
    fn matches(&self, text: &str) -> bool {
        let body = self.body.as_deref().unwrap_or_default();
        self.direction == "outbound-api" && is_same_text(body, text)
    }
}

/// Listed messages that may be `message`, newest first. The list is not filtered by day, because that
/// filter uses the time of sending, which a queued message does not have yet, and because the day may be
/// another one by Twilio's clock.
pub(super) async fn find(
    twilio: &Twilio,
    message: &Outbound,
    since: DateTime<Utc>,
) -> Result<Vec<SentReceipt>, SendError> {
    let text = twilio.text(message);
    let mut found = Vec::new();
    let mut request = first(twilio, message);
    let path = api::messages_path(&twilio.config);
    for _ in 0..MAX_PAGES {
        let (messages, next_page_uri) = self::messages(twilio, request).await?;
        let is_complete = messages.last().is_none_or(|oldest| !oldest.is_since(since));
        found.extend(messages.into_iter().filter(|it| it.is_since(since) && it.matches(&text)));
        match next_page_uri {
            Some(uri) if !is_complete => request = next(twilio, &path, &uri)?,
            _ => return Ok(newest_first(found)),
        }
    }
    // The message may stand on a page that was not read, so neither presence nor absence is proved.
    Err(unreadable("is too long"))
}

fn newest_first(mut found: Vec<ListedMessage>) -> Vec<SentReceipt> {
    found.sort_by_key(|listed| Reverse(listed.created()));
    found.into_iter().map(|listed| SentReceipt::new(listed.sid)).collect()
}

fn first(twilio: &Twilio, message: &Outbound) -> RequestBuilder {
    let config = &twilio.config;
    let mut query = vec![("To", message.to.identity.reveal()), ("PageSize", PAGE_SIZE)];
    // A messaging service may have chosen another line of its pool.
    if config.messaging_service_sid.is_none() {
        query.extend(api::line(config, message).map(|line| ("From", line)));
    }
    twilio.http.get(api::messages_url(config)).query(&query)
}

/// Messages of a page, and the path of the next one.
pub(super) async fn messages(
    twilio: &Twilio,
    request: RequestBuilder,
) -> Result<(Vec<ListedMessage>, Option<String>), SendError> {
    let MessageList { messages, next_page_uri } = page(twilio, request).await?;
    Ok((messages, next_page_uri))
}

/// Request of the next page. The credentials are sent to the same list only, whatever URL the response
/// names.
pub(super) fn next(twilio: &Twilio, path: &str, uri: &str) -> Result<RequestBuilder, SendError> {
    if !uri.strip_prefix(path).is_some_and(|query| query.starts_with('?')) {
        return Err(unreadable("continues at another address"));
    }
    Ok(twilio.http.get(format!("{}{uri}", twilio.config.api_base)))
}

/// Page of a list.
pub(super) async fn page<T: DeserializeOwned>(
    twilio: &Twilio,
    request: RequestBuilder,
) -> Result<T, SendError> {
    let response = api::exchange(twilio, request).await?;
    if !response.status.is_success() {
        return Err(outcome::send_error(&response));
    }
    let page = response.body.as_deref().map(serde_json::from_slice);
    page.and_then(Result::ok).ok_or_else(|| unreadable("cannot be read"))
}

fn unreadable(problem: &str) -> SendError {
    SendError::Ambiguous(format!("the provider's message list {problem}"))
}

/// Returns whether a listed text is the text that was sent. Twilio trims texts, and puts a notice before
/// those of a trial account.
fn is_same_text(listed: &str, sent: &str) -> bool {
    let (listed, sent) = (listed.trim(), sent.trim());
    listed == sent
        || listed.strip_suffix(sent).is_some_and(|notice| {
            notice.contains("trial account") && notice.trim_end().ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_text_matches_with_and_without_the_trial_notice() {
        assert!(is_same_text("ok", "ok"));
        assert!(is_same_text("ok", " ok\n"));
        assert!(is_same_text("Sent from your Twilio trial account - ok", "ok"));
        assert!(!is_same_text("look", "ok"));
        assert!(!is_same_text("Ok", "ok"));
        assert!(!is_same_text("it is ok", "ok"));
        assert!(!is_same_text("Sent from your Twilio trial account - not ok", "ok"));
    }
}
