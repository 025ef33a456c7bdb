//! Window: the newest lines of a live feed, from which sockets resume.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::published::PublishedLine;
use crate::contracts::storage::FeedCursor;
use crate::contracts::transport::socket::{Line, WINDOW, WINDOW_BYTES, WINDOW_LINES};
use crate::model::frame::SocketEffect;
use crate::model::message::MessageId;

/// Position in front of a feed that has no entries yet.
const BEGINNING: &str = "0";

/// The newest entries of a feed, in their order, numbered from 0 since the start of the process.
#[derive(Default)]
pub(super) struct Window {
    entries: VecDeque<Entry>,
    /// Number of the first entry that is kept.
    first: u64,
    /// Length of the kept entries, in bytes.
    bytes: usize,
    /// Numbers of the lines of each recipient.
    by_recipient: HashMap<String, VecDeque<u64>>,
    /// Numbers of the lines that change a session's subscriptions.
    by_session: HashMap<String, VecDeque<u64>>,
    by_cursor: HashMap<FeedCursor, u64>,
    ids: HashSet<MessageId>,
    /// Position behind the last entry that was removed.
    floor: Option<FeedCursor>,
}

/// Entry of the feed.
struct Entry {
    /// Uptime at which it was read.
    at: Duration,
    cursor: FeedCursor,
    bytes: usize,
    /// Absent when it is no line, or a line that was published before.
    line: Option<Arc<PublishedLine>>,
}

impl Window {
    /// Returns the position behind the last entry that was read.
    pub(super) fn newest(&self) -> FeedCursor {
        self.read_up_to().cloned().unwrap_or_else(|| FeedCursor::new(BEGINNING))
    }

    /// Returns the position to read on from; `None` for the beginning of the feed.
    pub(super) fn read_up_to(&self) -> Option<&FeedCursor> {
        self.entries.back().map(|entry| &entry.cursor).or(self.floor.as_ref())
    }

    /// Returns the number of the next entry.
    pub(super) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Appends an entry of the feed, and returns its line unless it was published before.
    pub(super) fn push(
        &mut self,
        cursor: FeedCursor,
        text: &str,
        now: Duration,
    ) -> Option<Arc<PublishedLine>> {
        // A line of another version is not for the clients of this one.
        let line = serde_json::from_str::<Line>(text).ok();
        let line = line.filter(|line| self.ids.insert(line.id.clone()));
        let number = self.end();
        if let Some(line) = &line {
            self.by_recipient.entry(line.to.clone()).or_default().push_back(number);
            if let Some((session, _)) = subscription(line) {
                self.by_session.entry(session.to_owned()).or_default().push_back(number);
            }
        }
        self.by_cursor.insert(cursor.clone(), number);
        let line = line.map(|line| Arc::new(PublishedLine::new(cursor.clone(), line)));
        self.bytes += text.len();
        let entry = Entry { at: now, cursor, bytes: text.len(), line: line.clone() };
        self.entries.push_back(entry);
        self.trim(now);
        line
    }

    /// Removes entries that are too old or too many.
    pub(super) fn trim(&mut self, now: Duration) {
        let oldest = now.saturating_sub(WINDOW);
        while self.entries.len() as u64 > WINDOW_LINES
            || self.bytes > WINDOW_BYTES
            || self.entries.front().is_some_and(|entry| entry.at < oldest)
        {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        let Some(gone) = self.entries.pop_front() else { return };
        self.first += 1;
        self.bytes -= gone.bytes;
        self.by_cursor.remove(&gone.cursor);
        self.floor = Some(gone.cursor);
        let Some(published) = gone.line else { return };
        let line = &published.line;
        self.ids.remove(&line.id);
        remove_first_of(&mut self.by_recipient, &line.to);
        if let Some((session, _)) = subscription(line) {
            remove_first_of(&mut self.by_session, session);
        }
    }

    /// Returns the number of the first entry after a position, and whether none before it is missing.
    pub(super) fn after(&self, last: &FeedCursor) -> (u64, bool) {
        if let Some(number) = self.by_cursor.get(last) {
            return (number + 1, true);
        }
        let is_complete = match &self.floor {
            Some(floor) => floor == last,
            None => last.as_str() == BEGINNING,
        };
        (self.first, is_complete)
    }

    /// Returns the numbers of a recipient's lines from this one on.
    pub(super) fn numbers(&self, recipient: &str, from: u64) -> impl Iterator<Item = u64> + '_ {
        let numbers = self.by_recipient.get(recipient).into_iter();
        numbers.flat_map(move |all| all.range(all.partition_point(|n| *n < from)..)).copied()
    }

    /// Returns the changes of a session's subscriptions, oldest first: their numbers, the rooms, and
    /// whether the session is subscribed since.
    pub(super) fn changes(&self, session: &str) -> impl Iterator<Item = (u64, &str, bool)> {
        self.by_session.get(session).into_iter().flatten().filter_map(|number| {
            let line = &self.line(*number)?.line;
            let (_, is_subscribed) = subscription(line)?;
            Some((*number, line.to.as_str(), is_subscribed))
        })
    }

    /// Returns the line of this number.
    pub(super) fn line(&self, number: u64) -> Option<&Arc<PublishedLine>> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.entries.get(index)?.line.as_ref()
    }
}

/// Returns the session whose subscription a line changes, and whether it is subscribed since.
fn subscription(line: &Line) -> Option<(&str, bool)> {
    match line.content.effect.as_ref()? {
        SocketEffect::Subscribe { session } => Some((session, true)),
        SocketEffect::Unsubscribe { session } => Some((session, false)),
        _ => None,
    }
}

fn remove_first_of(numbers: &mut HashMap<String, VecDeque<u64>>, key: &str) {
    if let Some(of_key) = numbers.get_mut(key) {
        of_key.pop_front();
        if of_key.is_empty() {
            numbers.remove(key);
        }
    }
}
