//! Resumption: what a connection gets of the lines that came before it was ready.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::outlet::Closing;
use super::published::PublishedLine;
use super::window::Window;
use crate::contracts::storage::FeedCursor;
use crate::contracts::transport::socket::CloseCode;
use crate::model::frame::SocketEffect;

/// Lines that a connection has missed, and its state after them.
pub(super) struct Missed {
    /// Lines after the position of the connection, in the order of the feed.
    pub(super) lines: Vec<Arc<PublishedLine>>,
    /// No line after that position is gone.
    pub(super) is_complete: bool,
    /// Rooms that the session is subscribed to after these lines.
    pub(super) rooms: BTreeSet<String>,
    /// Close that came after the beginning of the connection.
    pub(super) closing: Option<Closing>,
}

/// Beginning of a connection, from its `Ready` and `Attach` lines.
pub(super) struct Beginning<'b> {
    pub(super) session: &'b str,
    /// Rooms at the beginning; empty for a connection that may not receive their lines.
    pub(super) members: &'b BTreeSet<String>,
    /// Numbers of these lines: `Ready` under the session, `Attach` under its room.
    pub(super) told_at: &'b BTreeMap<String, u64>,
    pub(super) may_receive: bool,
}

impl Missed {
    /// Collects what came after `last`. The lines of a room count from the subscription of the session
    /// to its end, at their places in the order of lines.
    pub(super) fn collect(window: &Window, last: &FeedCursor, of: &Beginning<'_>) -> Self {
        let (from, is_complete) = window.after(last);
        let mut changes: BTreeMap<&str, Vec<(u64, bool)>> = BTreeMap::new();
        if of.may_receive {
            for room in of.members {
                changes.entry(room).or_default();
            }
            for (number, room, is_subscribed) in window.changes(of.session) {
                changes.entry(room).or_default().push((number, is_subscribed));
            }
        }
        let mut numbers: Vec<u64> = window.numbers(of.session, from).collect();
        let mut rooms = BTreeSet::new();
        for (room, changes) in changes {
            let is_member = |at| is_member_at(at, &changes, of.members.contains(room));
            numbers.extend(window.numbers(room, from).filter(|number| is_member(*number)));
            if is_member(u64::MAX) {
                rooms.insert(room.to_owned());
            }
        }
        numbers.sort_unstable();
        let lines = numbers.into_iter().filter_map(|number| window.line(number));
        let lines = lines.filter(|line| line.line.content.effect.is_none()).cloned().collect();
        let closing = closing(window, &rooms, of);
        Self { lines, is_complete, rooms, closing }
    }
}

/// Returns whether a session is subscribed to a room at a place in the order of lines. The changes
/// alternate, so that the first one also tells what was before it.
fn is_member_at(number: u64, changes: &[(u64, bool)], at_beginning: bool) -> bool {
    match changes.iter().rev().find(|(at, _)| *at < number) {
        Some((_, is_subscribed)) => *is_subscribed,
        None => changes.first().map_or(at_beginning, |(_, is_subscribed)| !is_subscribed),
    }
}

/// Returns the first close of the session or one of its rooms after the connection's beginning. An
/// earlier one was for an earlier connection.
fn closing(window: &Window, rooms: &BTreeSet<String>, of: &Beginning<'_>) -> Option<Closing> {
    let recipients = rooms.iter().map(String::as_str).chain([of.session]);
    let close = |recipient| {
        let told_at = of.told_at.get(recipient).copied().unwrap_or_default();
        window.numbers(recipient, told_at).find_map(|number| {
            let line = &window.line(number)?.line;
            match line.content.effect.as_ref()? {
                SocketEffect::Close { code, reason } => {
                    Some((number, Closing::new(CloseCode(*code), reason)))
                }
                _ => None,
            }
        })
    };
    recipients.filter_map(close).min_by_key(|(number, _)| *number).map(|(_, closing)| closing)
}
