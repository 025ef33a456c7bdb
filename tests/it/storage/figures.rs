//! Figures of a store: its round trips are counted and timed, by outcome.

use std::sync::Arc;

use crosswire::contracts::figures::catalogue::{STORE_CALLS, STORE_SECONDS};
use crosswire::contracts::figures::{Figures, StoreCalls, Value};
use crosswire::contracts::storage::{Storage, Upkeep as _};
use crosswire::stores::redis::{Redis, RedisConfig};
use secrecy::SecretString;

use super::fixture::{Fixture, commit};
use super::on_sqlite::open;
use crate::support::redis::RedisServer;

/// Returns the counts of calls that succeeded and failed, and the number of times.
fn counted(figures: &Figures) -> (u64, u64, u64) {
    let series = figures.snapshot();
    let of = |outcome: &str| {
        let found = series.iter().find(|it| it.name == STORE_CALLS.name && it.labels == [outcome]);
        match found.map(|it| &it.value) {
            Some(Value::Count(count)) => *count,
            _ => 0,
        }
    };
    let times = series.iter().find(|it| it.name == STORE_SECONDS.name);
    let times = times.map_or(0, |it| match &it.value {
        Value::Times(times) => times.count(),
        _ => 0,
    });
    (of("ok"), of("error"), times)
}

/// Makes three calls: a push, a claim and a completion.
async fn three_calls(storage: Arc<dyn Storage>) -> Fixture {
    let f = Fixture::new(storage);
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    f.complete(claim, commit()).await;
    f
}

#[tokio::test]
async fn round_trips_to_redis_are_counted_by_outcome() {
    let server = RedisServer::volatile();
    let url = SecretString::from(server.url());
    let redis = Redis::connect(RedisConfig { url, verify_tls: true, wait_replicas: 0 });
    let figures = Arc::new(Figures::default());
    let calls = StoreCalls::into_figures(Arc::clone(&figures));
    let f = three_calls(Arc::new(redis.await.unwrap().recording(calls))).await;
    assert_eq!(counted(&figures), (3, 0, 3));
    drop(server);
    f.storage.depth(&f.inbound()).await.unwrap_err();
    let (ok, errors, times) = counted(&figures);
    assert!(ok == 3 && errors > 0 && times == ok + errors, "{ok} {errors} {times}");
}

#[tokio::test]
async fn calls_of_the_embedded_store_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    let figures = Arc::new(Figures::default());
    let calls = StoreCalls::into_figures(Arc::clone(&figures));
    let store = open(directory.path()).unwrap().recording(calls);
    store.health().await.unwrap();
    let (before, ..) = counted(&figures);
    three_calls(Arc::new(store)).await;
    assert_eq!(counted(&figures), (before + 3, 0, before + 3));
}
