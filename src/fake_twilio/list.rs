//! Pages of a list, as Twilio cuts them.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde_json::{Value, json};

use super::form::Form;
use super::message::Message;

/// Page size of a request that names none.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 1000;

/// Parameters that say where a page lies; all others filter.
const PLACE: [&str; 3] = ["Page", "PageSize", "PageToken"];

/// Returns one page of a list. `key` names the entries, and `path` the list itself. The next page
/// begins after the last entry of this one, so that entries which are added meanwhile do not shift it.
pub(super) fn page(key: &str, path: &str, entries: Vec<Value>, query: &Form) -> Value {
    let number = |name| query.get(name).and_then(|value| value.parse::<usize>().ok());
    let size = number("PageSize").unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    let page = number("Page").unwrap_or(0);
    let mut entries = entries;
    if let Some(last) = query.get("PageToken").and_then(|token| token.strip_prefix("PA")) {
        let read = entries.iter().position(|entry| entry["sid"] == last);
        entries.drain(..read.map_or(0, |at| at + 1));
    }
    let more = entries.len() > size;
    entries.truncate(size);
    let uri = |page: usize| page_uri(path, query, page, size);
    let token = entries.last().filter(|_| more).and_then(|last| last["sid"].as_str());
    let next = token.map(|token| format!("{}&PageToken=PA{token}", uri(page + 1)));
    json!({
        "end": (page * size + entries.len()).saturating_sub(1),
        "first_page_uri": uri(0),
        key: entries,
        "next_page_uri": next,
        "page": page,
        "page_size": size,
        "previous_page_uri": null,
        "start": page * size,
        "uri": uri(page),
    })
}

fn page_uri(path: &str, query: &Form, page: usize, size: usize) -> String {
    let filters = query.0.iter().filter(|(name, _)| !PLACE.contains(&name.as_str()));
    let encoded = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(filters)
        .append_pair("Page", &page.to_string())
        .append_pair("PageSize", &size.to_string())
        .finish();
    format!("{path}?{encoded}")
}

/// Returns whether a message passes the filters of a query.
pub(super) fn is_wanted(message: &Message, query: &Form) -> bool {
    let is = |name, value: &str| query.get(name).is_none_or(|wanted| wanted == value);
    is("To", &message.to) && is("From", &message.from) && is_dated(message.sent, query)
}

/// Compares the time of sending, which a queued message does not have yet.
fn is_dated(sent: Option<DateTime<Utc>>, query: &Form) -> bool {
    let bounds = [("DateSent", true, true), ("DateSent>", true, false), ("DateSent<", false, true)];
    bounds.into_iter().all(|(name, from, to)| {
        let Some(value) = query.get(name) else { return true };
        let (Some(sent), Some((first, last))) = (sent, span(value)) else { return false };
        (!from || sent >= first) && (!to || sent <= last)
    })
}

/// First and last moment of a date or a time.
fn span(value: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    if let Ok(time) = value.parse::<DateTime<Utc>>() {
        return Some((time, time));
    }
    let date: NaiveDate = value.parse().ok()?;
    let last = NaiveTime::from_hms_opt(23, 59, 59)?;
    Some((date.and_time(NaiveTime::MIN).and_utc(), date.and_time(last).and_utc()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_of_sending_is_compared_by_day_or_by_time() {
        let sent = "2026-05-04T12:00:00Z".parse().ok();
        let passes = |query: &str| is_dated(sent, &Form::parse(query.as_bytes()));
        assert!(passes("DateSent=2026-05-04"));
        assert!(passes("DateSent%3E=2026-05-04&DateSent%3C=2026-05-04"));
        assert!(passes("DateSent%3E=2026-05-04T12:00:00Z"));
        assert!(!passes("DateSent%3E=2026-05-04T12:00:01Z"));
        assert!(!passes("DateSent%3E=2026-05-05"));
        assert!(!passes("DateSent%3C=2026-05-03"));
        assert!(!passes("DateSent=yesterday"));
        assert!(!is_dated(None, &Form::parse(b"DateSent%3C=2026-05-05")));
        assert!(is_dated(None, &Form::parse(b"")));
    }
}
