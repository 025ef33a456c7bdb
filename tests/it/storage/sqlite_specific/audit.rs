//! Audits of a file that was edited directly, and the tables after all work is done.

use std::collections::BTreeSet;
use std::time::Duration;

use crosswire::contracts::storage::{Audit, Pushed};
use crosswire::model::message::MessageId;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::storage::fixture::{Fixture, LONG, MAX_CLAIMS, commit, entry, push};
use crate::storage::on_sqlite::on_sqlite;
use crate::storage::redis_specific::{run_every_operation, wait_for_next_audit};

/// Opens the database file directly, bypassing the store.
fn direct_connection(directory: &TempDir) -> Connection {
    Connection::open(directory.path().join("crosswire.db")).unwrap()
}

async fn audit(f: &Fixture) -> Audit {
    f.storage.audit(&f.inbound(), Duration::ZERO).await.unwrap().expect("an audit is due")
}

#[tokio::test]
async fn audit_repairs_an_unindexed_group() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    for (group, id) in [("alice", "m1"), ("bob", "m2"), ("bob", "m3")] {
        f.push(group, id).await;
    }
    assert_eq!(audit(&f).await, Audit { groups: 2, mended: 0 });
    direct_connection(&directory).execute("DELETE FROM mailboxes", ()).unwrap();
    assert!(f.nothing_is_ready().await);
    wait_for_next_audit().await;
    assert_eq!(audit(&f).await, Audit { groups: 2, mended: 2 });
    let mut ids = BTreeSet::new();
    for _ in 0..MAX_CLAIMS {
        let Some(claim) = f.try_claim(&f.inbound(), LONG).await else { break };
        ids.insert(claim.id.clone());
        f.complete(claim, commit()).await;
    }
    assert_eq!(ids, BTreeSet::from(["m1", "m2", "m3"].map(MessageId::new)));
}

#[tokio::test]
async fn audit_recounts_after_messages_were_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    for (group, id) in [("alice", "m1"), ("bob", "m2"), ("bob", "m3")] {
        f.push(group, id).await;
    }
    let delete = "DELETE FROM messages WHERE id IN ('m1', 'm2')";
    assert_eq!(direct_connection(&directory).execute(delete, ()).unwrap(), 2);
    assert_eq!(audit(&f).await, Audit { groups: 1, mended: 0 });
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 1);
    let tight =
        |id| crosswire::contracts::storage::Push { max_depth: 2, ..push(entry("carol", id)) };
    assert_eq!(f.push_with(tight("m4")).await, Pushed::Accepted);
    assert_eq!(f.push_with(tight("m5")).await, Pushed::Full);
    assert_eq!(f.claim().await.id.as_str(), "m3");
    assert_eq!(f.claim().await.id.as_str(), "m4");
    assert!(f.nothing_is_ready().await);
}

#[tokio::test]
async fn group_with_deleted_messages_blocks_no_claim() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    f.push("bob", "m2").await;
    direct_connection(&directory).execute("DELETE FROM messages WHERE id = 'm1'", ()).unwrap();
    assert_eq!(f.claim().await.id.as_str(), "m2");
    assert!(f.nothing_is_ready().await);
}

#[tokio::test]
async fn audit_runs_at_most_once_per_interval() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    assert!(f.storage.audit(&f.inbound(), LONG).await.unwrap().is_some());
    assert_eq!(f.storage.audit(&f.inbound(), LONG).await.unwrap(), None);
}

#[tokio::test]
async fn queue_tables_are_empty_after_all_work_is_done() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    for round in 0..3 {
        run_every_operation(&f, None, round).await;
    }
    let file = direct_connection(&directory);
    for table in ["messages", "mailboxes", "wakes", "owed"] {
        let count = format!("SELECT count(*) FROM {table}");
        let left: i64 = file.query_row(&count, (), |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
}
