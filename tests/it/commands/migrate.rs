//! The command `migrate`.

use std::path::Path;
use std::sync::Arc;

use crosswire::contracts::storage::{Change, Storage};
use crosswire::model::clock::{Clock as _, SystemClock};
use crosswire::model::state::Write;
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::stores::sqlite::{Sqlite, SqliteConfig};
use secrecy::SecretString;
use serde_json::json;

use super::{crosswire, errors, output};
use crate::storage::fixture::{Fixture, LONG, group};
use crate::support::redis::RedisServer;

fn open(directory: &Path) -> Arc<Sqlite> {
    let (directory, clock) = (directory.to_owned(), Arc::new(SystemClock));
    Arc::new(Sqlite::open(SqliteConfig { directory, clock, ephemeral: None }).unwrap())
}

async fn redis(server: &RedisServer) -> Arc<dyn Storage> {
    let url = SecretString::from(server.url());
    let settings = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
    Arc::new(Redis::connect(settings).await.unwrap())
}

/// Runs `migrate` in a process of its own, while this one goes on.
async fn migrate(directory: &Path, arguments: &[&str]) -> std::process::Output {
    let arguments: Vec<String> =
        ["migrate"].iter().chain(arguments).map(|it| (*it).to_owned()).collect();
    let directory = directory.to_owned();
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        crosswire(&directory, &[], &arguments)
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn stores_of_both_kinds_are_copied_with_a_proof_of_equality() {
    let server = RedisServer::volatile();
    let directory = tempfile::tempdir().unwrap();
    let url = server.url();
    let f = Fixture::new(open(&directory.path().join("data")));
    for (group, id) in [("alice", "m1"), ("alice", "m2"), ("bob", "m3")] {
        f.push(group, id).await;
    }
    let arguments = ["--from", "data", "--to", &url];
    let error = errors(&migrate(directory.path(), &arguments).await);
    assert!(error.contains("in use by another process; stop it"), "{error}");
    let partition = f.partition.clone();
    drop(f);
    let printed = output(&migrate(directory.path(), &arguments).await);
    assert!(
        printed.contains("mailboxes                2          2") && printed.contains("\nequal: ")
    );
    let back = ["--from", &url, "--to", "other"];
    let printed = output(&migrate(directory.path(), &back).await);
    assert!(printed.contains("\nequal: "), "{printed}");
    let error = errors(&migrate(directory.path(), &back).await);
    assert!(error.contains("--to: the store is not empty"), "{error}");
    let copied = Fixture { storage: open(&directory.path().join("other")), partition };
    for id in ["m1", "m3"] {
        assert_eq!(copied.claim().await.id.as_str(), id);
    }
}

#[tokio::test]
async fn store_with_a_running_process_is_copied_by_force_only() {
    let server = RedisServer::volatile();
    let directory = tempfile::tempdir().unwrap();
    let url = server.url();
    let f = Fixture::new(redis(&server).await);
    let arguments = ["--from", &url, "--to", "data"];
    let error = errors(&migrate(directory.path(), &arguments).await);
    assert!(error.contains("the store is empty, so there is nothing to copy"), "{error}");
    let report = json!({
        "id": "p1", "role": "worker", "host": "here", "version": "1", "started_at": SystemClock.now(),
        "at": SystemClock.now(), "topic": f.partition.topic, "in_hand": [], "series": [],
    });
    let (key, value) = ("process:p1".to_owned(), report.to_string());
    let insert = Write::Insert { pool: "processes".to_owned(), group: group("p1"), ttl: LONG };
    let writes = vec![Write::Put { key, value, ttl: LONG }, insert];
    f.storage.apply(&f.partition, Change { writes, wakes: Vec::new() }).await.unwrap();
    let error = errors(&migrate(directory.path(), &arguments).await);
    assert!(error.contains("a worker process on here runs on the store; stop all"), "{error}");
    let forced = [&arguments[..], &["--force"]].concat();
    assert!(output(&migrate(directory.path(), &forced).await).contains("\nequal: 2 records"));
}

#[tokio::test]
async fn store_with_messages_in_hand_is_not_copied() {
    let server = RedisServer::volatile();
    let directory = tempfile::tempdir().unwrap();
    let url = server.url();
    let f = Fixture::new(redis(&server).await);
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    let arguments = ["--from", &url, "--to", "data"];
    let error = errors(&migrate(directory.path(), &arguments).await);
    assert!(error.contains("has messages of") && error.contains("--force"), "{error}");
    f.release(claim).await;
    assert!(output(&migrate(directory.path(), &arguments).await).contains("\nequal: "));
}
