//! Delivery: an outbound message in hand, and the settlements that it can end with.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::contracts::storage::{Burial, Claim, Commit, Entry, Retry};
use crate::contracts::transport::SentReceipt;
use crate::engine::events::EventSource;
use crate::engine::lines::{self, Attempt};
use crate::engine::settlement::Settlement;
use crate::engine::unreached::Unreached;
use crate::model::address::{GroupKey, LineKey};
use crate::model::clock::millis;
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::submission::End;
use crate::model::message::{MessageId, Outbound};
use crate::model::state::Write;

/// Outbound message, and the claim on it.
pub(super) struct Delivery<'c> {
    pub(super) claim: &'c Claim,
    pub(super) attempt: Attempt<'c>,
    pub(super) outbound: Outbound,
    /// Cost in segments; 0 when its transport has none.
    pub(super) segments: u32,
    /// Entries that the partition's record keeps at most.
    pub(super) max_records: u64,
    pub(super) events: &'c EventSource,
    pub(super) groups: &'c GroupKey,
    pub(super) now: DateTime<Utc>,
    /// The line that the message leaves from.
    pub(super) line: LineKey,
    /// The message is in the partition that holds what is known of its recipient. Otherwise that one is
    /// told by a push.
    pub(super) is_home: bool,
}

/// Search for a message whose outcome is unknown, as it stands in the note of its retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looks {
    /// No search yet: its worker was lost, or the note is of something else.
    None,
    /// Time for which a report of it was waited for.
    Waited(Duration),
    /// Number of reads of the provider's list that did not find it.
    Listed(u32),
}

impl Looks {
    fn of(note: &str) -> Self {
        let waited = note.strip_prefix(WAITED).and_then(|millis| millis.parse().ok());
        match (waited, note.parse()) {
            (Some(millis), _) => Self::Waited(Duration::from_millis(millis)),
            // An earlier version noted 0 while it waited.
            (None, Ok(looks @ 1..)) => Self::Listed(looks),
            _ => Self::None,
        }
    }

    fn note(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Waited(time) => Some(format!("{WAITED}{}", millis(time))),
            Self::Listed(looks) => Some(looks.to_string()),
        }
    }
}

/// Beginning of the note of a message that waits for a report; the time in milliseconds follows.
const WAITED: &str = "waited ";

/// Codes with which Twilio (<https://www.twilio.com/docs/api/errors/21610>) and Telnyx (40300 of its
/// error codes) refuse a message to somebody who has opted out.
const OPTED_OUT: [u32; 2] = [OPTED_OUT_CODE, 40300];
/// The same code for a message that is not even tried.
const OPTED_OUT_CODE: u32 = 21610;

impl Delivery<'_> {
    /// Settlement of a message that the provider has taken. Its id is kept for the reconciliation of
    /// others where `is_reconciled`.
    pub(super) fn sent(&self, sent: SentReceipt, is_reconciled: bool) -> Settlement {
        lines::sent(self.attempt, &self.outbound, &sent.provider_id);
        let detail = Detail {
            provider_id: Some(sent.provider_id.clone()),
            segments: (self.segments > 0).then_some(self.segments),
            ..self.detail()
        };
        let event = self.events.sent(&self.outbound, &sent.provider_id);
        Settlement::Complete(Commit {
            writes: self.counted(End::Sent),
            outbox: event.into_iter().collect(),
            settles: self.debt(),
            provider_id: is_reconciled.then_some(sent.provider_id),
            facts: self.last_facts(EventKind::Sent, detail),
            ..Commit::default()
        })
    }

    /// The recipient, whom the message does not reach by a refusal of this code.
    pub(super) fn unreached(&self, code: u32) -> Unreached<'_> {
        Unreached {
            to: &self.outbound.to,
            code,
            has_opted_out: OPTED_OUT.contains(&code),
            sent_at: Some(self.now),
        }
    }

    /// The recipient, whose opt-out is known already.
    pub(super) fn withheld(&self) -> Unreached<'_> {
        Unreached {
            to: &self.outbound.to,
            code: OPTED_OUT_CODE,
            has_opted_out: false,
            sent_at: Some(self.now),
        }
    }

    /// Settlement of a message whose recipient can never be reached: a wake of the recipient's own
    /// mailbox reports it to the topic's handler.
    pub(super) fn undeliverable(&self, code: u32, reason: &str) -> Settlement {
        let unreached = self.unreached(code);
        let commit = self.ended(EventKind::Failed, reason);
        if !self.is_home {
            return Settlement::Complete(commit);
        }
        let writes = [commit.writes, unreached.writes(self.groups, self.now)].concat();
        let wakes = vec![(Entry::wake(unreached.wake(self.groups)), None)];
        Settlement::Complete(Commit { writes, wakes, ..commit })
    }

    /// Settlement of a message that is not sent, by a decision of ours.
    pub(super) fn reject(&self, reason: &str) -> Settlement {
        lines::withheld(self.attempt, &self.outbound, reason);
        Settlement::Complete(self.ended(EventKind::Rejected, reason))
    }

    /// Settlement of a message to a person who has opted out. Their mailbox is told like that of one who
    /// cannot be reached, so that a chat with them ends.
    pub(super) fn reject_opted_out(&self, reason: &str) -> Settlement {
        lines::withheld(self.attempt, &self.outbound, reason);
        let commit = self.ended(EventKind::Rejected, reason);
        let wake = self.withheld().wake(self.groups);
        let wakes = self.is_home.then(|| (Entry::wake(wake), None)).into_iter().collect();
        Settlement::Complete(Commit { wakes, ..commit })
    }

    /// Commit of a message that is never sent.
    fn ended(&self, kind: EventKind, reason: &str) -> Commit {
        Commit {
            writes: self.counted(End::Failed),
            outbox: self.failed(reason),
            settles: self.debt(),
            facts: self.last_facts(kind, self.because(reason)),
            ..Commit::default()
        }
    }

    /// Settlement of a message that was certainly not sent, and is tried again.
    pub(super) fn retry(&self, after: Duration, failed: bool, reason: Option<&str>) -> Settlement {
        let facts = reason.and_then(|reason| self.facts(EventKind::Retried, self.because(reason)));
        Settlement::Retry(Retry { after, failed, facts, ..Retry::default() })
    }

    /// Settlement of a message that waits, which is no failure, with a note for its next claim.
    pub(super) fn hold(
        &self,
        after: Duration,
        note: &str,
        fact: Option<(EventKind, &str)>,
    ) -> Settlement {
        let facts = fact.and_then(|(kind, reason)| self.facts(kind, self.because(reason)));
        Settlement::Retry(Retry { after, note: Some(note.to_owned()), facts, ..Retry::default() })
    }

    /// The lane of the line in which the message waits.
    pub(super) fn lane(&self) -> LineKey {
        self.claim.group.line().unwrap_or_else(|| self.line.clone())
    }

    /// Settlement of a message that may have been sent, and is looked for again after a time.
    pub(super) fn look_later(
        &self,
        after: Duration,
        looks: Looks,
        reason: Option<&str>,
    ) -> Settlement {
        let facts = reason.and_then(|reason| self.facts(EventKind::Unknown, self.because(reason)));
        Settlement::Retry(Retry {
            after,
            outcome_unknown: true,
            note: looks.note(),
            facts,
            failed: false,
        })
    }

    /// Settlement of a message of unknown outcome that is looked for no longer.
    pub(super) fn give_up(&self, reason: &str) -> Settlement {
        lines::given_up(self.attempt, &self.outbound, reason);
        self.bury(EventKind::Unknown, reason.to_owned())
    }

    pub(super) fn bury(&self, kind: EventKind, reason: String) -> Settlement {
        let facts = self.last_facts(kind, self.because(&reason));
        let (writes, settles) = (self.counted(End::Failed), self.debt());
        let outbox = self.failed(&reason);
        Settlement::Bury(Burial { reason, writes, outbox, settles, facts })
    }

    /// Event that the message will not be sent.
    fn failed(&self, reason: &str) -> Vec<Entry> {
        self.events.failed(&self.outbound, reason).into_iter().collect()
    }

    /// Writes that count the end of a submitted message.
    fn counted(&self, end: End) -> Vec<Write> {
        self.outbound.tally.as_ref().map(|tally| tally.settle(end)).unwrap_or_default()
    }

    /// Search for the message so far.
    pub(super) fn looks(&self) -> Looks {
        Looks::of(self.claim.note.as_deref().unwrap_or_default())
    }

    /// The inbound message whose record waits for several outbound ones, this one among them.
    fn debt(&self) -> Option<MessageId> {
        self.outbound.cause.as_ref().filter(|cause| !cause.only).map(|cause| cause.id.clone())
    }

    /// Facts about the inbound message that this one answers, or about this one when it answers none.
    fn facts(&self, kind: EventKind, detail: Detail) -> Option<Facts> {
        self.recorded(&[kind], detail)
    }

    /// Facts that end this message; they also complete the record of an inbound message that has no
    /// other answer.
    fn last_facts(&self, kind: EventKind, detail: Detail) -> Option<Facts> {
        if self.outbound.cause.as_ref().is_some_and(|cause| cause.only) {
            self.recorded(&[kind, EventKind::Recorded], detail)
        } else {
            self.facts(kind, detail)
        }
    }

    /// Facts about a person's message. An event on its way to a webhook has no record.
    fn recorded(&self, kinds: &[EventKind], detail: Detail) -> Option<Facts> {
        let is_event = EventSource::is_event(&self.outbound);
        (!is_event).then(|| Facts::new(self.subject(), kinds, detail, self.max_records))
    }

    fn subject(&self) -> MessageId {
        self.outbound.subject().clone()
    }

    fn detail(&self) -> Detail {
        Detail {
            address: Some(self.outbound.to.clone()),
            outbound: Some(self.outbound.id.clone()),
            ..Detail::default()
        }
    }

    fn because(&self, reason: &str) -> Detail {
        Detail { reason: Some(reason.to_owned()), ..self.detail() }
    }
}
