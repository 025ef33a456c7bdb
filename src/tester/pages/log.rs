//! The board as a log: one row for each message, in its latest state.

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::contracts::storage::FeedCursor;
use crate::model::message::MessageId;
use crate::tester::{BoardEntry, DeliveryState, uncleared};

/// Maximum number of messages on a page without JavaScript.
const MAX_ROWS: usize = 100;

/// A message, formatted for the page.
pub(super) struct LogRow {
    pub(super) is_in: bool,
    pub(super) topic: String,
    pub(super) number: String,
    pub(super) text: String,
    /// URLs of pictures, limited to safe schemes.
    pub(super) media: Vec<String>,
    pub(super) date: String,
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
}

/// Rows for the uncleared messages, newest first.
pub(super) fn log_rows(entries: Vec<(FeedCursor, BoardEntry)>) -> Vec<LogRow> {
    let mut rows: IndexMap<(bool, MessageId), LogRow> = IndexMap::new();
    for (key, row) in uncleared(entries).into_iter().filter_map(|(_, entry)| log_row(entry)) {
        match rows.entry(key) {
            Entry::Vacant(vacant) => drop(vacant.insert(row)),
            // The first entry decides the position and the date of a message.
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                (known.state, known.reason) = (row.state, row.reason);
            }
        }
    }
    rows.into_values().rev().take(MAX_ROWS).collect()
}

fn log_row(entry: BoardEntry) -> Option<((bool, MessageId), LogRow)> {
    let (is_in, message) = match entry {
        BoardEntry::In(message) => (true, message),
        BoardEntry::Out(message) => (false, message),
        BoardEntry::Fault { .. } | BoardEntry::Cleared { .. } => return None,
    };
    let urls = message.media.into_iter().map(|one| one.url).filter(|url| is_safe(url));
    let row = LogRow {
        is_in,
        topic: message.topic.to_string(),
        number: message.number.reveal().to_owned(),
        text: message.text.reveal().to_owned(),
        media: urls.collect(),
        date: message.at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        state: state_name(message.state),
        reason: message.reason,
    };
    Some(((is_in, message.id), row))
}

/// Accepts URLs that run no script. A handler may send any URL.
fn is_safe(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("data:image/")
}

fn state_name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued => "queued",
        DeliveryState::Handled => "handled",
        DeliveryState::Duplicate => "duplicate",
        DeliveryState::Rejected => "rejected",
        DeliveryState::Refused => "refused",
        DeliveryState::Sent => "sent",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    }
}
