//! Hold: the refusals of one line or transport, and the times for which they close it.
//!
//! A refusal may be the recipient's fault or the line's. It is taken for the line's when different
//! recipients were refused in a row; many of them while the line has just worked. The line is then closed
//! for a short while, and for a longer one each time that messages to further recipients are refused. In
//! between, some messages are let through: more each time, because the first may be those of the
//! recipients that cannot be reached.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{PAUSE, TOO_MANY_REQUESTS};
use crate::model::address::Group;

/// Recipients in a row whose refusals close a line.
const ENOUGH: usize = 2;
/// The same for a line from which a message was taken within [`FRESH`].
const ENOUGH_AFTER_SUCCESS: usize = 32;
/// Time for which a message that was taken proves that its line works.
const FRESH: Duration = Duration::from_mins(1);
/// First time for which refusals close a line; each further one is twice as long, up to [`PAUSE`].
const SHORTEST: Duration = Duration::from_millis(500);
/// Largest number of messages that are tried at once when a time is over.
const MOST_PROBES: usize = 16;
/// Number of refused recipients that are remembered.
const MOST_KNOWN: usize = 64;

/// Refusals of one line or transport.
#[derive(Default)]
pub(super) struct Hold {
    /// Recipients that were refused since the last message that was taken.
    refused: BTreeSet<Group>,
    /// Times in a row for which it was closed.
    pub(super) rounds: u32,
    /// Uptime until which nothing is sent; absent when it was never closed.
    pub(super) until: Option<Duration>,
    /// Messages that are being tried since the time was over.
    probes: usize,
    /// Recipients that were refused for the first time since the time was over.
    refused_again: usize,
    /// The refusals are the line's fault.
    is_believed: bool,
    /// Closed for a time that does not end with a message that is taken.
    pub(super) is_fixed: bool,
    /// The store has this pause.
    pub(super) is_shared: bool,
}

impl Hold {
    pub(super) fn is_closed(&self, now: Duration) -> bool {
        self.is_waiting(now) || (self.until.is_some() && self.probes >= self.most_probes())
    }

    fn is_waiting(&self, now: Duration) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    /// Closes the line, at least until then.
    pub(super) fn close(&mut self, until: Duration, is_fixed: bool) {
        self.until = Some(self.until.map_or(until, |earlier| earlier.max(until)));
        self.is_fixed |= is_fixed;
        (self.probes, self.refused_again) = (0, 0);
    }

    /// Takes over a pause of another process. One for a refusal tells that it is the line's fault; one for
    /// a budget or a rate does not.
    pub(super) fn share(&mut self, until: Duration, code: u32) {
        (self.is_shared, self.until) = (true, Some(until));
        self.is_believed |= !matches!(code, 0 | TOO_MANY_REQUESTS);
    }

    /// Counts a message that is tried after the time was over. Returns false when the line was never
    /// closed.
    pub(super) fn probe(&mut self) -> bool {
        let is_probe = self.until.is_some();
        if is_probe {
            self.probes += 1;
            self.is_fixed = false;
        }
        is_probe
    }

    pub(super) fn end_probe(&mut self) {
        self.probes = self.probes.saturating_sub(1);
    }

    fn most_probes(&self) -> usize {
        1_usize
            .checked_shl(self.rounds.saturating_sub(1))
            .map_or(MOST_PROBES, |most| most.min(MOST_PROBES))
    }

    /// Returns whether the line was judged to be the cause of its refusals.
    pub(super) fn is_believed(&self) -> bool {
        self.is_believed
    }

    pub(super) fn knows(&self, recipient: &Group) -> bool {
        self.refused.contains(recipient)
    }

    /// Counts the refusal of a message to a recipient. Returns the time for which it closes the line, if
    /// it does. Messages that were on their way when it closed belong to the same refusal.
    pub(super) fn refuse(
        &mut self,
        recipient: Group,
        worked_at: Option<Duration>,
        now: Duration,
    ) -> Option<Duration> {
        let is_new = self.refused.len() >= MOST_KNOWN || self.refused.insert(recipient);
        if self.is_waiting(now) {
            return None;
        }
        if self.is_believed {
            self.refused_again += usize::from(is_new);
            if !is_new || self.refused_again < self.most_probes() {
                return None;
            }
        } else if self.refused.len() < enough(worked_at, now) {
            return None;
        }
        let time = SHORTEST.saturating_mul(1 << self.rounds.min(16)).min(PAUSE);
        self.is_believed = true;
        self.rounds += 1;
        self.close(now + time, false);
        Some(time)
    }

    /// Returns whether a message that was taken opens the line: one that was tried since, or any when the
    /// time is over.
    pub(super) fn is_opened_by(&self, was_probe: bool, now: Duration) -> bool {
        !self.is_waiting(now) || (was_probe && !self.is_fixed)
    }
}

fn enough(worked_at: Option<Duration>, now: Duration) -> usize {
    match worked_at {
        Some(at) if now < at + FRESH => ENOUGH_AFTER_SUCCESS,
        _ => ENOUGH,
    }
}
