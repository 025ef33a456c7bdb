//! A store on a manual clock: order within one tick, and expiry.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use crosswire::contracts::storage::{
    Change, Commit, FailedCheck, FeedLimits, Marks, Place, Pushed, Retention, SafetyCheck,
};
use crosswire::model::address::Identity;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::state::Write;
use crosswire::stores::sqlite::{Sqlite, SqliteConfig};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::storage::fixture::{Fixture, LONG, commit, group};

const DAY: Duration = Duration::from_hours(24);
const MOMENT: Duration = Duration::from_millis(1);

/// Returns a topic on a store whose clock moves only when it is advanced.
fn with_manual_clock(directory: &TempDir) -> (Fixture, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH + 20_000 * DAY));
    (Fixture::new(open_with(&clock, directory)), clock)
}

fn open_with(clock: &Arc<ManualClock>, directory: &TempDir) -> Arc<Sqlite> {
    let clock: Arc<dyn Clock> = clock.clone();
    let directory = directory.path().to_owned();
    let settings = SqliteConfig { directory, clock, ephemeral: Some("lost".to_owned()) };
    Arc::new(Sqlite::open(settings).unwrap())
}

async fn complete_one(f: &Fixture, id: &str, commit: Commit) {
    f.push("writer", id).await;
    let claim = f.claim().await;
    f.complete(claim, commit).await;
}

#[tokio::test]
async fn groups_take_turns_within_one_clock_tick() {
    let directory = tempfile::tempdir().unwrap();
    let (f, _) = with_manual_clock(&directory);
    for group in ["zoe", "yuri", "xenia", "alice"] {
        f.push(group, group).await;
    }
    for group in ["zoe", "yuri", "xenia", "alice"] {
        assert_eq!(f.claim().await.group.as_str(), group);
    }
}

#[tokio::test]
async fn groups_take_turns_across_a_restart_within_one_clock_tick() {
    let directory = tempfile::tempdir().unwrap();
    let (f, clock) = with_manual_clock(&directory);
    for group in ["zoe", "yuri", "xenia"] {
        f.push(group, group).await;
    }
    let Fixture { storage, partition } = f;
    drop(storage);
    let f = Fixture { storage: open_with(&clock, &directory), partition };
    f.push("alice", "alice").await;
    for group in ["zoe", "yuri", "xenia", "alice"] {
        assert_eq!(f.claim().await.group.as_str(), group);
    }
}

#[tokio::test]
async fn expired_data_is_hidden_then_deleted_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let (f, clock) = with_manual_clock(&directory);
    let writes = vec![
        Write::Put { key: "k1".to_owned(), value: "v".to_owned(), ttl: LONG },
        Write::Count { name: "c1".to_owned(), by: 5, ttl: LONG },
        Write::Insert { pool: "p1".to_owned(), group: group("alice"), ttl: LONG },
    ];
    let provider_id = Some("SM1".to_owned());
    complete_one(&f, "m1", Commit { writes, provider_id, ..commit() }).await;
    let advance_to_just_before = |time: Duration| {
        clock.advance(time.saturating_sub(clock.uptime() + MOMENT));
    };
    f.storage.publish("news", "line", FeedLimits::lines(9).within(LONG)).await.unwrap();
    let lines = async || f.storage.follow("news", None, Duration::ZERO).await.unwrap().len();
    advance_to_just_before(LONG);
    assert_eq!(lines().await, 1);
    assert_eq!((f.value("k1").await.as_deref(), f.total("c1").await), (Some("v"), 5));
    clock.advance(MOMENT);
    assert_eq!(lines().await, 0);
    assert_eq!((f.value("k1").await, f.total("c1").await), (None, 0));
    let one = Write::Count { name: "c1".to_owned(), by: 1, ttl: LONG };
    complete_one(&f, "m2", Commit { writes: vec![one], ..commit() }).await;
    assert_eq!(f.total("c1").await, 1, "the counter starts again at zero");

    let known = async || f.storage.known_sent(&f.partition, &["SM1".to_owned()]).await.unwrap();
    advance_to_just_before(DAY);
    assert_eq!(known().await, [true]);
    clock.advance(MOMENT);
    assert_eq!(known().await, [false]);

    advance_to_just_before(3 * DAY);
    assert_eq!(f.push("writer", "m1").await, Pushed::Duplicate);
    clock.advance(2 * DAY);
    let all = Retention { events: LONG, dead_letters: LONG };
    f.storage.trim(&f.partition, all, LONG).await.unwrap();
    let file = Connection::open(directory.path().join("crosswire.db")).unwrap();
    for table in ["state", "counters", "known", "pools", "events", "feeds"] {
        let count = format!("SELECT count(*) FROM {table}");
        let left: i64 = file.query_row(&count, (), |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
    assert_eq!(f.push("writer", "m1").await, Pushed::Accepted);
}

#[tokio::test]
async fn publication_removes_expired_lines_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let (f, clock) = with_manual_clock(&directory);
    let limits = FeedLimits::lines(9).within(LONG);
    f.storage.publish("news", "old", limits).await.unwrap();
    f.storage.publish("lasting", "old", FeedLimits::lines(9)).await.unwrap();
    clock.advance(LONG);
    f.storage.publish("news", "new", limits).await.unwrap();
    let file = Connection::open(directory.path().join("crosswire.db")).unwrap();
    let mut lines = file.prepare("SELECT feed || ' ' || line FROM feeds ORDER BY 1").unwrap();
    let lines = lines.query_map((), |row| row.get::<_, String>(0)).unwrap();
    let lines: Vec<_> = lines.collect::<Result<_, _>>().unwrap();
    assert_eq!(lines, ["lasting old", "news new"]);
}

#[tokio::test]
async fn ephemeral_directory_is_reported_as_fatal() {
    let directory = tempfile::tempdir().unwrap();
    let (f, _) = with_manual_clock(&directory);
    let health = f.storage.health().await.unwrap();
    let reason = "lost".to_owned();
    let lost = FailedCheck { check: SafetyCheck::EphemeralDisk, reason };
    assert_eq!((health.fatal, health.degraded), (vec![lost], Vec::new()));
}

#[tokio::test]
async fn search_finds_what_has_expired_and_still_stands_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let (f, clock) = with_manual_clock(&directory);
    let (number, ttl) = ("+14155550101".to_owned(), DAY);
    let writes = vec![
        Write::Put { key: "k1".to_owned(), value: number.clone(), ttl },
        Write::Insert { pool: "p1".to_owned(), group: group(&number), ttl },
        Write::Count { name: number.clone(), by: 1, ttl },
    ];
    f.storage.apply(&f.partition, Change { writes, ..Change::default() }).await.unwrap();
    clock.advance(2 * DAY);
    let marks = Marks { identity: Identity::new(number), groups: Vec::new() };
    let found = f.storage.search(&f.partition, &marks).await.unwrap();
    let places: Vec<Place> = found.iter().map(|trace| trace.place).collect();
    assert_eq!(places, [Place::State, Place::Pool, Place::Counter]);
    f.storage.erase(&f.partition, &found).await.unwrap();
    assert_eq!(f.storage.search(&f.partition, &marks).await.unwrap(), []);
}
