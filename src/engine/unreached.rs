//! People whom no message reaches: what their own mailbox is told, and the opt-out when they have opted out.

use chrono::{DateTime, Utc};

use crate::contracts::handler::{UNDELIVERABLE, Verdict};
use crate::contracts::storage::{Entry, Push};
use crate::model::address::{Address, GroupKey};
use crate::model::consent::{OptOutSource, opt_out};
use crate::model::message::{MessageId, Wake};
use crate::model::state::Write;

/// Person whom a message does not reach.
pub(super) struct Unreached<'u> {
    pub(super) to: &'u Address,
    /// Code of the provider's refusal.
    pub(super) code: u32,
    /// The provider has refused because the person has opted out.
    pub(super) has_opted_out: bool,
    /// Time at which the message was handed over, when that is known.
    pub(super) sent_at: Option<DateTime<Utc>>,
}

impl Unreached<'_> {
    /// Wake that reports it to the topic's handler, by the person's mailbox.
    pub(super) fn wake(&self, groups: &GroupKey) -> Wake {
        let group = groups.group(self.to);
        let verdict = Verdict::new(self.code, self.sent_at);
        let data =
            serde_json::to_value(verdict).expect("a verdict is numbers and times throughout");
        Wake { group, name: UNDELIVERABLE.to_owned(), data }
    }

    pub(super) fn writes(&self, groups: &GroupKey, now: DateTime<Utc>) -> Vec<Write> {
        if self.has_opted_out {
            opt_out(groups, self.to, now, OptOutSource::Refusal(self.code))
        } else {
            Vec::new()
        }
    }

    /// Push of both to the person's own partition, once for each message. A full topic takes it too: it
    /// ends work and makes none.
    pub(super) fn push(
        &self,
        message: &MessageId,
        groups: &GroupKey,
        now: DateTime<Utc>,
        max_records: u64,
    ) -> Push {
        let id = MessageId::new(format!("undeliverable:{message}"));
        let entry = Entry { id, ..Entry::wake(self.wake(groups)) };
        Push { writes: self.writes(groups, now), ..Push::unlimited(entry, max_records) }
    }
}
