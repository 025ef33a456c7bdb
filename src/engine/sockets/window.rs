//! Window: the newest lines of a live feed, from which sockets resume.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

use crate::contracts::storage::FeedCursor;
use crate::contracts::transport::socket::{
    Line, ServerFrame, SocketProtocol, WINDOW, WINDOW_LINES,
};
use crate::model::message::MessageId;

/// Line of the live feed, with its forms for clients. One line is encoded once for all sockets of a
/// protocol.
pub(super) struct PublishedLine {
    pub(super) cursor: FeedCursor,
    pub(super) line: Line,
    with_hello: OnceLock<Option<Bytes>>,
    without_hello: OnceLock<Option<Bytes>>,
}

impl PublishedLine {
    pub(super) fn new(cursor: FeedCursor, line: Line) -> Self {
        let (with_hello, without_hello) = Default::default();
        Self { cursor, line, with_hello, without_hello }
    }

    /// Returns the frame for clients of a protocol; `None` when it has no form of this line.
    pub(super) fn encoded(&self, protocol: &dyn SocketProtocol) -> Option<Bytes> {
        let form = if protocol.has_hello() { &self.with_hello } else { &self.without_hello };
        let encode = || {
            let (cursor, line) = (self.cursor.as_str(), &self.line);
            protocol.encode(&ServerFrame::Line { cursor, line }).map(Bytes::from)
        };
        form.get_or_init(encode).clone()
    }
}

/// The newest lines, in their order, numbered from 0 since the start of the process.
#[derive(Default)]
pub(super) struct Window {
    lines: VecDeque<(Duration, Arc<PublishedLine>)>,
    /// Number of the first line that is kept.
    first: u64,
    /// Numbers of the lines of each recipient.
    by_recipient: HashMap<String, VecDeque<u64>>,
    by_cursor: HashMap<FeedCursor, u64>,
    ids: HashSet<MessageId>,
    /// Position behind the last line that was read.
    newest: Option<FeedCursor>,
}

/// Lines after a position.
pub(super) struct Missed {
    pub(super) lines: Vec<Arc<PublishedLine>>,
    /// The position is known, so that no line is missing.
    pub(super) is_complete: bool,
}

impl Window {
    /// Returns the position behind the last line that was read.
    pub(super) fn newest(&self) -> Option<&FeedCursor> {
        self.newest.as_ref()
    }

    /// Moves the position behind an entry that is no line.
    pub(super) fn skip(&mut self, cursor: FeedCursor) {
        self.newest = Some(cursor);
    }

    /// Appends a line; `None` when it was published before.
    pub(super) fn push(
        &mut self,
        cursor: FeedCursor,
        line: Line,
        now: Duration,
    ) -> Option<Arc<PublishedLine>> {
        self.newest = Some(cursor.clone());
        if !self.ids.insert(line.id.clone()) {
            return None;
        }
        let number = self.first + self.lines.len() as u64;
        self.by_recipient.entry(line.to.clone()).or_default().push_back(number);
        self.by_cursor.insert(cursor.clone(), number);
        let line = Arc::new(PublishedLine::new(cursor, line));
        self.lines.push_back((now, Arc::clone(&line)));
        self.trim(now);
        Some(line)
    }

    /// Removes lines that are too old or too many.
    pub(super) fn trim(&mut self, now: Duration) {
        let oldest = now.saturating_sub(WINDOW);
        while self.lines.len() as u64 > WINDOW_LINES
            || self.lines.front().is_some_and(|(at, _)| *at < oldest)
        {
            let Some((_, gone)) = self.lines.pop_front() else { return };
            self.first += 1;
            self.by_cursor.remove(&gone.cursor);
            self.ids.remove(&gone.line.id);
            if let Some(numbers) = self.by_recipient.get_mut(&gone.line.to) {
                numbers.pop_front();
                if numbers.is_empty() {
                    self.by_recipient.remove(&gone.line.to);
                }
            }
        }
    }

    /// Returns the lines for these recipients after a position, in the order of the feed.
    pub(super) fn after<'r>(
        &self,
        last: &FeedCursor,
        recipients: impl Iterator<Item = &'r str>,
    ) -> Missed {
        if self.newest.as_ref() == Some(last) {
            return Missed { lines: Vec::new(), is_complete: true };
        }
        let known = self.by_cursor.get(last).copied();
        let from = known.map_or(self.first, |number| number + 1);
        let mut numbers: Vec<u64> = recipients
            .filter_map(|recipient| self.by_recipient.get(recipient))
            .flat_map(|numbers| numbers.range(numbers.partition_point(|n| *n < from)..))
            .copied()
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let line = |number: u64| {
            let index = usize::try_from(number - self.first).ok()?;
            self.lines.get(index).map(|(_, line)| Arc::clone(line))
        };
        let lines = numbers.into_iter().filter_map(line).collect();
        Missed { lines, is_complete: known.is_some() }
    }
}
