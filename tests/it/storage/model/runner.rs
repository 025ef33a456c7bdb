//! Applies each move to the storage and to the reference, and compares the results.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, Utc};
use crosswire::contracts::storage::{
    Burial, Change, Claim, ClaimRequest, Commit, DeadLetter, Entry, NextClaims, Once, Push, Queue,
    QueueKind, RecipientLimit, Replay, Retry, SenderRate, StorageError, Token,
};
use crosswire::model::address::Group;
use crosswire::model::event::{EventKind, Facts};
use crosswire::model::message::{MessageId, Wake};
use crosswire::model::state::{Check, Member, Write};
use futures_util::future::join_all;

use super::calls::{Call, compare_reply};
use super::moves::{Ask, CommitPlan, Move, PRESENT, Terms};
use super::reference::{DeadLetterView, Reference};
use crate::storage::fixture::{self, Fixture, LONG, burial, copy, facts, group, line, push};

/// A difference between storage and reference: the subject, and the value of each.
pub(super) type Divergence = String;
pub(super) type Comparison = Result<(), Divergence>;

const SENDERS: [&str; 3] = ["alice", "bob", "carol"];
/// Recipients: three on lines of one transport, one on a line of another, and one without a line.
const RECIPIENTS: [&str; 5] = ["aa11.xenia", "aa12.yuri", "bb21.xenia", "yuri", "aa11.zoe"];
/// Keys that a claim may leave out: a line, its transport, and a line of another transport.
const CLOSED: [&str; 3] = ["aa11", "aa", "bb21"];
const KEYS: [&str; 4] = ["k0", "k1", "alice", "bob"];
const POOLS: [&str; 2] = ["p0", "p1"];
const SENT: [&str; 3] = ["s0", "s1", "s2"];

/// A store under test, and direct access to it, to make delayed retries due; the contract has no move for
/// that.
pub(super) trait DirectAccess {
    /// The store carries out moves that wait together as one batch, and makes their claims behind all of
    /// them.
    const IS_BATCHED: bool;

    async fn end_delays(&mut self, queue: &Queue, groups: &[Group]);
}

pub(super) struct Runner<'a, D> {
    fixture: &'a Fixture,
    direct: &'a mut D,
    reference: Reference,
    claims: Vec<Claim>,
    /// Members of pools as they were read before, with their tickets.
    remembered: Vec<(String, Member)>,
    /// Number of replies created so far, for their ids.
    replies: u32,
}

/// Applies all moves, then completes every message, and compares after each step.
pub(super) async fn run<D: DirectAccess>(
    fixture: &Fixture,
    direct: &mut D,
    moves: &[Move],
) -> Comparison {
    let mut runner = Runner {
        fixture,
        direct,
        reference: Reference::new(D::IS_BATCHED),
        claims: Vec::new(),
        remembered: Vec::new(),
        replies: 0,
    };
    for (index, one) in moves.iter().enumerate() {
        runner.apply(one).await.map_err(|why| format!("move {index}, {one:?}: {why}"))?;
    }
    runner.drain().await.map_err(|why| format!("at the end: {why}"))
}

#[expect(clippy::needless_pass_by_value, reason = "passed to `map_err`")]
pub(super) fn call_error(error: StorageError) -> Divergence {
    format!("the call failed: {error}")
}

pub(super) fn compare<T: PartialEq + Debug>(subject: &str, expected: &T, found: &T) -> Comparison {
    if expected == found {
        return Ok(());
    }
    Err(format!("{subject}\n  expected {expected:?}\n  found    {found:?}"))
}

impl<D: DirectAccess> Runner<'_, D> {
    async fn apply(&mut self, one: &Move) -> Comparison {
        match one {
            Move::Push { .. }
            | Move::Record { .. }
            | Move::Claim { .. }
            | Move::Complete { .. }
            | Move::Retry { .. }
            | Move::Release { .. }
            | Move::Bury { .. } => self.issue(std::slice::from_ref(one)).await,
            Move::Together { moves } => self.issue(moves).await,
            Move::Heartbeat { kind } => self.heartbeat(*kind).await,
            Move::Reclaim { kind } => self.reclaim(*kind).await,
            Move::Schedule { wake } => self.schedule(*wake).await,
            Move::Apply { writes, wake } => self.change(writes, *wake).await,
            Move::Unbury { kind, number, replayed } => {
                self.unbury(*kind, usize::from(*number), *replayed).await
            }
            Move::EndDelays { kind } => {
                let due = self.reference.end_delays(*kind);
                self.direct.end_delays(&self.queue(*kind), &due).await;
                Ok(())
            }
            Move::Compare => self.compare_state().await,
            Move::ExpireLease { age } => match self.claim_of_age(*age) {
                Some(claim) => self.expire_lease(&claim).await,
                None => Ok(()),
            },
            Move::Crash { age } => match self.index_of(*age) {
                Some(at) => {
                    let claim = self.claims.remove(at);
                    self.expire_lease(&claim).await
                }
                None => Ok(()),
            },
        }
    }

    /// Issues the calls of these moves at the same time, in their order, and keeps their claims.
    async fn issue(&mut self, moves: &[Move]) -> Comparison {
        let calls: Vec<_> = moves.iter().filter_map(|one| self.call(one)).collect();
        let expected = self.reference.carry_out(&calls);
        let replies = join_all(calls.into_iter().map(|call| call.send(self.fixture))).await;
        for (expected, reply) in expected.iter().zip(replies) {
            let (answer, claimed) = reply?;
            compare_reply(expected, answer, &claimed)?;
            self.claims.extend(claimed.into_iter().flat_map(|claimed| claimed.claims));
        }
        Ok(())
    }

    /// Returns the call of a move that may be issued together with others; none when it needs a claim and
    /// there is none.
    fn call(&mut self, one: &Move) -> Option<Call> {
        Some(match one {
            Move::Push { group, id, replies, low_limits, terms } => {
                Call::Push(self.push(*group, *id, *replies, *low_limits, terms))
            }
            Move::Record { id } => {
                Call::Record(facts(&format!("n{id}"), &[EventKind::Received, EventKind::Rejected]))
            }
            Move::Claim { kind, ask } => Call::Claim(*kind, claim_request(ask)),
            Move::Complete { age, plan, next, owed } => {
                let claim = self.claim_of_age(*age)?;
                let commit = self.commit(&claim, plan);
                let (next, owed) = (next.as_ref().map(claim_request), owed.as_ref());
                Call::Complete(claim, commit, NextClaims { next, owed: owed.map(claim_request) })
            }
            Move::Retry { age, delayed, failed, outcome_unknown, with_note } => {
                let claim = self.claim_of_age(*age)?;
                let retry = Retry {
                    after: if *delayed { LONG } else { Duration::ZERO },
                    failed: *failed,
                    outcome_unknown: *outcome_unknown,
                    note: with_note.then(|| format!("note {}", self.claims.len())),
                    facts: Some(settlement_facts(&claim, EventKind::Retried).0),
                };
                Call::Retry(claim, retry)
            }
            Move::Release { age } => Call::Release(self.claim_of_age(*age)?),
            Move::Bury { age, replies } => {
                let claim = self.claim_of_age(*age)?;
                let burial = self.burial(&claim, *replies);
                Call::Bury(claim, burial)
            }
            _ => return None,
        })
    }

    fn queue(&self, kind: QueueKind) -> Queue {
        Queue { partition: self.fixture.partition.clone(), kind }
    }

    fn index_of(&self, age: u8) -> Option<usize> {
        let back = usize::from(age) % self.claims.len().max(1);
        self.claims.len().checked_sub(back + 1)
    }

    fn claim_of_age(&self, age: u8) -> Option<Claim> {
        self.index_of(age).map(|at| copy(&self.claims[at]))
    }

    /// Returns new outbox entries caused by `cause`, to the recipients in turn.
    fn new_replies(&mut self, count: u8, cause: &str) -> Vec<Entry> {
        let mut replies = Vec::new();
        for _ in 0..count {
            let to = RECIPIENTS[self.replies as usize % RECIPIENTS.len()];
            self.replies += 1;
            let id = MessageId::new(format!("o{}", self.replies));
            replies.push(Entry { group: group(to), payload: format!("{cause}|{id}"), id });
        }
        replies
    }

    fn push(&mut self, sender: u8, id: u8, replies: u8, low_limits: bool, terms: &Terms) -> Push {
        let (id, sender) = (format!("m{id}"), SENDERS[usize::from(sender)]);
        let entry = fixture::entry(sender, &id);
        let outbox = self.new_replies(replies, &id);
        let (max_depth, max_group_depth) = if low_limits { (4, 2) } else { (1000, 1000) };
        let mark = if terms.marked { Some("k0".to_owned()) } else { None };
        Push {
            is_queued: !terms.unqueued,
            is_dropped_for_good: terms.once,
            marks: mark.into_iter().collect(),
            rate: terms.rated.then(|| self.rate(sender, &id)),
            writes: terms.writes.iter().map(|code| write(*code)).collect(),
            outbox,
            once: terms.once.then(|| self.once(&format!("once:{sender}"), &id)),
            max_depth,
            max_group_depth,
            max_crowded_depth: 1,
            ..push(entry)
        }
    }

    fn rate(&mut self, sender: &str, id: &str) -> SenderRate {
        let notice = Some(self.once(&format!("noticed:{sender}"), id));
        SenderRate { bucket: format!("bucket:{sender}"), interval: LONG, burst: 2, notice }
    }

    fn once(&mut self, key: &str, id: &str) -> Once {
        let entry = self.new_replies(1, id).remove(0);
        Once { key: key.to_owned(), every: LONG, entry }
    }

    fn commit(&mut self, claim: &Claim, plan: &CommitPlan) -> Commit {
        let (facts, settles) = settlement_facts(claim, EventKind::Handled);
        let replies = if claim.queue.kind == QueueKind::Inbound { plan.replies } else { 0 };
        let outbox = self.new_replies(replies, claim.id.as_str());
        let limit = |entry: &Entry| RecipientLimit { group: entry.group.clone(), max_depth: 2 };
        Commit {
            checks: self.checks(plan.check),
            writes: plan.writes.iter().map(|code| write(*code)).collect(),
            recipient: outbox.last().filter(|_| plan.low_limit).map(limit),
            outbox,
            wakes: plan.wakes.iter().map(|code| wake(*code)).collect(),
            settles,
            provider_id: plan
                .check
                .is_multiple_of(3)
                .then(|| SENT[self.claims.len() % 3].to_owned()),
            facts: Some(facts),
        }
    }

    fn checks(&self, code: u8) -> Vec<Check> {
        let value =
            |key: &str, expected: Option<String>| Check::Value { key: key.to_owned(), expected };
        let known = |key: &str| value(key, self.reference.values.get(key).cloned());
        let member = || {
            let remembered = self.remembered.last().cloned();
            remembered.map(|(pool, member)| Check::Member { pool, member })
        };
        match code {
            1 => vec![known("k0"), known("alice")],
            2 => vec![known("k1"), value("k0", Some("never".to_owned()))],
            3 => member().into_iter().collect(),
            4 => member().into_iter().chain([known("bob")]).collect(),
            5 => vec![value("k1", None)],
            _ => Vec::new(),
        }
    }

    fn burial(&mut self, claim: &Claim, replies: u8) -> Burial {
        let (facts, settles) = settlement_facts(claim, EventKind::Buried);
        let replies = if claim.queue.kind == QueueKind::Inbound { replies } else { 0 };
        let outbox = self.new_replies(replies, claim.id.as_str());
        Burial { outbox, settles, facts: Some(facts), ..burial("given up") }
    }

    async fn unbury(&mut self, kind: QueueKind, number: usize, replayed: bool) -> Comparison {
        let queue = self.queue(kind);
        let storage = &self.fixture.storage;
        let mut letters =
            storage.dead_letters_before(&queue, None, number).await.map_err(call_error)?;
        letters.reverse();
        let replays: Vec<Replay> = letters
            .into_iter()
            .map(|(letter, DeadLetter { id, payload, .. })| {
                let (facts, owed) = facts_of(kind, &id, &payload, EventKind::Replayed);
                Replay { letter, owed, facts: Some(facts) }
            })
            .collect();
        let expected = self.reference.unbury(kind, &replays, replayed);
        let found = if replayed {
            storage.replay(&queue, &replays).await
        } else {
            let letters: Vec<_> = replays.into_iter().map(|it| (it.letter, it.facts)).collect();
            storage.discard(&queue, &letters).await
        };
        compare("letters", &expected, &found.map_err(call_error)?)
    }

    async fn expire_lease(&mut self, claim: &Claim) -> Comparison {
        let claims = [(claim.group.clone(), claim.token.clone())];
        self.extend(claim.queue.kind, Duration::ZERO, &claims).await
    }

    async fn heartbeat(&mut self, kind: QueueKind) -> Comparison {
        let extended = self.claims.iter().filter(|claim| claim.queue.kind == kind);
        let claims: Vec<_> =
            extended.map(|claim| (claim.group.clone(), claim.token.clone())).collect();
        self.extend(kind, LONG, &claims).await
    }

    async fn extend(
        &mut self,
        kind: QueueKind,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Comparison {
        let expected = self.reference.extend(kind, lease.is_zero(), claims);
        let lost = self.fixture.storage.extend(&self.queue(kind), lease, claims).await;
        compare("lost leases", &expected, &lost.map_err(call_error)?)
    }

    async fn reclaim(&mut self, kind: QueueKind) -> Comparison {
        let expected = self.reference.reclaim(kind);
        let moved = self.fixture.storage.reclaim(&self.queue(kind)).await;
        compare("reclaimed", &expected, &moved.map_err(call_error)?)
    }

    async fn schedule(&mut self, code: u8) -> Comparison {
        let (wake, due) = scheduled_wake(code);
        self.reference.schedule(&Entry::wake(wake.clone()), due);
        let scheduled = self.fixture.storage.schedule(&self.fixture.partition, wake, due).await;
        scheduled.map_err(call_error)
    }

    async fn change(&mut self, writes: &[u8], code: u8) -> Comparison {
        let writes = writes.iter().map(|code| write(*code)).collect();
        let change = Change { writes, wakes: vec![wake(code).0] };
        self.reference.change(&change);
        self.fixture.storage.apply(&self.fixture.partition, change).await.map_err(call_error)
    }

    /// Ends every lease and delay, then completes every message.
    async fn drain(&mut self) -> Comparison {
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            self.apply(&Move::EndDelays { kind }).await?;
            for at in 0..self.claims.len() {
                let claim = copy(&self.claims[at]);
                self.expire_lease(&claim).await?;
            }
            let ask = Ask { reclaim: true, closed: 0, max: 1 };
            let plan = CommitPlan::default();
            loop {
                let known = self.claims.len();
                self.apply(&Move::Claim { kind, ask: ask.clone() }).await?;
                if self.claims.len() == known {
                    break;
                }
                let plan = plan.clone();
                self.issue(&[Move::Complete { age: 0, plan, next: None, owed: None }]).await?;
            }
            compare("left", &0, &self.reference.depth(kind).pending)?;
        }
        self.compare_state().await
    }

    async fn compare_state(&mut self) -> Comparison {
        let Fixture { storage, partition } = self.fixture;
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            let queue = self.queue(kind);
            let depth = storage.depth(&queue).await.map_err(call_error)?;
            compare("depth", &self.reference.depth(kind), &depth)?;
            let dead = storage.dead_letters_before(&queue, None, 100).await.map_err(call_error)?;
            let dead: Vec<_> = dead
                .into_iter()
                .map(|(_, d)| DeadLetterView {
                    group: d.group,
                    id: d.id,
                    payload: d.payload,
                    reason: d.reason,
                })
                .collect();
            compare("dead letters", &self.reference.dead(kind), &dead)?;
        }
        let keys = KEYS.map(str::to_owned);
        let values = storage.values(partition, &keys).await.map_err(call_error)?;
        let expected: Vec<_> =
            keys.iter().map(|key| self.reference.values.get(key).cloned()).collect();
        compare("values", &expected, &values)?;
        let expected = self.reference.counters.get("c0").copied().unwrap_or_default();
        let total = storage.total(partition, "c0").await.map_err(call_error)?;
        compare("total", &expected, &total)?;
        let ids = SENT.map(str::to_owned);
        let known = storage.known_sent(partition, &ids).await.map_err(call_error)?;
        let expected: Vec<_> = ids.iter().map(|id| self.reference.sent.contains(id)).collect();
        compare("known sent ids", &expected, &known)?;
        let events = storage.events(partition, None).await.map_err(call_error)?;
        let events: Vec<_> = events.into_iter().map(|e| (e.message, e.kind)).collect();
        compare("events", &self.reference.events, &events)?;
        self.compare_pools().await
    }

    async fn compare_pools(&mut self) -> Comparison {
        for pool in POOLS {
            let Fixture { storage, partition } = self.fixture;
            let members = storage.members(partition, pool, 100).await.map_err(call_error)?;
            let names: Vec<_> = members.iter().map(|member| member.group.clone()).collect();
            compare("members", &self.reference.members(pool), &names)?;
            let size = storage.size(partition, pool).await.map_err(call_error)?;
            compare("size", &(names.len() as u64), &size)?;
            self.reference.compare_tickets(pool, &members)?;
            self.remembered.extend(members.into_iter().map(|member| (pool.to_owned(), member)));
        }
        Ok(())
    }
}

fn claim_request(ask: &Ask) -> ClaimRequest {
    let is_closed = |bit: &usize| ask.closed & (1 << bit) != 0;
    let closed = (0..CLOSED.len()).filter(is_closed).map(|bit| line(CLOSED[bit])).collect();
    let (max, reclaim) = (usize::from(ask.max), ask.reclaim);
    ClaimRequest { max, reclaim, closed, ..fixture::claim_request(LONG) }
}

/// Returns the facts of a settlement, and the message it settles: an outbound payload begins with the
/// id of its cause.
fn settlement_facts(claim: &Claim, kind: EventKind) -> (Facts, Option<MessageId>) {
    facts_of(claim.queue.kind, &claim.id, &claim.payload, kind)
}

fn facts_of(
    queue: QueueKind,
    id: &MessageId,
    payload: &str,
    kind: EventKind,
) -> (Facts, Option<MessageId>) {
    match queue {
        QueueKind::Inbound => (facts(id.as_str(), &[kind]), None),
        QueueKind::Outbox => {
            let (cause, _) = payload.split_once('|').expect("every reply names its cause");
            (facts(cause, &[kind]), Some(MessageId::new(cause)))
        }
    }
}

fn write(code: u8) -> Write {
    let (kind, which) = (code % 8, usize::from(code / 8));
    let (key, pool) = (KEYS[which].to_owned(), POOLS[which % 2].to_owned());
    let group = group(SENDERS[usize::from(kind) % 3]);
    match kind {
        0..=1 => Write::Put { key, value: format!("v{code}"), ttl: LONG },
        2 => Write::Remove { key },
        3..=5 => Write::Insert { pool, group, ttl: LONG },
        6 => Write::Take { pool, group: crate::storage::fixture::group(SENDERS[which % 3]) },
        _ => Write::Count { name: "c0".to_owned(), by: i64::from(code) - 16, ttl: LONG },
    }
}

fn wake(code: u8) -> (Entry, Option<DateTime<Utc>>) {
    let to = ["@lobby", "alice"][usize::from(code) % 2];
    let id = ["w0", "w1"][usize::from(code / 2) % 2];
    let entry = fixture::entry(to, id);
    let due = match code / 4 {
        0..=4 => None,
        // Each has a different time, so that their order is defined.
        5..=6 => Some(PRESENT - 1000 - i64::from(code)),
        _ => Some(PRESENT * 4 + i64::from(code)),
    };
    (entry, due.and_then(DateTime::from_timestamp_millis))
}

/// Returns a wake that is scheduled without a commit, and its time: in every other case it is due. The
/// time of no other wake is the same.
fn scheduled_wake(code: u8) -> (Wake, DateTime<Utc>) {
    let to = ["@lobby", "alice"][usize::from(code) % 2];
    let due = if code < 4 { PRESENT - 2000 } else { PRESENT * 4 + 2000 } + i64::from(code);
    let due = DateTime::from_timestamp_millis(due).expect("the time is in range");
    (fixture::wake(to, "w0", code / 2 % 2), due)
}
