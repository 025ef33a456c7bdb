//! A message is recorded when the last of what it caused is settled.

use crosswire::contracts::storage::{Burial, Commit, Push};
use crosswire::model::event::EventKind;
use crosswire::model::message::MessageId;

use crate::storage::fixture::{Fixture, burial, commit, copy, entry, facts, push};

/// Handles `m1` so that it owes these messages.
async fn handle(f: &Fixture, owed: &[&str]) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = owed.iter().map(|id| entry(id, id)).collect();
    let told = Some(facts("m1", &[EventKind::Handled]));
    f.complete(claim, Commit { outbox, facts: told, ..commit() }).await;
}

async fn times_recorded(f: &Fixture) -> usize {
    f.kinds("m1").await.iter().filter(|kind| **kind == EventKind::Recorded).count()
}

/// A commit that settles one of the debts of `m1`.
fn sent() -> Commit {
    let told = facts("m1", &[EventKind::Sent]);
    Commit { settles: Some(MessageId::new("m1")), facts: Some(told), ..commit() }
}

pub(crate) async fn message_without_replies_is_recorded_when_handled(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let told = Some(facts("m1", &[EventKind::Handled, EventKind::Recorded]));
    f.complete(claim, Commit { facts: told, ..commit() }).await;
    assert_eq!(times_recorded(&f).await, 1);
}

pub(crate) async fn message_with_one_reply_is_recorded_when_the_reply_is_sent(f: Fixture) {
    handle(&f, &["o1"]).await;
    assert_eq!(times_recorded(&f).await, 0);
    let claim = f.claim_outbox().await;
    f.complete(claim, sent()).await;
    assert_eq!(f.kinds("m1").await[3..], [EventKind::Sent, EventKind::Recorded]);
}

pub(crate) async fn message_with_three_replies_is_recorded_with_the_last_one(f: Fixture) {
    handle(&f, &["o1", "o2", "o3"]).await;
    for recorded in [0, 0, 1] {
        let claim = f.claim_outbox().await;
        let late = copy(&claim);
        f.complete(claim, sent()).await;
        assert_eq!(times_recorded(&f).await, recorded);
        f.complete(late, sent()).await;
        assert_eq!(times_recorded(&f).await, recorded, "a settlement counts once");
    }
}

pub(crate) async fn buried_reply_counts_as_settled(f: Fixture) {
    handle(&f, &["o1", "o2"]).await;
    let claim = f.claim_outbox().await;
    f.complete(claim, sent()).await;
    assert_eq!(times_recorded(&f).await, 0);
    let claim = f.claim_outbox().await;
    let told = facts("m1", &[EventKind::Failed, EventKind::Buried]);
    let settles = Some(MessageId::new("m1"));
    f.bury(claim, Burial { settles, facts: Some(told), ..burial("no such number") }).await;
    assert_eq!(times_recorded(&f).await, 1);
}

pub(crate) async fn buried_message_is_recorded_when_its_notices_are_sent(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = vec![entry("alice", "o1"), entry("bob", "o2")];
    let told = Some(facts("m1", &[EventKind::Buried]));
    f.bury(claim, Burial { outbox, facts: told, ..burial("poison") }).await;
    for recorded in [0, 1] {
        let claim = f.claim_outbox().await;
        f.complete(claim, sent()).await;
        assert_eq!(times_recorded(&f).await, recorded);
    }
}

pub(crate) async fn reply_pushed_with_a_message_adds_no_event(f: Fixture) {
    let outbox = vec![entry("alice", "o1")];
    f.push_with(Push { outbox, ..push(entry("alice", "m1")) }).await;
    assert_eq!(f.kinds("m1").await, [EventKind::Received, EventKind::Queued]);
    assert_eq!(f.claim_outbox().await.id.as_str(), "o1");
}
