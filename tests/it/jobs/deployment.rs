//! Jobs of two workers that run at the same time on a real Redis.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use crosswire::contracts::storage::Storage;
use crosswire::engine::consumer::ConsumerRuntime;
use crosswire::engine::consumers::Consumers;
use crosswire::engine::jobs::Jobs;
use crosswire::engine::leases::Leases;
use crosswire::model::clock::SystemClock;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Log, job, topic};
use crate::engines::{groups, topic as fixture};
use crate::support::PATIENCE;

/// Starts a worker of the topic on the fixture's store.
fn start(
    storage: &Arc<dyn Storage>,
    log: &Log,
    name: &str,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let mut topic = topic(log.clone(), &job("* * * * * *"));
    topic.config.name = name.parse().unwrap();
    let clock = Arc::new(SystemClock);
    let runtime = ConsumerRuntime::new(Arc::clone(storage), Leases::new(clock.clone()));
    let consumers = Consumers { runtime, clock: clock.clone(), groups: groups() };
    let mut tasks = JoinSet::new();
    for (_, consumer) in consumers.of(&topic) {
        tasks.spawn(consumer.run(stop.clone()));
    }
    let jobs = Jobs::new(Arc::clone(storage), clock, &[topic]);
    let stopped = stop.clone();
    tasks.spawn(async move { jobs.run(stopped).await });
    tasks
}

#[tokio::test]
async fn every_second_runs_once_on_two_workers() {
    let (f, log, stop) = (fixture().await, Log::default(), CancellationToken::new());
    let name = f.partition.topic.to_string();
    let workers = [start(&f.storage, &log, &name, &stop), start(&f.storage, &log, &name, &stop)];
    let has_run = async {
        while log.runs.lock().unwrap().len() < 4 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, has_run).await.expect("the job runs each second");
    stop.cancel();
    for tasks in workers {
        tasks.join_all().await;
    }
    let second = |at: &DateTime<Utc>| at.timestamp();
    let seconds: Vec<i64> = log.runs.lock().unwrap().iter().map(second).collect();
    assert!(seconds.is_sorted_by(|a, b| a < b), "{seconds:?}");
}
