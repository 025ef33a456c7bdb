//! Received messages that no line of the script has expected yet.

use super::received::ReceivedMessage;
use crate::model::address::Identity;

/// Unmatched messages, oldest first.
#[derive(Default)]
pub(super) struct Unmatched(Vec<UnmatchedMessage>);

struct UnmatchedMessage {
    received: ReceivedMessage,
    /// Number of the line that caused it.
    line: usize,
    must_be_expected: bool,
}

impl Unmatched {
    pub(super) fn add(&mut self, received: ReceivedMessage, line: usize, is_strict: bool) {
        let is_visible = received.has_text() || received.close_code().is_some();
        let must_be_expected = is_strict && is_visible;
        self.0.push(UnmatchedMessage { received, line, must_be_expected });
    }

    /// Takes the oldest message for which `matches` holds.
    pub(super) fn take(
        &mut self,
        matches: impl Fn(&ReceivedMessage) -> bool,
    ) -> Option<ReceivedMessage> {
        let at = self.0.iter().position(|unmatched| matches(&unmatched.received))?;
        Some(self.0.remove(at).received)
    }

    /// Returns the newest message to this recipient, or else to any other, among those for which
    /// `counts` holds.
    pub(super) fn nearest(
        &self,
        to: &Identity,
        counts: impl Fn(&ReceivedMessage) -> bool,
    ) -> Option<&ReceivedMessage> {
        let newest_first = self.0.iter().rev().map(|unmatched| &unmatched.received);
        let mut counting = newest_first.filter(|received| counts(received));
        counting.clone().find(|received| received.to == *to).or_else(|| counting.next())
    }

    /// Takes the messages that should have been expected by now, with the lines that caused them.
    pub(super) fn take_unexpected(&mut self) -> Vec<(usize, ReceivedMessage)> {
        let all = std::mem::take(&mut self.0).into_iter();
        let (unexpected, kept): (Vec<_>, _) = all.partition(|unmatched| unmatched.must_be_expected);
        self.0 = kept;
        unexpected.into_iter().map(|unmatched| (unmatched.line, unmatched.received)).collect()
    }
}
