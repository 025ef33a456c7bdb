//! Inspection: the first messages of groups, and the record page by page.

use std::time::Duration;

use crosswire::contracts::storage::{
    Commit, EventCursor, Head, HeadState, Queue, Retention, Retry, StorageError,
};
use crosswire::model::event::EventKind;

use crate::storage::fixture::{Fixture, LONG, commit, entry, facts, retry};

async fn heads(f: &Fixture, queue: &Queue, limit: usize) -> Vec<Head> {
    f.storage.heads(queue, limit).await.unwrap()
}

/// Returns the head of this group.
async fn head_of(f: &Fixture, group: &str) -> Head {
    let mut heads = heads(f, &f.inbound(), 10).await;
    heads.retain(|head| head.group.as_str() == group);
    assert_eq!(heads.len(), 1, "a group has one head");
    heads.remove(0)
}

pub(crate) async fn head_shows_the_state_of_its_group(f: Fixture) {
    for (group, id) in [("alice", "m1"), ("alice", "m2"), ("bob", "m3"), ("carol", "m4")] {
        f.push(group, id).await;
    }
    let (alice, bob) = (f.claim().await, f.claim().await);
    f.retry(bob, Retry { after: LONG, failed: true, ..retry() }).await;
    let head = head_of(&f, "alice").await;
    assert_eq!((head.id.as_str(), head.depth, head.attempts), ("m1", 2, 1));
    assert_eq!(head.payload, entry("alice", "m1").payload);
    let HeadState::Leased(left) = head.state else { panic!("{head:?}") };
    assert!(left <= LONG && left > LONG / 2, "{left:?}");
    let head = head_of(&f, "bob").await;
    assert_eq!((head.failures, head.attempts), (1, 0));
    let HeadState::Delayed(left) = head.state else { panic!("{head:?}") };
    assert!(left <= LONG && left > LONG / 2, "{left:?}");
    let head = head_of(&f, "carol").await;
    assert_eq!((head.state, head.attempts, head.depth), (HeadState::Ready, 0, 1));
    f.crash(alice).await;
    f.crash(f.claim().await).await;
    let head = head_of(&f, "alice").await;
    assert_eq!((head.state, head.attempts), (HeadState::Suspect, 2));
    assert_eq!(heads(&f, &f.outbox(), 10).await, []);
}

pub(crate) async fn heads_are_those_that_wait_longest_on_all_lines(f: Fixture) {
    // One message each, so that each has a time of its own.
    for group in ["aa.1", "bb.2", "aa.3", "dave", "aa.4", "bb.5"] {
        f.push("alice", &format!("for {group}")).await;
        let claim = f.claim().await;
        f.complete(claim, Commit { outbox: vec![entry(group, group)], ..commit() }).await;
    }
    for (limit, expected) in [
        (9, ["aa.1", "bb.2", "aa.3", "dave", "aa.4", "bb.5"].as_slice()),
        (4, ["aa.1", "bb.2", "aa.3", "dave"].as_slice()),
    ] {
        let heads = heads(&f, &f.outbox(), limit).await;
        let groups: Vec<_> = heads.iter().map(|head| head.group.as_str()).collect();
        assert_eq!(groups, expected);
    }
}

/// Reads all events in pages, and returns them with the last position.
async fn read_on(
    f: &Fixture,
    mut after: Option<EventCursor>,
    limit: usize,
) -> (Vec<(String, EventKind)>, Option<EventCursor>) {
    let mut events = Vec::new();
    loop {
        let page = f.storage.events_after(&f.partition, after.as_ref(), limit).await.unwrap();
        let Some((last, _)) = page.last() else { return (events, after) };
        after = Some(last.clone());
        let read = page.into_iter().map(|(_, event)| (event.message.to_string(), event.kind));
        events.extend(read);
        assert!(events.len() <= 100, "a page is read again: {events:?}");
    }
}

pub(crate) async fn events_are_read_page_by_page(f: Fixture) {
    assert_eq!(read_on(&f, None, 1).await, (Vec::new(), None));
    for id in ["m1", "m2", "m3"] {
        f.push("alice", id).await;
    }
    let all = f.storage.events(&f.partition, None).await.unwrap();
    let all: Vec<_> = all.into_iter().map(|it| (it.message.to_string(), it.kind)).collect();
    assert_eq!(all.len(), 6);
    for limit in [1, 2, 100] {
        assert_eq!(read_on(&f, None, limit).await.0, all);
    }
    let first = f.storage.events_after(&f.partition, None, 1).await.unwrap();
    assert_eq!(first.len(), 2, "events of one step are returned together");
}

pub(crate) async fn reader_of_events_goes_on_after_the_record_was_trimmed(f: Fixture) {
    for id in ["m1", "m2", "m3"] {
        f.push("alice", id).await;
    }
    let (_, last) = read_on(&f, None, 100).await;
    // Entries of another millisecond than those before.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let retention = Retention { events: Duration::ZERO, dead_letters: LONG };
    f.storage.trim(&f.partition, retention, Duration::ZERO).await.unwrap();
    assert_eq!(f.storage.events(&f.partition, None).await.unwrap(), []);
    f.storage.record(&f.partition, facts("m4", &[EventKind::Rejected])).await.unwrap();
    let expected = vec![("m4".to_owned(), EventKind::Rejected)];
    let (events, last) = read_on(&f, last, 100).await;
    assert_eq!(events, expected);
    assert_eq!(read_on(&f, last, 100).await.0, []);
}

pub(crate) async fn position_in_the_record_of_another_store_is_refused(f: Fixture) {
    let foreign = EventCursor::new("yesterday");
    let refused = f.storage.events_after(&f.partition, Some(&foreign), 1).await;
    assert!(matches!(refused, Err(StorageError::Corrupt(_))), "{refused:?}");
}
