//! Counts of unsettled outbound messages per inbound message: removed with the last of them, and
//! never kept for a commit without an inbound message.

use crosswire::contracts::storage::{Burial, Commit};
use rusqlite::Connection;

use super::fixture::{Fixture, burial, commit, entry, facts};
use super::on_redis::on_redis;
use super::on_sqlite::on_sqlite;
use crate::support::redis::RedisServer;

/// Settles wakes, which have no inbound message, with two outbound messages each.
async fn send_for_wakes(f: &Fixture) {
    f.push("@lobby", "wake:pair").await;
    f.push("@lobby", "wake:pair again").await;
    let outbox = || vec![entry("alice", "o1"), entry("bob", "o2")];
    let claim = f.claim().await;
    f.complete(claim, Commit { outbox: outbox(), ..commit() }).await;
    let claim = f.claim().await;
    f.bury(claim, Burial { outbox: outbox(), ..burial("broken") }).await;
}

/// Settles a message with two outbound messages that it waits for.
async fn send_for_a_message(f: &Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let outbox = vec![entry("alice", "o1"), entry("bob", "o2")];
    let facts = Some(facts("m1", &[]));
    f.complete(claim, Commit { outbox, facts, ..commit() }).await;
}

#[tokio::test]
async fn redis_counts_nothing_for_a_commit_without_a_message() {
    let server = RedisServer::volatile();
    let f = on_redis(&server).await;
    let key = format!("{{{}}}owed", f.partition);
    let mut connection = server.connection().await;
    let mut read = redis::cmd("HKEYS");
    read.arg(&key);
    send_for_wakes(&f).await;
    assert_eq!(read.query_async::<Vec<String>>(&mut connection).await.unwrap(), [""; 0]);
    send_for_a_message(&f).await;
    assert_eq!(read.query_async::<Vec<String>>(&mut connection).await.unwrap(), ["m1"]);
}

#[tokio::test]
async fn sqlite_counts_nothing_for_a_commit_without_a_message() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    let file = Connection::open(directory.path().join("crosswire.db")).unwrap();
    let counted = || {
        let mut read = file.prepare("SELECT message FROM owed").unwrap();
        let rows = read.query_map((), |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<Vec<_>, _>>().unwrap()
    };
    send_for_wakes(&f).await;
    assert_eq!(counted(), [""; 0]);
    send_for_a_message(&f).await;
    assert_eq!(counted(), ["m1"]);
}
