//! A store far away that stands still under a steady load, and is of use again soon after.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::{Push, Pushed};
use nix::sys::signal::Signal;
use rstest::rstest;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::storage::fixture::{Fixture, entry, push};
use crate::storage::on_redis::on_url;
use crate::support::distant;
use crate::support::redis::RedisServer;

/// Time for which a caller waits, as that of a webhook does.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time for which the store stands still.
const FREEZE: Duration = Duration::from_secs(7);
/// Time after which nearly every call is accepted again, and for which that is looked at.
const RECOVERY: Duration = Duration::from_secs(3);
const WATCH: Duration = Duration::from_secs(3);

/// A call: when it began, how long it took, and whether its message was accepted.
struct Call {
    began: Instant,
    took: Duration,
    is_accepted: bool,
}

/// Pushes so many messages a second, whatever becomes of them, until this time.
async fn drive(f: &Arc<Fixture>, rate: u32, until: Instant) -> Vec<Call> {
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut calls, mut number) = (JoinSet::new(), 0);
    while Instant::now() < until {
        ticks.tick().await;
        number += 1;
        let (f, id) = (Arc::clone(f), format!("m{number}"));
        calls.spawn(async move {
            let began = Instant::now();
            let limits = Push { max_depth: 1_000_000, ..push(entry(&id, &id)) };
            let pushed = timeout(PATIENCE, f.storage.push(&f.partition, limits)).await;
            let is_accepted = matches!(pushed, Ok(Ok(Pushed::Accepted)));
            Call { began, took: began.elapsed(), is_accepted }
        });
    }
    calls.join_all().await
}

/// Freezes the store after a second, and returns the calls that began since it was back for a while.
async fn calls_after_a_freeze(one_way: Duration, rate: u32) -> Vec<Call> {
    let server = RedisServer::volatile();
    let url = format!("redis://{}", distant(server.address(), one_way).await);
    let f = Arc::new(on_url(url).await);
    let frozen = Instant::now() + Duration::from_secs(1);
    let (back, end) = (frozen + FREEZE, frozen + FREEZE + RECOVERY + WATCH);
    let freeze = async {
        sleep_until(frozen).await;
        server.signal(Signal::SIGSTOP);
        sleep_until(back).await;
        server.signal(Signal::SIGCONT);
    };
    let (mut calls, ()) = tokio::join!(drive(&f, rate, end), freeze);
    calls.retain(|call| call.began > back + RECOVERY);
    calls
}

#[rstest]
#[case::near(5, 200)]
#[case::away(25, 200)]
#[case::far(100, 200)]
#[case::far_and_busy(100, 1_000)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn store_that_stood_still_is_of_use_within_three_seconds(
    #[case] millis: u64,
    #[case] rate: u32,
) {
    let calls = calls_after_a_freeze(Duration::from_millis(millis), rate).await;
    let accepted: Vec<_> = calls.iter().filter(|call| call.is_accepted).collect();
    let (served, all) = (accepted.len(), calls.len());
    let slowest = accepted.iter().map(|call| call.took).max();
    assert!(
        served * 100 >= all * 95,
        "{served} of {all} were accepted, the slowest in {slowest:?}"
    );
}

/// Share of the accepted calls that may take longer than a second.
const SLOW: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn load_above_what_the_store_bears_leaves_accepted_calls_fast() {
    let server = RedisServer::volatile();
    // On this way the calls that may be on it carry 1,707 moves a second.
    let one_way = Duration::from_millis(150);
    let url = format!("redis://{}", distant(server.address(), one_way).await);
    let f = Arc::new(on_url(url).await);
    let settled = Instant::now() + Duration::from_secs(2);
    let mut calls = drive(&f, 3_000, settled + Duration::from_secs(3)).await;
    calls.retain(|call| call.began > settled);
    let (accepted, refused): (Vec<_>, Vec<_>) = calls.iter().partition(|call| call.is_accepted);
    assert!(
        accepted.len() > 2_000 && refused.len() > 1_000,
        "{} {}",
        accepted.len(),
        refused.len()
    );
    let second = Duration::from_secs(1);
    let slow = accepted.iter().filter(|call| call.took > second).count();
    assert!(slow * SLOW < accepted.len(), "{slow} of {} were slow", accepted.len());
    assert!(refused.iter().all(|call| call.took < second), "a refusal comes at once");
}
