//! The `Recorded` event, written when the last reply to a message is settled.

use crosswire::contracts::storage::{Burial, Commit, Push, Replay};
use crosswire::model::event::EventKind;
use crosswire::model::message::MessageId;

use crate::storage::fixture::{Fixture, burial, commit, copy, entry, facts, push};

/// Completes `m1` with these messages in its outbox.
async fn handle(f: &Fixture, replies: &[&str]) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = replies.iter().map(|id| entry(id, id)).collect();
    let facts = Some(facts("m1", &[EventKind::Handled]));
    f.complete(claim, Commit { outbox, facts, ..commit() }).await;
}

async fn times_recorded(f: &Fixture) -> usize {
    f.kinds("m1").await.iter().filter(|kind| **kind == EventKind::Recorded).count()
}

/// Returns a commit that settles one of the replies to `m1` as sent.
fn sent() -> Commit {
    let facts = facts("m1", &[EventKind::Sent]);
    Commit { settles: Some(MessageId::new("m1")), facts: Some(facts), ..commit() }
}

pub(crate) async fn message_without_replies_is_recorded_when_handled(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let facts = Some(facts("m1", &[EventKind::Handled, EventKind::Recorded]));
    f.complete(claim, Commit { facts, ..commit() }).await;
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
    let facts = facts("m1", &[EventKind::Failed, EventKind::Buried]);
    let settles = Some(MessageId::new("m1"));
    f.bury(claim, Burial { settles, facts: Some(facts), ..burial("no such number") }).await;
    assert_eq!(times_recorded(&f).await, 1);
}

pub(crate) async fn buried_message_is_recorded_when_its_notices_are_sent(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = vec![entry("alice", "o1"), entry("bob", "o2")];
    let facts = Some(facts("m1", &[EventKind::Buried]));
    f.bury(claim, Burial { outbox, facts, ..burial("poison") }).await;
    for recorded in [0, 1] {
        let claim = f.claim_outbox().await;
        f.complete(claim, sent()).await;
        assert_eq!(times_recorded(&f).await, recorded);
    }
}

pub(crate) async fn replayed_message_waits_for_its_notices_and_its_replies(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = vec![entry("alice", "o1"), entry("bob", "o2")];
    let buried = Some(facts("m1", &[EventKind::Buried]));
    f.bury(claim, Burial { outbox, facts: buried, ..burial("poison") }).await;
    let mut letters = f.storage.dead_letters_before(&f.inbound(), None, 1).await.unwrap();
    let replay = Replay { letter: letters.remove(0).0, owed: None, facts: None };
    assert_eq!(f.storage.replay(&f.inbound(), &[replay]).await.unwrap(), 1);
    let outbox = vec![entry("carol", "o3"), entry("dave", "o4")];
    let handled = Some(facts("m1", &[EventKind::Handled]));
    f.complete(f.claim().await, Commit { outbox, facts: handled, ..commit() }).await;
    for recorded in [0, 0, 0, 1] {
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
