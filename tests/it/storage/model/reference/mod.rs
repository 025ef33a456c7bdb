//! The reference model: the storage contract on vectors and maps, without clock or network.

pub(super) mod batch;
mod claims;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use crosswire::contracts::storage::{
    Burial, Change, Commit, Depth, Entry, Once, Push, Pushed, QueueKind, Replay, Retry, Token,
};
use crosswire::model::address::{Group, LineKey};
use crosswire::model::event::{EventKind, Facts};
use crosswire::model::message::MessageId;
use crosswire::model::state::{Check, Member, Write};

/// Lost claims after which a message is suspected of killing its workers.
const SUSPECT_AFTER: u32 = 2;

/// A partition. Time is the number of moves; leases, delays and wakes end on request.
#[derive(Default)]
pub(super) struct Reference {
    /// The store carries out moves that wait together as one batch: it makes their claims behind all of
    /// them, those for the same lines at once.
    is_batched: bool,
    moves: u64,
    inbound: Mailboxes,
    outbox: Mailboxes,
    seen: BTreeSet<MessageId>,
    recorded: BTreeSet<MessageId>,
    unsettled: BTreeMap<MessageId, usize>,
    /// Groups of which a drop was recorded, by its reason; the time of none ends within a test.
    dropped: BTreeSet<(Group, &'static str)>,
    /// Messages that each bucket has let through; none fills again within a test.
    taken: BTreeMap<String, u32>,
    pub(super) values: BTreeMap<String, String>,
    pools: BTreeMap<String, Vec<(Group, Option<u64>)>>,
    pub(super) counters: BTreeMap<String, i64>,
    pub(super) sent: BTreeSet<String>,
    pub(super) events: Vec<(MessageId, EventKind)>,
}

/// One of the two queues of a partition.
#[derive(Default)]
struct Mailboxes {
    sequence: u64,
    groups: BTreeMap<Group, Mailbox>,
    /// Lines with ready groups, each with the move in which it was last served or added.
    lines: BTreeMap<LineKey, u64>,
    scheduled: BTreeMap<(Group, MessageId, String), i64>,
    dead: Vec<DeadLetterView>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeadLetterView {
    pub(super) group: Group,
    pub(super) id: MessageId,
    pub(super) payload: String,
    pub(super) reason: String,
}

/// The messages of a group, and the state of the first of them.
struct Mailbox {
    messages: VecDeque<Message>,
    status: Status,
    token: Option<Token>,
    head: Head,
}

#[derive(Clone, Debug)]
struct Message {
    sequence: u64,
    id: MessageId,
    payload: String,
}

/// The status of a group. The number is the move since when it waits; 0 goes first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Ready(u64),
    Leased { ended: bool },
    Delayed { due: bool },
    Suspect(u64),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) attempt: u32,
    pub(super) isolated: u32,
    pub(super) failures: u32,
    pub(super) outcome_unknown: bool,
    pub(super) note: Option<String>,
}

/// The content of a claim, without its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClaimView {
    pub(super) group: Group,
    pub(super) token: Token,
    pub(super) sequence: u64,
    pub(super) id: MessageId,
    pub(super) payload: String,
    pub(super) head: Head,
    pub(super) state: Option<String>,
}

/// The next due time of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NextDue {
    Now,
    Later,
    #[default]
    Never,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClaimedView {
    pub(super) claims: Vec<ClaimView>,
    pub(super) next_due: NextDue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Carries the current state under the group's own id.
    Conflict(Option<String>),
    Congested,
    LeaseLost,
}

/// The claim that fences a settlement.
#[derive(Clone, Copy)]
pub(super) struct Fence<'a> {
    pub(super) kind: QueueKind,
    pub(super) group: &'a Group,
    pub(super) token: &'a Token,
    pub(super) sequence: u64,
}

impl Mailboxes {
    fn append(&mut self, entry: &Entry, at: u64) {
        self.sequence += 1;
        let message = Message {
            sequence: self.sequence,
            id: entry.id.clone(),
            payload: entry.payload.clone(),
        };
        let fresh = || Mailbox {
            messages: VecDeque::new(),
            status: Status::Ready(at),
            token: None,
            head: Head::default(),
        };
        self.groups.entry(entry.group.clone()).or_insert_with(fresh).messages.push_back(message);
        self.rotate_in(at);
    }

    /// Adds every line with a ready group to the rotation.
    fn rotate_in(&mut self, at: u64) {
        for (group, mailbox) in &self.groups {
            if let (Some(line), Status::Ready(_)) = (group.line(), mailbox.status) {
                self.lines.entry(line).or_insert(at);
            }
        }
    }

    /// Appends a wake, unless the last message of its group has the same id and is not claimed.
    fn append_wake(&mut self, entry: &Entry, at: u64) {
        let waits = self.groups.get(&entry.group).is_some_and(|mailbox| {
            let claimed = matches!(mailbox.status, Status::Leased { .. });
            mailbox
                .messages
                .back()
                .is_some_and(|last| last.id == entry.id && last.payload == entry.payload)
                && (mailbox.messages.len() > 1 || !claimed)
        });
        if !waits {
            self.append(entry, at);
        }
    }

    fn reclaim(&mut self, at: u64) -> u64 {
        let mut moved = 0;
        for mailbox in self.groups.values_mut() {
            match mailbox.status {
                Status::Leased { ended: true } => {
                    mailbox.token = None;
                    mailbox.status = if mailbox.head.attempt >= SUSPECT_AFTER {
                        Status::Suspect(at)
                    } else {
                        Status::Ready(0)
                    };
                    moved += 1;
                }
                Status::Delayed { due: true } => {
                    mailbox.status = Status::Ready(0);
                    moved += 1;
                }
                _ => {}
            }
        }
        self.rotate_in(at);
        moved + self.wake_due(at)
    }

    fn wake_due(&mut self, at: u64) -> u64 {
        let mut due: Vec<_> = self.scheduled.extract_if(.., |_, due| *due <= 0).collect();
        due.sort_by_key(|(_, due)| *due);
        for ((group, id, payload), _) in &due {
            let (group, id, payload) = (group.clone(), id.clone(), payload.clone());
            self.append_wake(&Entry { group, id, payload }, at);
        }
        due.len() as u64
    }

    fn next_due(&self) -> NextDue {
        let status = self.groups.values().map(|mailbox| match mailbox.status {
            Status::Leased { ended: true } | Status::Delayed { due: true } => NextDue::Now,
            Status::Leased { .. } | Status::Delayed { .. } => NextDue::Later,
            _ => NextDue::Never,
        });
        let scheduled = self.scheduled.values().map(|due| match due {
            ..=0 => NextDue::Now,
            _ => NextDue::Later,
        });
        status.chain(scheduled).min().unwrap_or(NextDue::Never)
    }

    fn claimed(&mut self, fence: Fence<'_>) -> Option<&mut Mailbox> {
        self.groups.get_mut(fence.group).filter(|mailbox| {
            mailbox.token.as_ref() == Some(fence.token)
                && mailbox.messages.front().is_some_and(|head| head.sequence == fence.sequence)
        })
    }

    fn remove_head(&mut self, group: &Group, at: u64) -> Message {
        let mailbox = self.groups.get_mut(group).expect("a claimed group has a mailbox");
        let message = mailbox.messages.pop_front().expect("a claimed mailbox has a head");
        mailbox.head = Head::default();
        mailbox.token = None;
        mailbox.status = Status::Ready(at);
        if mailbox.messages.is_empty() {
            self.groups.remove(group);
        }
        self.rotate_in(at);
        message
    }

    fn waiting(&self, group: &Group) -> u64 {
        self.groups.get(group).map_or(0, |mailbox| mailbox.messages.len() as u64)
    }

    fn pending(&self) -> usize {
        self.groups.values().map(|mailbox| mailbox.messages.len()).sum()
    }
}

impl Reference {
    pub(super) fn new(is_batched: bool) -> Self {
        Self { is_batched, ..Self::default() }
    }

    fn queue(&mut self, kind: QueueKind) -> &mut Mailboxes {
        match kind {
            QueueKind::Inbound => &mut self.inbound,
            QueueKind::Outbox => &mut self.outbox,
        }
    }

    fn tick(&mut self) -> u64 {
        self.moves += 1;
        self.moves
    }

    pub(super) fn push(&mut self, push: &Push) -> Pushed {
        let at = self.tick();
        let is_barred = push.marks.iter().any(|mark| self.values.contains_key(mark));
        if self.seen.contains(&push.entry.id) {
            return if is_barred { Pushed::Barred } else { Pushed::Duplicate };
        }
        if is_barred {
            self.seen.insert(push.entry.id.clone());
            self.drop(push, "barred");
            return Pushed::Barred;
        }
        if let Some(rate) = &push.rate
            && self.taken.get(&rate.bucket).is_some_and(|taken| *taken >= rate.burst)
        {
            self.seen.insert(push.entry.id.clone());
            self.append_once(rate.notice.as_ref(), at);
            self.drop(push, "rate");
            return Pushed::Limited;
        }
        if let Some(refused) = self.room(push).filter(|_| push.is_queued) {
            if refused == Pushed::GroupFull {
                if push.is_dropped_for_good {
                    self.seen.insert(push.entry.id.clone());
                }
                push.writes.iter().for_each(|write| self.write(write));
                self.drop(push, "full");
            }
            return refused;
        }
        if let Some(rate) = &push.rate {
            *self.taken.entry(rate.bucket.clone()).or_default() += 1;
        }
        self.seen.insert(push.entry.id.clone());
        push.writes.iter().for_each(|write| self.write(write));
        if push.is_queued {
            self.inbound.append(&push.entry, at);
        }
        self.append_once(push.once.as_ref(), at);
        push.outbox.iter().for_each(|entry| self.outbox.append(entry, at));
        self.record(&push.facts);
        Pushed::Accepted
    }

    /// Returns the refusal of a push for which there is no room.
    fn room(&self, push: &Push) -> Option<Pushed> {
        let pending = (self.inbound.pending() + self.outbox.pending()) as u64;
        if pending >= push.max_depth {
            return Some(Pushed::Full);
        }
        let is_crowded = pending * 4 >= push.max_depth * 3;
        let crowded = if is_crowded { push.max_crowded_depth } else { u64::MAX };
        let waiting = self.inbound.waiting(&push.entry.group);
        (waiting >= push.max_group_depth.min(crowded)).then_some(Pushed::GroupFull)
    }

    fn drop(&mut self, push: &Push, reason: &'static str) {
        if self.dropped.insert((push.entry.group.clone(), reason)) {
            self.events.push((push.facts.message.clone(), EventKind::Dropped));
        }
    }

    fn append_once(&mut self, once: Option<&Once>, at: u64) {
        if let Some(Once { key, entry, .. }) = once
            && self.values.insert(key.clone(), "1".to_owned()).is_none()
        {
            self.outbox.append(entry, at);
        }
    }

    pub(super) fn record_once(&mut self, facts: &Facts) {
        if self.recorded.insert(facts.message.clone()) {
            self.record(facts);
        }
    }

    fn record(&mut self, facts: &Facts) {
        let events = facts.facts.iter().map(|fact| (facts.message.clone(), fact.kind));
        self.events.extend(events);
    }

    fn holds_lease(&mut self, fence: Fence<'_>) -> bool {
        self.queue(fence.kind).claimed(fence).is_some()
    }

    pub(super) fn complete(&mut self, fence: Fence<'_>, commit: &Commit) -> Outcome {
        let at = self.tick();
        if !self.holds_lease(fence) {
            return Outcome::LeaseLost;
        }
        if !commit.checks.iter().all(|check| self.holds(check)) {
            return Outcome::Conflict(self.values.get(fence.group.as_str()).cloned());
        }
        if let Some(limit) = &commit.recipient
            && self.outbox.waiting(&limit.group) >= limit.max_depth
        {
            return Outcome::Congested;
        }
        self.queue(fence.kind).remove_head(fence.group, at);
        commit.writes.iter().for_each(|write| self.write(write));
        commit.outbox.iter().for_each(|entry| self.outbox.append(entry, at));
        for (entry, due) in &commit.wakes {
            match due {
                None => self.inbound.append_wake(entry, at),
                Some(due) => self.schedule(entry, *due),
            }
        }
        self.sent.extend(commit.provider_id.clone());
        self.record_settlement(commit.facts.as_ref(), commit.settles.as_ref(), commit.outbox.len());
        Outcome::Done
    }

    /// Records the facts of a settlement, and updates the number of unsettled replies.
    fn record_settlement(
        &mut self,
        facts: Option<&Facts>,
        settles: Option<&MessageId>,
        replies: usize,
    ) {
        let Some(facts) = facts else { return };
        self.record(facts);
        if let Some(settled) = settles {
            let left = self.unsettled.remove(settled).unwrap_or(1) - 1;
            if left > 0 {
                self.unsettled.insert(settled.clone(), left);
            } else {
                self.events.push((facts.message.clone(), EventKind::Recorded));
            }
        }
        if replies > 1 {
            *self.unsettled.entry(facts.message.clone()).or_default() += replies;
        }
    }

    fn holds(&self, check: &Check) -> bool {
        match check {
            Check::Value { key, expected } => self.values.get(key) == expected.as_ref(),
            Check::Member { pool, member } => self.pools.get(pool).is_some_and(|members| {
                members.contains(&(member.group.clone(), Some(member.ticket)))
            }),
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Put { key, value, .. } => {
                self.values.insert(key.clone(), value.clone());
            }
            Write::Remove { key } => {
                self.values.remove(key);
            }
            Write::Insert { pool, group, .. } => {
                let members = self.pools.entry(pool.clone()).or_default();
                if !members.iter().any(|(member, _)| member == group) {
                    members.push((group.clone(), None));
                }
            }
            Write::Take { pool, group } => {
                self.pools.entry(pool.clone()).or_default().retain(|(member, _)| member != group);
            }
            Write::Count { name, by, .. } => *self.counters.entry(name.clone()).or_default() += by,
        }
    }

    pub(super) fn retry(&mut self, fence: Fence<'_>, retry: &Retry) -> Outcome {
        let at = self.tick();
        let Some(mailbox) = self.queue(fence.kind).claimed(fence) else {
            return Outcome::LeaseLost;
        };
        mailbox.token = None;
        mailbox.status =
            if retry.after.is_zero() { Status::Ready(0) } else { Status::Delayed { due: false } };
        let before = std::mem::take(&mut mailbox.head);
        mailbox.head = Head {
            attempt: 0,
            isolated: 0,
            failures: before.failures + u32::from(retry.failed),
            outcome_unknown: before.outcome_unknown && retry.outcome_unknown,
            note: retry.note.clone(),
        };
        self.queue(fence.kind).rotate_in(at);
        self.record_settlement(retry.facts.as_ref(), None, 0);
        Outcome::Done
    }

    /// Releases a claim; `outcome_unknown` is its value at the claim.
    pub(super) fn release(&mut self, fence: Fence<'_>, outcome_unknown: bool) -> Outcome {
        let at = self.tick();
        let Some(mailbox) = self.queue(fence.kind).claimed(fence) else {
            return Outcome::LeaseLost;
        };
        mailbox.token = None;
        mailbox.head.attempt -= 1;
        mailbox.head.outcome_unknown = outcome_unknown;
        if mailbox.head.isolated > 0 {
            mailbox.head.isolated -= 1;
            mailbox.status = Status::Suspect(0);
        } else {
            mailbox.status = Status::Ready(0);
        }
        self.queue(fence.kind).rotate_in(at);
        Outcome::Done
    }

    pub(super) fn bury(&mut self, fence: Fence<'_>, burial: &Burial) -> Outcome {
        let at = self.tick();
        if !self.holds_lease(fence) {
            return Outcome::LeaseLost;
        }
        let queue = self.queue(fence.kind);
        let Message { id, payload, .. } = queue.remove_head(fence.group, at);
        let (group, reason) = (fence.group.clone(), burial.reason.clone());
        queue.dead.insert(0, DeadLetterView { group, id, payload, reason });
        burial.outbox.iter().for_each(|entry| self.outbox.append(entry, at));
        self.record_settlement(burial.facts.as_ref(), burial.settles.as_ref(), burial.outbox.len());
        Outcome::Done
    }

    /// Replays or discards the newest letters, the oldest of them first.
    pub(super) fn unbury(&mut self, kind: QueueKind, letters: &[Replay], replayed: bool) -> u64 {
        let at = self.tick();
        let queue = self.queue(kind);
        let taken: Vec<_> = queue.dead.drain(..letters.len()).rev().collect();
        for (DeadLetterView { group, id, payload, .. }, letter) in taken.into_iter().zip(letters) {
            if replayed {
                self.queue(kind).append(&Entry { group, id, payload }, at);
                if let Some(owed) = &letter.owed {
                    *self.unsettled.entry(owed.clone()).or_default() += 1;
                }
            }
            letter.facts.iter().for_each(|facts| self.record(facts));
        }
        letters.len() as u64
    }

    /// Ends or renews leases; returns the groups whose leases are lost.
    pub(super) fn extend(
        &mut self,
        kind: QueueKind,
        end: bool,
        claims: &[(Group, Token)],
    ) -> Vec<Group> {
        self.tick();
        let queue = self.queue(kind);
        let mut lost = Vec::new();
        for (group, token) in claims {
            match queue.groups.get_mut(group) {
                Some(mailbox) if mailbox.token.as_ref() == Some(token) => {
                    mailbox.status = Status::Leased { ended: end };
                }
                _ => lost.push(group.clone()),
            }
        }
        lost
    }

    pub(super) fn schedule(&mut self, wake: &Entry, due: DateTime<Utc>) {
        let wake = (wake.group.clone(), wake.id.clone(), wake.payload.clone());
        // Moves schedule wakes either long before or long after this base.
        self.inbound.scheduled.insert(wake, due.timestamp_millis() - super::moves::PRESENT);
    }

    pub(super) fn change(&mut self, change: &Change) {
        let at = self.tick();
        change.writes.iter().for_each(|write| self.write(write));
        change.wakes.iter().for_each(|wake| self.inbound.append_wake(wake, at));
    }

    pub(super) fn reclaim(&mut self, kind: QueueKind) -> u64 {
        let at = self.tick();
        self.queue(kind).reclaim(at)
    }

    /// Makes every delayed retry due; returns their groups.
    pub(super) fn end_delays(&mut self, kind: QueueKind) -> Vec<Group> {
        let mut due = Vec::new();
        for (group, mailbox) in &mut self.queue(kind).groups {
            if let Status::Delayed { due: is_due } = &mut mailbox.status {
                *is_due = true;
                due.push(group.clone());
            }
        }
        due
    }

    pub(super) fn members(&self, pool: &str) -> Vec<Group> {
        let members = self.pools.get(pool).into_iter().flatten();
        members.map(|(group, _)| group.clone()).collect()
    }

    /// Checks that tickets ascend and never change, and remembers new ones, which the storage chooses.
    pub(super) fn compare_tickets(&mut self, pool: &str, members: &[Member]) -> Result<(), String> {
        if !members.is_sorted_by(|one, other| one.ticket < other.ticket) {
            return Err(format!("tickets do not ascend: {members:?}"));
        }
        for (known, member) in
            self.pools.entry(pool.to_owned()).or_default().iter_mut().zip(members)
        {
            if known.1.is_some_and(|ticket| ticket != member.ticket) {
                return Err(format!("a ticket has changed: {known:?}, {member:?}"));
            }
            known.1 = Some(member.ticket);
        }
        Ok(())
    }

    pub(super) fn depth(&mut self, kind: QueueKind) -> Depth {
        let queue = self.queue(kind);
        let count = |matches: fn(Status) -> bool| {
            queue.groups.values().filter(|mailbox| matches(mailbox.status)).count() as u64
        };
        Depth {
            pending: queue.pending() as u64,
            ready: count(|status| matches!(status, Status::Ready(_))),
            leased: count(|status| matches!(status, Status::Leased { .. })),
            delayed: count(|status| matches!(status, Status::Delayed { .. })),
            suspect: count(|status| matches!(status, Status::Suspect(_))),
            scheduled: queue.scheduled.len() as u64,
            dead: queue.dead.len() as u64,
        }
    }

    pub(super) fn dead(&mut self, kind: QueueKind) -> Vec<DeadLetterView> {
        self.queue(kind).dead.clone()
    }
}
