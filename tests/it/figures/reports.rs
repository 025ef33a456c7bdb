//! Reports of processes in the store, and samples of topics.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::figures::catalogue::CALLS;
use crosswire::contracts::figures::{FAREWELL_KEPT, LOST_AFTER, REPORT_KEPT};
use crosswire::contracts::storage::{ClaimRequest, Token};
use crosswire::engine::operations::ProcessView;
use crosswire::engine::processes::samples::{Sample, Sampler, feed};
use crosswire::engine::processes::{ProcessState, Totals, reports};
use crosswire::model::clock::Clock;

use super::world::{TOPIC, World};

/// Returns the processes that have reported about the topic.
async fn seen(world: &World) -> Vec<ProcessView> {
    world.operations().overview().await.unwrap().processes
}

#[tokio::test]
async fn process_runs_is_lost_or_has_stopped_by_its_last_report() {
    let world = World::new();
    let (web, worker) = (world.reporter("web"), world.reporter("worker"));
    web.step(false).await.unwrap();
    worker.step(false).await.unwrap();
    world.clock.advance(Duration::from_secs(5));
    web.step(true).await.unwrap();
    let states = |seen: &[ProcessView]| -> Vec<(String, ProcessState)> {
        seen.iter().map(|it| (it.role.clone(), it.state)).collect()
    };
    let (web, worker) = (String::from("web"), String::from("worker"));
    let expected = [(worker.clone(), ProcessState::Running), (web.clone(), ProcessState::Stopped)];
    assert_eq!(states(&seen(&world).await), expected);
    world.clock.advance(LOST_AFTER);
    let expected = [(worker, ProcessState::Lost), (web, ProcessState::Stopped)];
    assert_eq!(states(&seen(&world).await), expected);
    world.clock.advance(FAREWELL_KEPT);
    assert_eq!(states(&seen(&world).await), [(String::from("worker"), ProcessState::Lost)]);
    world.clock.advance(REPORT_KEPT);
    assert!(seen(&world).await.is_empty(), "nothing is kept for ever");
}

#[tokio::test]
async fn totals_add_up_the_reports_of_all_processes() {
    let world = World::new();
    world.write("hello").await;
    for role in ["web", "standalone"] {
        world.reporter(role).step(false).await.unwrap();
    }
    let read = reports(world.storage.as_ref(), &world.topic.config.name).await.unwrap();
    let totals = Totals::of(read.iter().flat_map(|report| &report.series));
    assert_eq!(totals.count_of(&CALLS, &[TOPIC], &["accepted"]), 2, "one of each");
}

#[tokio::test]
async fn report_lists_the_message_in_hand_and_since_when() {
    let world = World::new();
    world.write("hello").await;
    let queue = &world.consumers[0].0;
    let token = Token::random();
    let lease = Duration::from_secs(10);
    let request = ClaimRequest { token, lease, max: 1, reclaim: true, closed: Vec::new() };
    let mut claimed = world.storage.claim(queue, &request).await.unwrap();
    let claim = claimed.claims.pop().expect("a message is ready");
    let guard = world.recorder.leases.hold(&claim, lease, world.clock.uptime());
    let reporter = world.reporter("worker");
    reporter.step(false).await.unwrap();
    let process = seen(&world).await.remove(0);
    let [in_hand] = process.in_hand.as_slice() else { panic!("one message") };
    assert_eq!((in_hand.topic.as_str(), in_hand.queue.as_str()), (TOPIC, "inbound"));
    assert_eq!((&in_hand.message, in_hand.attempt), (&claim.id, 1));
    drop(guard);
    reporter.step(false).await.unwrap();
    assert!(seen(&world).await.remove(0).in_hand.is_empty());
}

#[tokio::test]
async fn one_process_samples_a_topic_every_ten_seconds() {
    let world = World::new();
    world.write("hello").await;
    world.reporter("web").step(false).await.unwrap();
    let clock: Arc<dyn Clock> = Arc::clone(&world.clock) as _;
    let samplers = [(); 2].map(|()| Sampler::new(Arc::clone(&world.storage), Arc::clone(&clock)));
    for seconds in [0, 5, 5] {
        world.clock.advance(Duration::from_secs(seconds));
        for each in &samplers {
            each.step(std::slice::from_ref(&world.topic)).await.unwrap();
        }
    }
    let feed = feed(&world.topic.config.name);
    let lines = world.storage.follow(&feed, None, Duration::ZERO).await.unwrap();
    let taken: Vec<Sample> =
        lines.iter().map(|line| serde_json::from_str(&line.text).unwrap()).collect();
    let numbers: Vec<_> = taken.iter().map(|it| (it.inbound, it.outbox, it.received)).collect();
    assert_eq!(numbers, [(1, 0, 1), (1, 0, 1)]);
}
