//! A storage with a topic for one test, and short forms of the calls that tests repeat.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use crosswire::contracts::storage::{
    Burial, Claim, ClaimRequest, Claimed, Commit, Completed, DeadLetter, Entry, NextClaims,
    Partition, Push, Pushed, Queue, QueueKind, Retry, Settled, Storage, Token,
};
use crosswire::model::address::{Group, LineKey};
use crosswire::model::clock::{Clock, SystemClock};
use crosswire::model::event::{Detail, EventKind, Fact, Facts};
use crosswire::model::message::{MessageId, Wake};
use crosswire::model::state::Member;
use serde_json::{Value, json};

/// Duration longer than any test: a lease or delay of this length does not end by itself.
pub(crate) const LONG: Duration = Duration::from_hours(1);

/// Upper bound of claims in a loop, above the messages of any test: a broken storage may return the
/// same message for ever.
pub(crate) const MAX_CLAIMS: u32 = 50;

/// Time limit for a state change that must happen soon.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A partition of a topic that no other test uses.
pub(crate) struct Fixture {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) partition: Partition,
}

impl Fixture {
    /// Creates a topic with a random name, so that tests may share a store.
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        let topic = format!("t{}", Token::random().as_str());
        let topic = topic.parse().expect("hexadecimal digits make a name");
        Self { storage, partition: Partition { topic, number: 0 } }
    }

    pub(crate) fn inbound(&self) -> Queue {
        Queue { partition: self.partition.clone(), kind: QueueKind::Inbound }
    }

    pub(crate) fn outbox(&self) -> Queue {
        Queue { partition: self.partition.clone(), kind: QueueKind::Outbox }
    }

    pub(crate) async fn push(&self, group: &str, id: &str) -> Pushed {
        self.push_with(push(entry(group, id))).await
    }

    pub(crate) async fn push_with(&self, push: Push) -> Pushed {
        self.storage.push(&self.partition, push).await.unwrap()
    }

    pub(crate) async fn try_claim(&self, queue: &Queue, lease: Duration) -> Option<Claim> {
        into_claim(self.storage.claim(queue, &claim_request(lease)).await.unwrap())
    }

    /// Claims a message of the inbound queue, which must have one ready.
    pub(crate) async fn claim(&self) -> Claim {
        self.try_claim(&self.inbound(), LONG).await.expect("a message is ready")
    }

    /// Claims a message of the outbox, which must have one ready.
    pub(crate) async fn claim_outbox(&self) -> Claim {
        self.try_claim(&self.outbox(), LONG).await.expect("a message is ready in the outbox")
    }

    pub(crate) async fn nothing_is_ready(&self) -> bool {
        self.try_claim(&self.inbound(), LONG).await.is_none()
    }

    /// Polls until a message is ready, for messages that become ready after a delay.
    pub(crate) async fn claim_when_due(&self, queue: &Queue) -> Claim {
        let start = Instant::now();
        loop {
            if let Some(claim) = self.try_claim(queue, LONG).await {
                return claim;
            }
            assert!(start.elapsed() < TIMEOUT, "nothing became ready in {TIMEOUT:?}");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn complete(&self, claim: Claim, commit: Commit) -> Settled {
        let claims = NextClaims::default();
        let Completed { settled, next, owed } =
            self.storage.complete(claim, commit, &claims).await.unwrap();
        let nothing = Claimed::default();
        assert_eq!((&next, &owed), (&nothing, &nothing), "no claims were requested");
        settled
    }

    pub(crate) async fn retry(&self, claim: Claim, retry: Retry) -> Settled {
        self.storage.retry(claim, retry).await.unwrap()
    }

    pub(crate) async fn release(&self, claim: Claim) -> Settled {
        self.storage.release(claim).await.unwrap()
    }

    pub(crate) async fn bury(&self, claim: Claim, burial: Burial) -> Settled {
        self.storage.bury(claim, burial).await.unwrap()
    }

    /// Ends a lease at once, as if it had expired; the group stays leased until a reclaim.
    pub(crate) async fn expire_lease(&self, claim: &Claim) {
        let lease = [(claim.group.clone(), claim.token.clone())];
        let lost = self.storage.extend(&claim.queue, Duration::ZERO, &lease).await.unwrap();
        assert_eq!(lost, [], "the claim still held its lease");
    }

    /// Expires and reclaims the lease, as after the crash of the worker that held this claim.
    pub(crate) async fn crash(&self, claim: Claim) {
        self.expire_lease(&claim).await;
        self.storage.reclaim(&claim.queue).await.unwrap();
    }

    pub(crate) async fn value(&self, key: &str) -> Option<String> {
        let keys = [key.to_owned()];
        self.storage.values(&self.partition, &keys).await.unwrap().remove(0)
    }

    pub(crate) async fn members(&self, pool: &str) -> Vec<Member> {
        self.storage.members(&self.partition, pool, 100).await.unwrap()
    }

    pub(crate) async fn total(&self, counter: &str) -> i64 {
        self.storage.total(&self.partition, counter).await.unwrap()
    }

    /// Returns the kinds of the events of one message, in order.
    pub(crate) async fn kinds(&self, id: &str) -> Vec<EventKind> {
        let id = MessageId::new(id);
        let events = self.storage.events(&self.partition, Some(&id)).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }

    /// Returns the dead letters of a queue, the newest first.
    pub(crate) async fn dead_letters(&self, queue: &Queue) -> Vec<DeadLetter> {
        let letters = self.storage.dead_letters_before(queue, None, 100).await.unwrap();
        letters.into_iter().map(|(_, letter)| letter).collect()
    }

    /// Returns the readable state of the partition as text; two snapshots are equal when nothing
    /// has changed in between.
    pub(crate) async fn snapshot(&self) -> String {
        let events = self.storage.events(&self.partition, None).await.unwrap();
        let mut text = format!("{events:?}\n");
        for queue in [self.inbound(), self.outbox()] {
            let depth = self.storage.depth(&queue).await.unwrap();
            let dead = self.dead_letters(&queue).await;
            writeln!(text, "{depth:?} {dead:?}").unwrap();
        }
        let keys = ["k1", "k2", "k3"].map(str::to_owned);
        let values = self.storage.values(&self.partition, &keys).await.unwrap();
        let members = (self.members("p1").await, self.members("p2").await);
        text + &format!("{values:?} {members:?} {}", self.total("c1").await)
    }
}

/// Returns the one claim that was requested, or none if the queue was empty.
pub(crate) fn into_claim(mut claimed: Claimed) -> Option<Claim> {
    assert!(claimed.claims.len() < 2, "more claims than requested: {claimed:?}");
    claimed.claims.pop()
}

pub(crate) fn group(name: &str) -> Group {
    Group::from_id(name)
}

/// Returns the line with this hexadecimal key.
pub(crate) fn line(key: &str) -> LineKey {
    Group::from_id(format!("{key}.")).line().expect("the key is hexadecimal")
}

/// Returns an entry whose payload names its group, so that a mix-up is noticed.
pub(crate) fn entry(name: &str, id: &str) -> Entry {
    Entry { group: group(name), id: MessageId::new(id), payload: format!("{id}|of {name} 🙂") }
}

/// Returns a wake as a store delivers it; only a transaction makes one.
pub(crate) fn wake(to: &str, name: &str, data: impl Into<Value>) -> Wake {
    let (group, data) = (group(to), data.into());
    serde_json::from_value(json!({ "group": group, "name": name, "data": data })).unwrap()
}

pub(crate) fn push(entry: Entry) -> Push {
    Push {
        facts: facts(entry.id.as_str(), &[EventKind::Received, EventKind::Queued]),
        entry,
        is_queued: true,
        is_dropped_for_good: false,
        aliases: Vec::new(),
        marks: Vec::new(),
        rate: None,
        writes: Vec::new(),
        outbox: Vec::new(),
        once: None,
        max_depth: 1000,
        max_group_depth: 100,
        max_crowded_depth: 100,
    }
}

pub(crate) fn facts(id: &str, kinds: &[EventKind]) -> Facts {
    Facts {
        max_records: 1000,
        message: MessageId::new(id),
        facts: kinds.iter().copied().map(Fact::from).collect(),
        detail: Detail::default(),
    }
}

/// Returns a request for the next claim that is made with a completion.
pub(crate) fn next_claim(request: ClaimRequest) -> NextClaims {
    NextClaims { next: Some(request), owed: None }
}

/// Returns a request that also reclaims expired leases and due delays.
pub(crate) fn claim_request(lease: Duration) -> ClaimRequest {
    ClaimRequest { token: Token::random(), lease, max: 1, reclaim: true, closed: Vec::new() }
}

pub(crate) fn commit() -> Commit {
    Commit::default()
}

/// Returns a retry without delay, note or facts.
pub(crate) fn retry() -> Retry {
    Retry { after: Duration::ZERO, failed: false, outcome_unknown: false, note: None, facts: None }
}

pub(crate) fn burial(reason: &str) -> Burial {
    Burial { reason: reason.to_owned(), ..Burial::default() }
}

/// Copies a claim, for a second settlement after one whose reply was lost.
pub(crate) fn copy(claim: &Claim) -> Claim {
    Claim {
        queue: claim.queue.clone(),
        group: claim.group.clone(),
        token: claim.token.clone(),
        sequence: claim.sequence,
        id: claim.id.clone(),
        payload: claim.payload.clone(),
        attempt: claim.attempt,
        isolated: claim.isolated,
        failures: claim.failures,
        outcome_unknown_since: claim.outcome_unknown_since,
        note: claim.note.clone(),
        state: claim.state.clone(),
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    SystemClock.now()
}
