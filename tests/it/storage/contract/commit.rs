//! Atomicity of a commit, and its optimistic checks.

use std::time::Duration;

use crosswire::contracts::storage::{Claim, Claimed, Commit, Settled};
use crosswire::model::event::EventKind;
use crosswire::model::state::{Check, Member, Write};

use crate::storage::fixture::{
    Fixture, LONG, claim_request, commit, copy, entry, facts, group, next_claim,
};

fn put(key: &str, value: &str) -> Write {
    Write::Put { key: key.to_owned(), value: value.to_owned(), ttl: LONG }
}

fn insert(pool: &str, name: &str) -> Write {
    Write::Insert { pool: pool.to_owned(), group: group(name), ttl: LONG }
}

fn value_is(key: &str, expected: Option<&str>) -> Check {
    Check::Value { key: key.to_owned(), expected: expected.map(str::to_owned) }
}

/// Completes a message of its own with these writes.
async fn write(f: &Fixture, id: &str, writes: Vec<Write>) {
    f.push("writer", id).await;
    let claim = f.claim().await;
    assert_eq!(f.complete(claim, Commit { writes, ..commit() }).await, Settled::Done);
}

pub(crate) async fn committed_writes_are_readable(f: Fixture) {
    let count = |by| Write::Count { name: "c1".to_owned(), by, ttl: LONG };
    let writes = vec![put("k1", "one"), put("k2", ""), insert("p1", "alice"), count(5), count(-2)];
    write(&f, "m1", writes).await;
    let keys = ["k1", "k2", "k3"].map(str::to_owned);
    let values = f.storage.values(&f.partition, &keys).await.unwrap();
    assert_eq!(values, [Some("one".to_owned()), Some(String::new()), None]);
    assert_eq!(f.members("p1").await.len(), 1);
    assert_eq!(f.storage.size(&f.partition, "p1").await.unwrap(), 1);
    assert_eq!(f.total("c1").await, 3);

    let take = Write::Take { pool: "p1".to_owned(), group: group("alice") };
    write(&f, "m2", vec![Write::Remove { key: "k1".to_owned() }, take]).await;
    assert_eq!(f.value("k1").await, None);
    assert_eq!(f.members("p1").await, []);
    assert_eq!(f.storage.size(&f.partition, "p1").await.unwrap(), 0);
}

pub(crate) async fn commit_takes_any_time_to_live(f: Fixture) {
    for (key, ttl) in [("none", Duration::ZERO), ("ever", Duration::MAX)] {
        let (name, pool, group) = (key.to_owned(), key.to_owned(), group("alice"));
        let writes = vec![
            Write::Put { key: key.to_owned(), value: "1".to_owned(), ttl },
            Write::Insert { pool, group, ttl },
            Write::Count { name, by: 1, ttl },
        ];
        write(&f, key, writes).await;
    }
    assert_eq!(f.value("ever").await, Some("1".to_owned()));
    assert_eq!(f.members("ever").await.len(), 1);
    assert_eq!(f.total("ever").await, 1);
}

pub(crate) async fn pool_members_are_listed_in_order_of_insertion(f: Fixture) {
    write(&f, "m1", vec![insert("p1", "carol"), insert("p1", "alice")]).await;
    write(&f, "m2", vec![insert("p1", "bob"), insert("p1", "carol")]).await;
    let members = f.members("p1").await;
    let names: Vec<_> = members.iter().map(|member| member.group.as_str()).collect();
    assert_eq!(names, ["carol", "alice", "bob"], "a repeated insert keeps the earlier position");
    assert!(members.is_sorted_by_key(|member| member.ticket));
    let first = f.storage.members(&f.partition, "p1", 1).await.unwrap();
    assert_eq!(first, members[..1]);
}

pub(crate) async fn commit_succeeds_when_checks_hold(f: Fixture) {
    write(&f, "m1", vec![put("k1", "one"), insert("p1", "alice")]).await;
    let member = f.members("p1").await.remove(0);
    let checks = vec![
        value_is("k1", Some("one")),
        value_is("k2", None),
        Check::Member { pool: "p1".to_owned(), member },
    ];
    f.push("bob", "m2").await;
    let claim = f.claim().await;
    let changed = Commit { checks, writes: vec![put("k1", "two")], ..commit() };
    assert_eq!(f.complete(claim, changed).await, Settled::Done);
    assert_eq!(f.value("k1").await.as_deref(), Some("two"));
}

/// Completes with every kind of change and one check that fails; asserts that nothing has changed.
async fn assert_conflict(f: &Fixture, claim: Claim, check: Check) -> Claim {
    let before = f.snapshot().await;
    let every_change = Commit {
        checks: vec![value_is("k3", None), check],
        writes: vec![put("k3", "new"), insert("p2", "zoe")],
        outbox: vec![entry("xenia", "o1")],
        wakes: vec![(entry("@lobby", "w1"), None)],
        provider_id: Some("sent".to_owned()),
        facts: Some(facts(claim.id.as_str(), &[EventKind::Handled])),
        ..commit()
    };
    let first = copy(&claim);
    let completed =
        f.storage.complete(claim, every_change, &next_claim(claim_request(LONG))).await.unwrap();
    assert_eq!(completed.next, Claimed::default());
    let Settled::Conflict(claim) = completed.settled else { panic!("{:?}", completed.settled) };
    assert_eq!(f.snapshot().await, before);
    let known = f.storage.known_sent(&f.partition, &["sent".to_owned()]).await.unwrap();
    assert_eq!(known, [false]);
    assert_eq!((&claim.token, claim.sequence), (&first.token, first.sequence));
    *claim
}

pub(crate) async fn conflicting_commit_changes_nothing_and_keeps_its_claim(f: Fixture) {
    let writes = vec![put("k1", "one"), insert("p1", "alice"), insert("p1", "bob")];
    write(&f, "m1", writes).await;
    let alice = f.members("p1").await.remove(0);
    let member =
        |group, ticket| Check::Member { pool: "p1".to_owned(), member: Member { group, ticket } };
    f.push("carol", "m2").await;
    let mut claim = f.claim().await;
    for check in [
        value_is("k1", Some("other")),
        value_is("k1", None),
        value_is("k2", Some("any")),
        member(group("absent"), alice.ticket),
        member(alice.group.clone(), alice.ticket + 100),
    ] {
        claim = assert_conflict(&f, claim, check).await;
    }
    assert_eq!(f.complete(claim, commit()).await, Settled::Done);
}

pub(crate) async fn member_check_fails_after_the_member_was_reinserted(f: Fixture) {
    write(&f, "m1", vec![insert("p1", "alice")]).await;
    let member = f.members("p1").await.remove(0);
    let take = Write::Take { pool: "p1".to_owned(), group: group("alice") };
    write(&f, "m2", vec![take]).await;
    write(&f, "m3", vec![insert("p1", "alice")]).await;
    f.push("carol", "m4").await;
    let claim = f.claim().await;
    assert_conflict(&f, claim, Check::Member { pool: "p1".to_owned(), member }).await;
}

pub(crate) async fn conflict_returns_the_current_state(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    assert_eq!(claim.state, None);
    write(&f, "m2", vec![put("alice", "seated")]).await;
    let checks = vec![value_is("alice", None)];
    let settled = f.complete(claim, Commit { checks, ..commit() }).await;
    let Settled::Conflict(claim) = settled else { panic!("{settled:?}") };
    assert_eq!(claim.state.as_deref(), Some("seated"));
    f.complete(*claim, commit()).await;
    f.push("alice", "m3").await;
    assert_eq!(f.claim().await.state.as_deref(), Some("seated"));
}
