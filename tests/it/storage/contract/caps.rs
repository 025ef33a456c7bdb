//! Limits of a topic's and a group's backlog, and the counts of `depth`.

use crosswire::contracts::storage::{Push, Pushed};
use crosswire::model::event::EventKind;
use crosswire::model::state::Write;

use crate::storage::fixture::{Fixture, commit, entry, push};

pub(crate) async fn full_topic_refuses_pushes_until_a_message_completes(f: Fixture) {
    let tight = |group, id| Push { max_depth: 2, ..push(entry(group, id)) };
    assert_eq!(f.push_with(tight("alice", "m1")).await, Pushed::Accepted);
    assert_eq!(f.push_with(tight("bob", "m2")).await, Pushed::Accepted);
    let before = f.snapshot().await;
    assert_eq!(f.push_with(tight("carol", "m3")).await, Pushed::Full);
    assert_eq!(f.snapshot().await, before);
    assert_eq!(f.push_with(tight("bob", "m2")).await, Pushed::Duplicate);
    let claim = f.claim().await;
    assert_eq!(
        f.push_with(tight("carol", "m3")).await,
        Pushed::Full,
        "a claimed message still counts"
    );
    f.complete(claim, commit()).await;
    assert_eq!(f.push_with(tight("carol", "m3")).await, Pushed::Accepted);
}

pub(crate) async fn full_group_drops_the_message_and_records_it(f: Fixture) {
    let tight = |group, id| Push {
        max_group_depth: 2,
        outbox: vec![entry("alice", "o9")],
        ..push(entry(group, id))
    };
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    assert_eq!(f.push_with(tight("alice", "m3")).await, Pushed::GroupFull);
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 2);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap().pending, 0);
    assert!(f.kinds("m3").await.contains(&EventKind::Dropped));
    assert_eq!(f.push_with(tight("bob", "m4")).await, Pushed::Accepted, "another group has room");
}

pub(crate) async fn dropped_message_is_accepted_when_it_is_sent_again(f: Fixture) {
    let tight = |id| Push { max_group_depth: 1, ..push(entry("alice", id)) };
    f.push("alice", "m1").await;
    assert_eq!(f.push_with(tight("m2")).await, Pushed::GroupFull);
    let claim = f.claim().await;
    f.complete(claim, commit()).await;
    assert_eq!(f.push_with(tight("m2")).await, Pushed::Accepted);
    assert_eq!(f.push_with(tight("m2")).await, Pushed::Duplicate);
    assert_eq!(f.claim().await.id.as_str(), "m2");
}

pub(crate) async fn message_that_is_dropped_for_good_stays_dropped(f: Fixture) {
    let ttl = crate::storage::fixture::LONG;
    let put = Write::Put { key: "k1".to_owned(), value: "v".to_owned(), ttl };
    let tight = |writes| Push {
        max_group_depth: 1,
        is_dropped_for_good: true,
        writes,
        ..push(entry("alice", "m2"))
    };
    f.push("alice", "m1").await;
    assert_eq!(f.push_with(tight(Vec::new())).await, Pushed::GroupFull);
    f.complete(f.claim().await, commit()).await;
    assert_eq!(f.push_with(tight(vec![put])).await, Pushed::Duplicate, "it would come too late");
    assert_eq!(f.value("k1").await, None);
    assert!(f.nothing_is_ready().await);
}

pub(crate) async fn depth_counts_messages_by_state(f: Fixture) {
    use crate::storage::fixture::{LONG, burial, now, retry};
    use crosswire::contracts::storage::{Commit, Depth, Retry};
    for (group, id) in
        [("a", "a1"), ("b", "b1"), ("b", "b2"), ("c", "c1"), ("d", "d1"), ("e", "e1")]
    {
        f.push(group, id).await;
    }
    let (a, b, c) = (f.claim().await, f.claim().await, f.claim().await);
    let later = now() + chrono::TimeDelta::hours(1);
    f.complete(a, Commit { wakes: vec![(entry("a", "w"), Some(later))], ..commit() }).await;
    f.retry(b, Retry { after: LONG, ..retry() }).await;
    f.bury(c, burial("poison")).await;
    f.claim().await;
    let depth = f.storage.depth(&f.inbound()).await.unwrap();
    let expected =
        Depth { pending: 4, ready: 1, leased: 1, delayed: 1, suspect: 0, scheduled: 1, dead: 1 };
    assert_eq!(depth, expected);
    assert_eq!(f.storage.depth(&f.outbox()).await.unwrap(), Depth::default());
}
