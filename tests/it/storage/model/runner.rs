//! Makes each move twice, in the storage and in the reference, and compares.

use std::fmt::Debug;
use std::time::Duration;

use chrono::DateTime;
use crosswire::contracts::storage::{
    Burial, Claim, ClaimRequest, Claimed, Commit, Entry, Push, Queue, QueueKind, Retry, Settled,
    StorageError, Token,
};
use crosswire::model::address::Group;
use crosswire::model::event::{EventKind, Facts};
use crosswire::model::message::MessageId;
use crosswire::model::state::{Check, Member, Write};

use super::moves::{Move, PRESENT, Plan};
use super::reference::{Dead, Due, Fence, Head, Next, Outcome, Reference, Seen};
use crate::storage::fixture::{self, Fixture, LONG, burial, copy, facts, group, line, push, retry};

/// Where storage and reference part: what was asked, and what each said.
pub(super) type Divergence = String;
type Compared = Result<(), Divergence>;

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];
/// Two on lines of one transport, one on a line of another, and one without a line.
const RECIPIENTS: [&str; 4] = ["aa11.xenia", "aa12.yuri", "bb21.xenia", "yuri"];
/// What may be closed to a claim: a line, a transport, and the line of another.
const CLOSED: [&str; 3] = ["aa11", "aa", "bb21"];
const KEYS: [&str; 4] = ["k0", "k1", "alice", "bob"];
const POOLS: [&str; 2] = ["p0", "p1"];
const SENT: [&str; 3] = ["s0", "s1", "s2"];

/// Brings delayed retries to their time; no contract has a move for that.
pub(super) trait Hook {
    async fn fall_due(&mut self, queue: &Queue, groups: &[Group]);
}

pub(super) struct Runner<'a, H> {
    fixture: &'a Fixture,
    hook: &'a mut H,
    reference: Reference,
    hands: Vec<Claim>,
    /// Members of pools as they were once seen, with their tickets.
    remembered: Vec<(String, Member)>,
    owed: u32,
}

/// Makes all these moves, then brings everything to its end, and compares all the way.
pub(super) async fn run<H: Hook>(fixture: &Fixture, hook: &mut H, moves: &[Move]) -> Compared {
    let mut runner = Runner {
        fixture,
        hook,
        reference: Reference::default(),
        hands: Vec::new(),
        remembered: Vec::new(),
        owed: 0,
    };
    for (index, one) in moves.iter().enumerate() {
        runner.make(one).await.map_err(|why| format!("move {index}, {one:?}: {why}"))?;
    }
    runner.drain().await.map_err(|why| format!("at the end: {why}"))
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn unanswered(error: StorageError) -> Divergence {
    format!("no answer: {error}")
}

fn same<T: PartialEq + Debug>(what: &str, expected: &T, found: &T) -> Compared {
    if expected == found {
        return Ok(());
    }
    Err(format!("{what}\n  expected {expected:?}\n  found    {found:?}"))
}

impl<H: Hook> Runner<'_, H> {
    async fn make(&mut self, one: &Move) -> Compared {
        match one {
            Move::Push { group, id, owes, tight } => self.push(*group, *id, *owes, *tight).await,
            Move::Note { id } => self.note(*id).await,
            Move::Claim { kind, reclaim, closed } => {
                self.claim(*kind, *reclaim, *closed).await.map(drop)
            }
            Move::Beat { kind } => self.beat(*kind).await,
            Move::Reclaim { kind } => self.reclaim(*kind).await,
            Move::FallDue { kind } => {
                let due = self.reference.fall_due(*kind);
                self.hook.fall_due(&self.queue(*kind), &due).await;
                Ok(())
            }
            Move::Look => self.look().await,
            Move::Complete { hand, plan, next } => match self.hand(*hand) {
                Some(claim) => self.complete(claim, plan, *next).await,
                None => Ok(()),
            },
            Move::Retry { hand, later, failed, outcome_unknown, noted } => {
                let noted = noted.then(|| format!("note {}", self.hands.len()));
                let after = if *later { LONG } else { Duration::ZERO };
                let (failed, outcome_unknown) = (*failed, *outcome_unknown);
                let told = Retry { after, failed, outcome_unknown, note: noted, ..retry() };
                self.retry(*hand, told).await
            }
            Move::Release { hand } => self.release(*hand).await,
            Move::Bury { hand, owes } => self.bury(*hand, *owes).await,
            Move::Lapse { hand } => self.lapse(*hand).await,
            Move::Crash { hand } => {
                self.lapse(*hand).await?;
                if let Some(at) = self.place(*hand) {
                    self.hands.remove(at);
                }
                Ok(())
            }
        }
    }

    fn queue(&self, kind: QueueKind) -> Queue {
        Queue { partition: self.fixture.partition.clone(), kind }
    }

    fn place(&self, hand: u8) -> Option<usize> {
        let back = usize::from(hand) % self.hands.len().max(1);
        self.hands.len().checked_sub(back + 1)
    }

    fn hand(&self, hand: u8) -> Option<Claim> {
        self.place(hand).map(|at| copy(&self.hands[at]))
    }

    /// What is owed because of `cause`, to the recipients in turn.
    fn owe(&mut self, count: u8, cause: &str) -> Vec<Entry> {
        let mut owed = Vec::new();
        for _ in 0..count {
            let to = RECIPIENTS[self.owed as usize % RECIPIENTS.len()];
            self.owed += 1;
            let id = MessageId::new(format!("o{}", self.owed));
            owed.push(Entry { group: group(to), payload: format!("{cause}|{id}"), id });
        }
        owed
    }

    async fn push(&mut self, who: u8, id: u8, owes: u8, tight: bool) -> Compared {
        let id = format!("m{id}");
        let entry = fixture::entry(PEOPLE[usize::from(who)], &id);
        let outbox = self.owe(owes, &id);
        let (max_depth, max_group_depth) = if tight { (4, 2) } else { (1000, 1000) };
        let push = Push { outbox, max_depth, max_group_depth, ..push(entry) };
        let expected = self.reference.push(&push);
        let pushed = self.fixture.storage.push(&self.fixture.partition, push).await;
        same("pushed", &expected, &pushed.map_err(unanswered)?)
    }

    async fn note(&mut self, id: u8) -> Compared {
        let told = facts(&format!("n{id}"), &[EventKind::Received, EventKind::Rejected]);
        self.reference.note(&told);
        let noted = self.fixture.storage.record(&self.fixture.partition, told).await;
        noted.map_err(unanswered)
    }

    async fn claim(
        &mut self,
        kind: QueueKind,
        reclaim: bool,
        closed: u8,
    ) -> Result<bool, Divergence> {
        let ask = ask(reclaim, closed);
        let expected = self.reference.claim(kind, &ask);
        let claimed = self.fixture.storage.claim(&self.queue(kind), &ask).await;
        self.take(&expected, claimed.map_err(unanswered)?)
    }

    /// Compares what was claimed and keeps it; answers whether it is a message.
    fn take(&mut self, expected: &Next, claimed: Claimed) -> Result<bool, Divergence> {
        let found = match &claimed {
            Claimed::Message(claim) => Next::Message(seen(claim)),
            Claimed::Empty { next_due } => Next::Empty(match next_due {
                None => Due::Never,
                Some(due) if *due < LONG / 2 => Due::Now,
                Some(_) => Due::Later,
            }),
        };
        same("claimed", expected, &found)?;
        if let Claimed::Message(claim) = claimed {
            self.hands.push(*claim);
            return Ok(true);
        }
        Ok(false)
    }

    async fn complete(&mut self, claim: Claim, plan: &Plan, next: Option<(bool, u8)>) -> Compared {
        let commit = self.commit(&claim, plan);
        let ask = next.map(|(reclaim, closed)| ask(reclaim, closed));
        let expected = self.reference.complete(fence(&claim), &commit);
        let (kind, was) = (claim.queue.kind, copy(&claim));
        let completed = self.fixture.storage.complete(claim, commit, ask.as_ref()).await;
        let completed = completed.map_err(unanswered)?;
        same("completed", &expected, &outcome(&was, completed.settled)?)?;
        let next = match (ask, completed.next) {
            (Some(ask), Some(next)) if expected == Outcome::Done => (ask, next),
            (Some(_), None) if expected != Outcome::Done => return Ok(()),
            (None, None) => return Ok(()),
            (_, next) => return Err(format!("claimed with it: {next:?}")),
        };
        let expected = self.reference.claim_along(kind, &next.0);
        self.take(&expected, next.1).map(drop)
    }

    fn commit(&mut self, claim: &Claim, plan: &Plan) -> Commit {
        let (told, settles) = told(claim, EventKind::Handled);
        let owes = if claim.queue.kind == QueueKind::Inbound { plan.owes } else { 0 };
        Commit {
            checks: self.checks(plan.check),
            writes: plan.writes.iter().map(|code| write(*code)).collect(),
            outbox: self.owe(owes, claim.id.as_str()),
            wakes: plan.wakes.iter().map(|code| wake(*code)).collect(),
            settles,
            provider_id: plan
                .check
                .is_multiple_of(3)
                .then(|| SENT[self.hands.len() % 3].to_owned()),
            facts: Some(told),
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

    async fn retry(&mut self, hand: u8, retry: Retry) -> Compared {
        let Some(claim) = self.hand(hand) else { return Ok(()) };
        let retry = Retry { facts: Some(told(&claim, EventKind::Retried).0), ..retry };
        let expected = self.reference.retry(fence(&claim), &retry);
        let was = copy(&claim);
        let settled = self.fixture.storage.retry(claim, retry).await.map_err(unanswered)?;
        same("retried", &expected, &outcome(&was, settled)?)
    }

    async fn release(&mut self, hand: u8) -> Compared {
        let Some(claim) = self.hand(hand) else { return Ok(()) };
        let expected = self.reference.release(fence(&claim), claim.outcome_unknown_since.is_some());
        let was = copy(&claim);
        let settled = self.fixture.storage.release(claim).await.map_err(unanswered)?;
        same("released", &expected, &outcome(&was, settled)?)
    }

    async fn bury(&mut self, hand: u8, owes: u8) -> Compared {
        let Some(claim) = self.hand(hand) else { return Ok(()) };
        let (told, settles) = told(&claim, EventKind::Buried);
        let owes = if claim.queue.kind == QueueKind::Inbound { owes } else { 0 };
        let outbox = self.owe(owes, claim.id.as_str());
        let burial = Burial { outbox, settles, facts: Some(told), ..burial("given up") };
        let expected = self.reference.bury(fence(&claim), &burial);
        let was = copy(&claim);
        let settled = self.fixture.storage.bury(claim, burial).await.map_err(unanswered)?;
        same("buried", &expected, &outcome(&was, settled)?)
    }

    async fn lapse(&mut self, hand: u8) -> Compared {
        let Some(claim) = self.hand(hand) else { return Ok(()) };
        let claims = [(claim.group.clone(), claim.token.clone())];
        self.extend(claim.queue.kind, Duration::ZERO, &claims).await
    }

    async fn beat(&mut self, kind: QueueKind) -> Compared {
        let ours = self.hands.iter().filter(|claim| claim.queue.kind == kind);
        let claims: Vec<_> = ours.map(|claim| (claim.group.clone(), claim.token.clone())).collect();
        self.extend(kind, LONG, &claims).await
    }

    async fn extend(
        &mut self,
        kind: QueueKind,
        lease: Duration,
        claims: &[(Group, Token)],
    ) -> Compared {
        let expected = self.reference.extend(kind, lease.is_zero(), claims);
        let lost = self.fixture.storage.extend(&self.queue(kind), lease, claims).await;
        same("lost leases", &expected, &lost.map_err(unanswered)?)
    }

    async fn reclaim(&mut self, kind: QueueKind) -> Compared {
        let expected = self.reference.reclaim(kind);
        let moved = self.fixture.storage.reclaim(&self.queue(kind)).await;
        same("reclaimed", &expected, &moved.map_err(unanswered)?)
    }

    /// Ends every lease and delay, then works through all that there is.
    async fn drain(&mut self) -> Compared {
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            self.make(&Move::FallDue { kind }).await?;
            for hand in 0..u8::try_from(self.hands.len()).expect("a row of moves is short") {
                self.lapse(hand).await?;
            }
            while self.claim(kind, true, 0).await? {
                let claim = self.hand(0).expect("it has just been claimed");
                self.complete(claim, &Plan::default(), None).await?;
            }
            same("left", &0, &self.reference.depth(kind).pending)?;
        }
        self.look().await
    }

    async fn look(&mut self) -> Compared {
        let Fixture { storage, partition } = self.fixture;
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            let queue = self.queue(kind);
            let depth = storage.depth(&queue).await.map_err(unanswered)?;
            same("depth", &self.reference.depth(kind), &depth)?;
            let dead = storage.dead_letters(&queue, 100).await.map_err(unanswered)?;
            let dead: Vec<_> = dead
                .into_iter()
                .map(|d| Dead { group: d.group, id: d.id, payload: d.payload, reason: d.reason })
                .collect();
            same("dead letters", &self.reference.dead(kind), &dead)?;
        }
        let keys = KEYS.map(str::to_owned);
        let values = storage.values(partition, &keys).await.map_err(unanswered)?;
        let expected: Vec<_> =
            keys.iter().map(|key| self.reference.values.get(key).cloned()).collect();
        same("values", &expected, &values)?;
        let expected = self.reference.counters.get("c0").copied().unwrap_or_default();
        let total = storage.total(partition, "c0").await.map_err(unanswered)?;
        same("total", &expected, &total)?;
        let ids = SENT.map(str::to_owned);
        let known = storage.known_sent(partition, &ids).await.map_err(unanswered)?;
        let expected: Vec<_> = ids.iter().map(|id| self.reference.sent.contains(id)).collect();
        same("known to be sent", &expected, &known)?;
        let events = storage.events(partition, None).await.map_err(unanswered)?;
        let events: Vec<_> = events.into_iter().map(|e| (e.message, e.kind)).collect();
        same("events", &self.reference.events, &events)?;
        self.look_into_pools().await
    }

    async fn look_into_pools(&mut self) -> Compared {
        for pool in POOLS {
            let Fixture { storage, partition } = self.fixture;
            let members = storage.members(partition, pool, 100).await.map_err(unanswered)?;
            let names: Vec<_> = members.iter().map(|member| member.group.clone()).collect();
            same("members", &self.reference.members(pool), &names)?;
            let size = storage.size(partition, pool).await.map_err(unanswered)?;
            same("size", &(names.len() as u64), &size)?;
            self.reference.learn(pool, &members)?;
            self.remembered.extend(members.into_iter().map(|member| (pool.to_owned(), member)));
        }
        Ok(())
    }
}

fn ask(reclaim: bool, closed: u8) -> ClaimRequest {
    let is_closed = |bit: &usize| closed & (1 << bit) != 0;
    let closed = (0..CLOSED.len()).filter(is_closed).map(|bit| line(CLOSED[bit])).collect();
    ClaimRequest { reclaim, closed, ..fixture::claim_request(LONG) }
}

fn fence(claim: &Claim) -> Fence<'_> {
    let Claim { queue, group, token, sequence, .. } = claim;
    Fence { kind: queue.kind, group, token, sequence: *sequence }
}

fn seen(claim: &Claim) -> Seen {
    Seen {
        group: claim.group.clone(),
        token: claim.token.clone(),
        sequence: claim.sequence,
        id: claim.id.clone(),
        payload: claim.payload.clone(),
        head: Head {
            attempt: claim.attempt,
            isolated: claim.isolated,
            failures: claim.failures,
            outcome_unknown: claim.outcome_unknown_since.is_some(),
            note: claim.note.clone(),
        },
        state: claim.state.clone(),
    }
}

/// Says what came of a settlement; after a conflict all but the state must be as it was.
fn outcome(was: &Claim, settled: Settled) -> Result<Outcome, Divergence> {
    Ok(match settled {
        Settled::Done => Outcome::Done,
        Settled::LeaseLost => Outcome::LeaseLost,
        Settled::Conflict(claim) => {
            let state = claim.state.clone();
            same(
                "the claim after a conflict",
                &Claim { state: None, ..copy(was) },
                &Claim { state: None, ..*claim },
            )?;
            Outcome::Conflict(state)
        }
    })
}

/// What a settlement records. An outbound message names its cause in front, and settles its debt.
fn told(claim: &Claim, kind: EventKind) -> (Facts, Option<MessageId>) {
    match claim.queue.kind {
        QueueKind::Inbound => (facts(claim.id.as_str(), &[kind]), None),
        QueueKind::Outbox => {
            let (cause, _) = claim.payload.split_once('|').expect("every debt names its cause");
            (facts(cause, &[kind]), Some(MessageId::new(cause)))
        }
    }
}

fn write(code: u8) -> Write {
    let (what, which) = (code % 8, usize::from(code / 8));
    let (key, pool) = (KEYS[which].to_owned(), POOLS[which % 2].to_owned());
    let group = group(PEOPLE[usize::from(what) % 3]);
    match what {
        0..=1 => Write::Put { key, value: format!("v{code}"), ttl: LONG },
        2 => Write::Remove { key },
        3..=5 => Write::Insert { pool, group, ttl: LONG },
        6 => Write::Take { pool, group: crate::storage::fixture::group(PEOPLE[which % 3]) },
        _ => Write::Count { name: "c0".to_owned(), by: i64::from(code) - 16, ttl: LONG },
    }
}

fn wake(code: u8) -> (Entry, Option<DateTime<chrono::Utc>>) {
    let to = ["@lobby", "alice"][usize::from(code) % 2];
    let id = ["w0", "w1"][usize::from(code / 2) % 2];
    let entry = fixture::entry(to, id);
    let due = match code / 4 {
        0..=4 => None,
        // Each has a time of its own, so that it is plain which comes first.
        5..=6 => Some(PRESENT - 1000 - i64::from(code)),
        _ => Some(PRESENT * 4 + i64::from(code)),
    };
    (entry, due.and_then(DateTime::from_timestamp_millis))
}
