//! The board as a log: a row for each message, with what has become of it.

use indexmap::IndexMap;
use indexmap::map::Entry;

use crate::contracts::storage::FeedCursor;
use crate::model::message::MessageId;
use crate::tester::{Record, State, standing};

/// How many messages are shown.
const SHOWN: usize = 100;

/// A message, in words for a page.
pub(super) struct Row {
    pub(super) is_in: bool,
    pub(super) topic: String,
    pub(super) number: String,
    pub(super) text: String,
    /// Addresses of pictures, each safe to be shown.
    pub(super) media: Vec<String>,
    pub(super) date: String,
    pub(super) state: &'static str,
    pub(super) reason: Option<String>,
}

/// The newest messages first.
pub(super) fn rows(all: Vec<(FeedCursor, Record)>) -> Vec<Row> {
    let mut rows: IndexMap<(bool, MessageId), Row> = IndexMap::new();
    for (key, row) in standing(all).into_iter().filter_map(|(_, record)| row(record)) {
        match rows.entry(key) {
            Entry::Vacant(place) => drop(place.insert(row)),
            // It keeps its place and its date.
            Entry::Occupied(mut former) => {
                let former = former.get_mut();
                (former.state, former.reason) = (row.state, row.reason);
            }
        }
    }
    rows.into_values().rev().take(SHOWN).collect()
}

fn row(record: Record) -> Option<((bool, MessageId), Row)> {
    let (is_in, said) = match record {
        Record::In(said) => (true, said),
        Record::Out(said) => (false, said),
        Record::Trouble { .. } | Record::Cleared { .. } => return None,
    };
    let shown = said.media.into_iter().map(|one| one.url).filter(|url| is_shown(url));
    let row = Row {
        is_in,
        topic: said.topic.to_string(),
        number: said.number.reveal().to_owned(),
        text: said.text.reveal().to_owned(),
        media: shown.collect(),
        date: said.at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        state: word(said.state),
        reason: said.reason,
    };
    Some(((is_in, said.id), row))
}

/// A handler may send whatever it likes.
fn is_shown(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("data:image/")
}

fn word(state: State) -> &'static str {
    match state {
        State::Queued => "queued",
        State::Handled => "handled",
        State::Duplicate => "duplicate",
        State::Rejected => "rejected",
        State::Refused => "refused",
        State::Sent => "sent",
        State::Delivered => "delivered",
        State::Failed => "failed",
    }
}
