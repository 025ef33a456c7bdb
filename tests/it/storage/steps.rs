//! Steps of a store's clock, forward and back, on both stores: what ends by the clock is moved along.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::encoding::DUPLICATE_DAYS;
use crosswire::contracts::storage::{
    Claimed, Earlier, Pause, PauseScope, Push, Pushed, Reading, Retry,
};
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::state::Write;
use crosswire::stores::sqlite::Sqlite;

use super::fixture::{Fixture, LONG, claim_request, commit, entry, group, push, retry, wake};
use super::on_redis::on_redis;
use crate::support::redis::RedisServer;

const HOUR: i64 = 3600;
const TEN_MINUTES: Duration = Duration::from_mins(10);

/// Clock of a store under test.
enum StoreClock {
    Server(RedisServer),
    Manual(Arc<ManualClock>),
}

/// Store whose clock a test steps.
struct Stepped {
    f: Fixture,
    clock: StoreClock,
    ahead: Mutex<i64>,
    last: Mutex<Option<(Reading, Instant)>>,
}

impl Stepped {
    async fn on_redis() -> Self {
        let server = RedisServer::ahead_by(0);
        Self::new(on_redis(&server).await, StoreClock::Server(server)).await
    }

    async fn on_sqlite() -> Self {
        let clock = Arc::new(ManualClock::new(super::fixture::now()));
        let manual: Arc<dyn Clock> = clock.clone();
        let f = Fixture::new(Arc::new(Sqlite::in_memory(&manual).unwrap()));
        Self::new(f, StoreClock::Manual(clock)).await
    }

    async fn new(f: Fixture, clock: StoreClock) -> Self {
        let stepped = Self { f, clock, ahead: Mutex::default(), last: Mutex::default() };
        assert_eq!(stepped.keep_time().await.step, None);
        stepped
    }

    /// Steps the clock so far forward, or back.
    fn step(&self, seconds: i64) {
        let mut ahead = self.ahead.lock().unwrap();
        *ahead += seconds;
        match &self.clock {
            StoreClock::Server(server) => server.set_ahead_by(*ahead),
            StoreClock::Manual(clock) => clock.step(TimeDelta::seconds(seconds)),
        }
    }

    /// Has the store look at its clock, as each worker does every second.
    async fn keep_time(&self) -> Reading {
        let last = *self.last.lock().unwrap();
        let earlier = last.map(|(last, read)| Earlier { at: last.at, elapsed: read.elapsed() });
        let earlier = earlier.filter(|_| matches!(self.clock, StoreClock::Server(_)));
        let reading = self.f.storage.keep_time(&self.f.partition, earlier).await.unwrap();
        *self.last.lock().unwrap() = Some((reading, Instant::now()));
        reading
    }

    /// Steps the clock, and has the store find the step.
    async fn step_and_find(&self, seconds: i64) {
        self.step(seconds);
        let found = self.keep_time().await.step.expect("the step is found");
        assert!((found - TimeDelta::seconds(seconds)).abs() < TimeDelta::seconds(5), "{found}");
        assert_eq!(self.keep_time().await.step, None, "a step is found once");
    }

    async fn look(&self) -> Claimed {
        self.f.storage.claim(&self.f.inbound(), &claim_request(LONG)).await.unwrap()
    }

    /// Checks that nothing is ready, and that the first lease or retry ends in about this time.
    async fn assert_next_due(&self, time: Duration) {
        let Claimed { claims, next_due, .. } = self.look().await;
        assert_eq!(claims, []);
        let due = next_due.expect("something is due");
        let minute = Duration::from_mins(1);
        assert!(due <= time + minute && due + minute >= time, "{due:?} instead of {time:?}");
    }
}

async fn lease_and_retry_last_as_long(s: Stepped) {
    s.f.push("alice", "m1").await;
    s.f.push("bob", "m2").await;
    let claim = s.f.claim().await;
    s.f.retry(claim, Retry { after: TEN_MINUTES, ..retry() }).await;
    let leased = s.f.try_claim(&s.f.inbound(), 2 * TEN_MINUTES).await.expect("bob's is ready");
    for step in [HOUR, -HOUR, -HOUR, HOUR, 30, -30] {
        s.step_and_find(step).await;
        s.assert_next_due(TEN_MINUTES).await;
    }
    let held = [(leased.group.clone(), leased.token.clone())];
    assert_eq!(s.f.storage.extend(&s.f.inbound(), LONG, &held).await.unwrap(), []);
    s.f.complete(leased, commit()).await;
}

async fn step_forward_costs_no_claim_before_it_is_found(s: Stepped) {
    s.f.push("alice", "m1").await;
    let claim = s.f.claim().await;
    s.step(2 * HOUR);
    assert_eq!(s.look().await.claims, []);
    assert_eq!(s.f.storage.reclaim(&s.f.inbound()).await.unwrap(), 0);
    s.keep_time().await;
    s.f.crash(claim).await;
    assert_eq!(s.f.claim().await.attempt, 2, "only the crash has cost a claim");
}

async fn step_forward_and_back_before_anybody_looks_leaves_nothing_behind(s: Stepped) {
    s.f.push("alice", "m1").await;
    s.f.push("bob", "m2").await;
    let _leased = s.f.claim().await;
    let claim = s.f.claim().await;
    s.step(2 * HOUR);
    assert_eq!(s.look().await.claims, []);
    s.f.retry(claim, Retry { after: TEN_MINUTES, ..retry() }).await;
    s.step(-2 * HOUR);
    s.keep_time().await;
    s.assert_next_due(TEN_MINUTES).await;
}

async fn retry_that_is_set_behind_a_step_forward_is_not_moved(s: Stepped) {
    s.f.push("alice", "m1").await;
    let claim = s.f.claim().await;
    s.step(HOUR);
    s.f.retry(claim, Retry { after: Duration::from_millis(1), ..retry() }).await;
    match &s.clock {
        StoreClock::Server(_) => super::redis_specific::wait_for_next_audit().await,
        StoreClock::Manual(clock) => clock.advance(Duration::from_millis(2)),
    }
    s.keep_time().await;
    assert_eq!(s.f.claim_when_due(&s.f.inbound()).await.attempt, 1);
}

async fn wakes_keep_their_time_of_the_calendar(s: Stepped) {
    let due = s.keep_time().await.at + LONG;
    s.f.storage.schedule(&s.f.partition, wake("@lobby", "tea", 1), due).await.unwrap();
    s.step_and_find(-HOUR).await;
    s.assert_next_due(2 * LONG).await;
    s.step_and_find(3 * HOUR).await;
    assert_eq!(s.f.claim().await.group, group("@lobby"));
}

async fn those_who_waited_before_a_step_back_stay_in_front(s: Stepped) {
    s.f.push("zoe", "m1").await;
    s.f.push("yuri", "m2").await;
    let enter = async |who: &str, id: &str| {
        let insert = Write::Insert { pool: "p1".to_owned(), group: group(who), ttl: LONG };
        let entered = Push { writes: vec![insert], ..push(entry(who, id)) };
        assert_eq!(s.f.push_with(entered).await, Pushed::Accepted);
    };
    enter("xenia", "m3").await;
    s.step_and_find(-HOUR).await;
    enter("alice", "m4").await;
    for name in ["zoe", "yuri", "xenia", "alice"] {
        assert_eq!(s.f.claim().await.group.as_str(), name);
    }
    let members = s.f.members("p1").await;
    let members: Vec<_> = members.iter().map(|member| member.group.as_str()).collect();
    assert_eq!(members, ["xenia", "alice"]);
}

async fn pause_lasts_as_long(s: Stepped) {
    let topic = &s.f.partition.topic;
    let pause = Pause {
        scope: PauseScope::of_topic(),
        remaining: TEN_MINUTES,
        code: 0,
        reason: "repairs".to_owned(),
    };
    s.f.storage.pause(topic, &pause).await.unwrap();
    for step in [-HOUR, 30, -30] {
        s.step_and_find(step).await;
        let [pause] = &s.f.storage.pauses(topic).await.unwrap()[..] else { panic!("it is paused") };
        let off = pause.remaining.abs_diff(TEN_MINUTES);
        assert!(off < Duration::from_mins(1), "{:?}", pause.remaining);
    }
}

async fn periodic_work_goes_on_after_a_step_back(s: Stepped) {
    let turn = || s.f.storage.take_turn(&s.f.partition, "tidy", TEN_MINUTES);
    assert!(turn().await.unwrap());
    assert!(!turn().await.unwrap());
    s.step_and_find(-HOUR).await;
    // The embedded store moves its gates along, and Redis opens those that are closed for too long.
    if let StoreClock::Manual(clock) = &s.clock {
        clock.advance(TEN_MINUTES);
    }
    assert!(turn().await.unwrap());
}

async fn message_is_remembered_across_a_step_back(s: Stepped) {
    // Just behind the border of two windows of ids.
    let window = 86_400 * i64::try_from(DUPLICATE_DAYS).unwrap();
    let left = window - s.keep_time().await.at.timestamp().rem_euclid(window);
    s.step_and_find(left + 60).await;
    s.f.push("alice", "m1").await;
    s.step_and_find(-HOUR).await;
    assert_eq!(s.f.push("alice", "m1").await, Pushed::Duplicate);
}

async fn small_difference_is_no_step(s: Stepped) {
    s.f.push("alice", "m1").await;
    s.step(3);
    assert_eq!(s.keep_time().await.step, None);
    s.step(-3);
    assert_eq!(s.keep_time().await.step, None);
    let at: DateTime<Utc> = s.f.storage.time().await.unwrap();
    assert!((at - s.keep_time().await.at).abs() < TimeDelta::seconds(5));
    assert_eq!(s.f.push_with(push(entry("alice", "m1"))).await, Pushed::Duplicate);
    s.f.claim().await;
}

macro_rules! on_both_stores {
    ($($test:ident),* $(,)?) => {
        mod redis {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Stepped::on_redis().await).await;
            })*
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Stepped::on_sqlite().await).await;
            })*
        }
    };
}

on_both_stores!(
    lease_and_retry_last_as_long,
    step_forward_costs_no_claim_before_it_is_found,
    retry_that_is_set_behind_a_step_forward_is_not_moved,
    step_forward_and_back_before_anybody_looks_leaves_nothing_behind,
    wakes_keep_their_time_of_the_calendar,
    those_who_waited_before_a_step_back_stay_in_front,
    pause_lasts_as_long,
    periodic_work_goes_on_after_a_step_back,
    message_is_remembered_across_a_step_back,
    small_difference_is_no_step,
);
