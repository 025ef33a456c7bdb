//! Concurrent calls, a failing call among others, and calls whose future is dropped.

use std::pin::pin;
use std::time::{Duration, Instant};

use crosswire::contracts::storage::{Commit, Depth, NextClaims, Pushed, StorageError};
use crosswire::model::state::Write;
use futures_util::{FutureExt, future::join_all, poll};

use crate::storage::fixture::{Fixture, LONG, MAX_CLAIMS, claim_request, commit, next_claim};
use crate::storage::on_sqlite::on_sqlite;

/// Time limit far above the duration of an operation.
const TIMEOUT: Duration = Duration::from_secs(10);

async fn depth(f: &Fixture) -> Depth {
    f.storage.depth(&f.inbound()).await.unwrap()
}

async fn wait_until_leased(f: &Fixture, leased: u64) {
    let start = Instant::now();
    while depth(f).await.leased != leased {
        assert!(start.elapsed() < TIMEOUT, "not {leased} leased in {TIMEOUT:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn cancelled_claim_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    let (queue, request) = (f.inbound(), claim_request(LONG));
    for _ in 0..MAX_CLAIMS {
        // The future is dropped before or during the claim.
        assert!(f.storage.claim(&queue, &request).now_or_never().is_none());
        wait_until_leased(&f, 0).await;
    }
    // This claim comes after all of the cancelled ones, as operations run in order.
    let claim = f.claim_when_due(&queue).await;
    f.release(claim).await;
    for _ in 0..MAX_CLAIMS {
        // The release of the last one may come after a claim that is made at once.
        wait_until_leased(&f, 0).await;
        let mut claiming = pin!(f.storage.claim(&queue, &request));
        assert!(poll!(&mut claiming).is_pending());
        // The future is dropped after the claim, before its result was received.
        wait_until_leased(&f, 1).await;
    }
    let claim = f.claim_when_due(&queue).await;
    assert_eq!((claim.attempt, claim.outcome_unknown_since), (1, None));
}

#[tokio::test]
async fn cancelled_completion_commits_and_releases_its_next_claim() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    f.push("alice", "m1").await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    let next = claim_request(LONG);
    assert!(f.storage.complete(claim, commit(), &next_claim(next)).now_or_never().is_none());
    let claim = f.claim_when_due(&f.inbound()).await;
    assert_eq!((claim.id.as_str(), claim.attempt), ("m2", 1));
}

#[tokio::test]
async fn cancelled_push_takes_effect_once() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    assert!(f.push("alice", "m1").now_or_never().is_none());
    assert_eq!(f.push("alice", "m1").await, Pushed::Duplicate);
    assert_eq!(depth(&f).await.pending, 1);
}

#[tokio::test]
async fn failed_operation_is_rolled_back_alone() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    let count = |by| Write::Count { name: "c1".to_owned(), by, ttl: LONG };
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    f.complete(claim, Commit { writes: vec![count(i64::MAX)], ..commit() }).await;
    f.push("alice", "m2").await;
    let claim = f.claim().await;
    // The sum overflows the 64 bits of an integer column.
    let put = Write::Put { key: "k1".to_owned(), value: "v".to_owned(), ttl: LONG };
    let overflowing = Commit { writes: vec![put, count(1)], ..commit() };
    let ids: Vec<_> = (0..100).map(|n| format!("n{n}")).collect();
    let before = join_all(ids[..50].iter().map(|id| f.push(id, id)));
    let nothing_more = NextClaims::default();
    let failing = f.storage.complete(claim, overflowing, &nothing_more);
    let after = join_all(ids[50..].iter().map(|id| f.push(id, id)));
    let (before, failed, after) = tokio::join!(before, failing, after);
    assert!(matches!(failed, Err(StorageError::Corrupt(_))), "{failed:?}");
    assert!(before.iter().chain(&after).all(|pushed| *pushed == Pushed::Accepted));
    assert_eq!((f.value("k1").await, f.total("c1").await), (None, i64::MAX));
    assert_eq!((depth(&f).await.pending, depth(&f).await.leased), (101, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_operations_take_effect_once_each() {
    let directory = tempfile::tempdir().unwrap();
    let f = on_sqlite(&directory);
    let each = |n: u32| {
        let f = &f;
        async move {
            f.push(&format!("g{}", n % 40), &format!("m{n}")).await;
            let claim = f.try_claim(&f.inbound(), LONG).await?;
            let count = Write::Count { name: "c1".to_owned(), by: 1, ttl: LONG };
            f.complete(claim, Commit { writes: vec![count], ..commit() }).await;
            Some(())
        }
    };
    let done = join_all((0..500).map(each)).await.into_iter().flatten().count();
    let left = depth(&f).await;
    assert_eq!(f.total("c1").await, i64::try_from(done).unwrap());
    assert_eq!(left.pending, 500 - done as u64);
    assert_eq!(left.leased, 0);
}
