//! Jobs of several workers, each of which is stepped by hand.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::{Queue, QueueKind, Storage};
use crosswire::engine::consumer::{Consumer, ConsumerRuntime, Step};
use crosswire::engine::consumers::Consumers;
use crosswire::engine::jobs::Jobs;
use crosswire::engine::leases::Leases;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::stores::sqlite::Sqlite;
use proptest::prelude::*;

use super::{Log, Runs, job, topic};
use crate::engines::groups;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// A store and its clock, which begins in the middle of a minute.
struct World {
    clock: Arc<ManualClock>,
    storage: Arc<dyn Storage>,
}

/// The part of a worker process that jobs need.
struct Process {
    jobs: Jobs,
    consumer: Arc<Consumer>,
}

/// Clock of a machine that is ahead of the store's.
struct Ahead(Arc<ManualClock>, Duration);

impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        self.0.now() + self.1
    }

    fn uptime(&self) -> Duration {
        self.0.uptime()
    }
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new("2026-06-12T08:30:30Z".parse().unwrap()));
        let storage = Sqlite::in_memory(&(Arc::clone(&clock) as _)).unwrap();
        Self { clock, storage: Arc::new(storage) }
    }

    fn process(&self, handler: &Log, schedule: &str) -> Process {
        self.process_ahead(handler, schedule, Duration::ZERO)
    }

    fn process_ahead(&self, handler: &Log, schedule: &str, ahead: Duration) -> Process {
        let topic = topic(handler.clone(), schedule);
        let clock: Arc<dyn Clock> = Arc::new(Ahead(Arc::clone(&self.clock), ahead));
        let leases = Leases::new(Arc::clone(&clock));
        let runtime = ConsumerRuntime::new(Arc::clone(&self.storage), leases);
        let consumers = Consumers { runtime, clock: Arc::clone(&clock), groups: groups() };
        let inbound = |(queue, _): &(Queue, Arc<Consumer>)| queue.kind == QueueKind::Inbound;
        let (_, consumer) = consumers.of(&topic).into_iter().find(inbound).unwrap();
        Process { jobs: Jobs::new(Arc::clone(&self.storage), clock, &[topic]), consumer }
    }
}

impl Process {
    /// Handles what is due now.
    async fn settle(&self) {
        self.jobs.step().await.unwrap();
        while self.consumer.step().await.unwrap() == Step::Worked {}
    }

    /// Runs for a time, with a round every minute.
    async fn run(&self, world: &World, time: Duration) {
        let end = world.clock.now() + time;
        while world.clock.now() < end {
            self.settle().await;
            let left = (end - world.clock.now()).to_std().unwrap();
            world.clock.advance(left.min(MINUTE));
        }
        self.settle().await;
    }
}

fn times(runs: &Runs) -> Vec<String> {
    runs.lock().unwrap().iter().map(|at| at.format("%d %R").to_string()).collect()
}

#[tokio::test]
async fn downtime_is_made_up_for_by_one_run() {
    let (world, log) = (World::new(), Log::default());
    let daily = job("0 9 * * *");
    world.process(&log, &daily).run(&world, 10 * MINUTE).await;
    assert_eq!(times(&log.runs), [""; 0]);
    world.clock.advance(3 * DAY);
    world.process(&log, &daily).run(&world, 10 * MINUTE).await;
    assert_eq!(times(&log.runs), ["15 08:40"]);
    world.process(&log, &daily).run(&world, 30 * MINUTE).await;
    assert_eq!(times(&log.runs), ["15 08:40", "15 09:00"]);
}

#[tokio::test]
async fn first_start_makes_up_for_nothing() {
    let (world, log) = (World::new(), Log::default());
    world.process(&log, &job("30 8 * * *")).run(&world, 10 * MINUTE).await;
    assert_eq!(times(&log.runs), [""; 0]);
}

#[tokio::test]
async fn changed_times_count_from_the_next_start() {
    let (world, log) = (World::new(), Log::default());
    world.process(&log, &job("0 9 * * *")).run(&world, 29 * MINUTE).await;
    // The occurrence at nine is scheduled; the new times have passed, but not since they are in force.
    world.process(&log, &job("59 8 * * *")).run(&world, 10 * MINUTE).await;
    assert_eq!(times(&log.runs), [""; 0]);
    world.process(&log, &job("15 9 * * *")).run(&world, 10 * MINUTE).await;
    assert_eq!(times(&log.runs), ["12 09:15"]);
}

#[tokio::test]
async fn removed_job_runs_no_more() {
    let (world, log) = (World::new(), Log::default());
    world.process(&log, &job("0 9 * * *")).run(&world, 29 * MINUTE).await;
    world.process(&log, "").run(&world, 10 * MINUTE).await;
    assert_eq!(times(&log.runs), [""; 0]);
    let queue = Queue {
        partition: topic(Log::default(), "").partitions().next().unwrap(),
        kind: QueueKind::Inbound,
    };
    let depth = world.storage.depth(&queue).await.unwrap();
    assert_eq!((depth.pending, depth.scheduled, depth.dead), (0, 0, 0));
}

#[tokio::test]
async fn failing_run_is_buried_and_the_next_one_comes() {
    let (world, log) = (World::new(), Log { is_failing: true, ..Log::default() });
    let process = world.process(&log, &job("0 9 * * *"));
    process.run(&world, DAY).await;
    assert_eq!(times(&log.runs).len(), 5, "it is tried as often as any message");
    process.run(&world, DAY).await;
    assert_eq!(times(&log.runs).len(), 10);
}

#[derive(Clone, Debug)]
enum Action {
    Round(usize),
    Consume(usize),
    Advance(u64),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        (0..2_usize).prop_map(Action::Round),
        (0..2_usize).prop_map(Action::Consume),
        (1..150_u64).prop_map(Action::Advance),
    ];
    prop::collection::vec(action, 0..60)
}

/// Minutes that have begun after `start`, until `end`.
fn minutes(start: DateTime<Utc>, end: DateTime<Utc>) -> i64 {
    end.timestamp().div_euclid(60) - start.timestamp().div_euclid(60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn two_workers_never_run_a_time_twice(actions in actions(), ahead in 0..3_u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (world, log) = (World::new(), Log::default());
            let ahead = Duration::from_secs(ahead);
            let every_minute = job("* * * * *");
            let processes = [
                world.process(&log, &every_minute),
                world.process_ahead(&log, &every_minute, ahead),
            ];
            let start = world.clock.now();
            for action in actions {
                match action {
                    Action::Round(one) => drop(processes[one].jobs.step().await.unwrap()),
                    Action::Consume(one) => drop(processes[one].consumer.step().await.unwrap()),
                    Action::Advance(seconds) => world.clock.advance(Duration::from_secs(seconds)),
                }
                let runs = i64::try_from(log.runs.lock().unwrap().len()).unwrap();
                assert!(runs <= minutes(start, world.clock.now() + ahead));
            }
            // Whatever was left undone, the times until now are past afterwards, by one run at least.
            processes[0].settle().await;
            let before = log.runs.lock().unwrap().len();
            world.clock.advance(3 * MINUTE);
            processes[0].settle().await;
            let last = *log.runs.lock().unwrap().last().unwrap();
            assert_eq!(log.runs.lock().unwrap().len(), before + 1);
            assert!(last - world.clock.now() <= TimeDelta::zero());
            assert_eq!(minutes(last, world.clock.now()), 0);
        });
    }
}
