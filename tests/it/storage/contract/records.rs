//! Event log: facts of messages, retention, and the ids of sent messages.

use chrono::TimeDelta;
use crosswire::contracts::storage::{Commit, Push, Retention};
use crosswire::model::event::{Detail, EventKind, Fact, Facts};
use crosswire::model::message::MessageId;
use crosswire::model::state::Write;
use std::time::Duration;

use crate::storage::fixture::{Fixture, LONG, burial, commit, entry, facts, now, push};

pub(crate) async fn event_is_read_back_as_written(f: Fixture) {
    let earlier = now() - TimeDelta::seconds(90);
    let detail = Detail { reason: Some("too long".to_owned()), ..Detail::default() };
    let facts = Facts {
        max_records: 1000,
        message: MessageId::new("m1"),
        facts: vec![
            Fact { kind: EventKind::Received, at: Some(earlier) },
            EventKind::Queued.into(),
        ],
        detail: detail.clone(),
    };
    let before = now() - TimeDelta::milliseconds(1);
    f.push_with(Push { facts, ..push(entry("alice", "m1")) }).await;
    let events = f.storage.events(&f.partition, None).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Received, EventKind::Queued]);
    assert_eq!(events[0].at.timestamp_millis(), earlier.timestamp_millis());
    assert!(events[1].at >= before && events[1].at <= now() + TimeDelta::milliseconds(1));
    assert!(events.iter().all(|e| e.message.as_str() == "m1" && e.detail == detail));
}

pub(crate) async fn events_can_be_filtered_by_message(f: Fixture) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let (one, _two) = (f.claim().await, f.claim().await);
    let handled = Some(facts("m1", &[EventKind::Handled]));
    f.complete(one, Commit { facts: handled, ..commit() }).await;
    let id = MessageId::new("m2");
    let of_two = f.storage.events(&f.partition, Some(&id)).await.unwrap();
    assert_eq!(of_two.len(), 2);
    assert!(of_two.iter().all(|event| event.message == id));
    assert_eq!(
        f.kinds("m1").await[..3],
        [EventKind::Received, EventKind::Queued, EventKind::Handled]
    );
    assert_eq!(f.kinds("unknown").await, []);
}

pub(crate) async fn repeated_record_of_a_rejected_message_is_ignored(f: Fixture) {
    let rejected = || facts("m1", &[EventKind::Received, EventKind::Rejected]);
    f.storage.record(&f.partition, rejected()).await.unwrap();
    f.storage.record(&f.partition, rejected()).await.unwrap();
    assert_eq!(f.kinds("m1").await, [EventKind::Received, EventKind::Rejected]);
}

pub(crate) async fn event_log_is_trimmed_oldest_first(f: Fixture) {
    for n in 0..300 {
        let id = format!("m{n}");
        f.push_with(Push {
            facts: crosswire::model::event::Facts {
                max_records: 20,
                ..push(entry("alice", &id)).facts
            },
            max_group_depth: 1000,
            max_crowded_depth: 1000,
            ..push(entry("alice", &id))
        })
        .await;
    }
    let events = f.storage.events(&f.partition, None).await.unwrap();
    // Redis trims whole stream nodes, which hold up to 100 entries.
    assert!((2..=20 + 220).contains(&events.len()), "{}", events.len());
    assert_eq!(events.last().unwrap().message.as_str(), "m299");
}

fn retention(age: Duration) -> Retention {
    Retention { events: age, dead_letters: age }
}

/// Leaves a dead letter, its events and a pool member, all of them some milliseconds old.
async fn leave_old_data(f: &Fixture) {
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    let (one, two) = (f.claim().await, f.claim().await);
    let insert = Write::Insert { pool: "p1".to_owned(), group: one.group.clone(), ttl: LONG };
    f.complete(one, Commit { writes: vec![insert], ..commit() }).await;
    f.bury(two, burial("poison")).await;
    wait_past_the_millisecond().await;
}

pub(crate) async fn trim_removes_only_what_is_past_its_retention(f: Fixture) {
    leave_old_data(&f).await;
    let before = f.snapshot().await;
    f.storage.trim(&f.partition, retention(LONG), Duration::ZERO).await.unwrap();
    assert_eq!(f.snapshot().await, before);
    wait_past_the_millisecond().await;
    f.storage.trim(&f.partition, retention(Duration::ZERO), Duration::ZERO).await.unwrap();
    assert_eq!(f.dead_letters(&f.inbound()).await, []);
    assert_eq!(f.storage.events(&f.partition, None).await.unwrap(), []);
    assert_eq!(f.members("p1").await.len(), 1, "a pool member has a ttl of its own");
}

pub(crate) async fn trim_runs_at_most_once_per_interval(f: Fixture) {
    f.storage.trim(&f.partition, retention(LONG), LONG).await.unwrap();
    leave_old_data(&f).await;
    let before = f.snapshot().await;
    f.storage.trim(&f.partition, retention(Duration::ZERO), LONG).await.unwrap();
    assert_eq!(f.snapshot().await, before);
}

/// Waits until existing data is older than a retention of zero: ages are in whole milliseconds.
async fn wait_past_the_millisecond() {
    let start = now();
    while now() - start < TimeDelta::milliseconds(3) {
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn sent_messages_are_known_by_provider_id(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let provider_id = Some("SM1".to_owned());
    f.complete(claim, Commit { provider_id, ..commit() }).await;
    let ids = ["SM0", "SM1", "SM2"].map(str::to_owned);
    let known = f.storage.known_sent(&f.partition, &ids).await.unwrap();
    assert_eq!(known, [false, true, false]);
    assert!(f.storage.known_sent(&f.partition, &[]).await.unwrap().is_empty());
}
