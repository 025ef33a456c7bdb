//! Records of the engines.

use std::time::Duration;

use crosswire::contracts::figures::catalogue::{
    CALL_SECONDS, CALLS, END_TO_END_SECONDS, HANDLER_SECONDS, IN_HAND, QUEUE_SECONDS, RETRIES,
    SEGMENTS, SEND_SECONDS, SENDS, SETTLED,
};
use rstest::rstest;

use super::world::{TOPIC, World};

#[tokio::test]
async fn message_is_counted_on_its_whole_way() {
    let world = World::new();
    world.write("hello").await;
    world.clock.advance(Duration::from_millis(400));
    world.settle().await;
    assert_eq!(world.count(&CALLS, &["phones", "accepted"]), 1);
    assert_eq!(world.count(&SETTLED, &["inbound", "completed"]), 1);
    assert_eq!(world.count(&SETTLED, &["outbox", "completed"]), 1);
    assert_eq!(world.count(&SENDS, &["phones", "sent"]), 1);
    assert_eq!(world.count(&SEGMENTS, &["phones"]), 2);
    let totals = world.totals();
    let times = |figure, labels: &[&str]| totals.times(figure, &[&[TOPIC], labels].concat());
    for (figure, labels) in [(&CALL_SECONDS, ["phones"].as_slice()), (&HANDLER_SECONDS, &[])] {
        assert_eq!(times(figure, labels).count(), 1, "{}", figure.name);
    }
    assert!((times(&QUEUE_SECONDS, &["inbound"]).sum_seconds - 0.4).abs() < 0.001);
    assert!((times(&SEND_SECONDS, &["phones"]).sum_seconds - 0.02).abs() < 0.001);
    assert!((times(&END_TO_END_SECONDS, &[]).sum_seconds - 0.42).abs() < 0.001);
}

#[rstest]
#[case("throttled", "throttled", Some("throttled"))]
#[case("unavailable", "unavailable", Some("unavailable"))]
#[case("unknown", "unknown", Some("unknown"))]
#[case("recipient", "recipient", None)]
#[case("message", "message", None)]
#[case("account", "account", Some("account"))]
#[tokio::test]
async fn send_is_counted_by_its_outcome(
    #[case] text: &str,
    #[case] outcome: &str,
    #[case] retried: Option<&str>,
) {
    let world = World::new();
    world.write(text).await;
    world.settle().await;
    assert_eq!(world.count(&SENDS, &["phones", outcome]), 1);
    assert_eq!(world.count(&SENDS, &["phones"]), 1, "and by no other one");
    assert_eq!(world.count(&RETRIES, &["outbox"]), u64::from(retried.is_some()));
    if let Some(reason) = retried {
        assert_eq!(world.count(&RETRIES, &["outbox", reason]), 1);
        assert_eq!(world.count(&SETTLED, &["outbox", "retried"]), 1);
    }
    assert_eq!(world.totals().times(&END_TO_END_SECONDS, &[TOPIC]).count(), 0);
}

#[tokio::test]
async fn rejected_and_duplicate_calls_are_counted_as_such() {
    let world = World::new();
    world.write(&"x".repeat(101)).await;
    world.settle().await;
    assert_eq!(world.count(&CALLS, &["phones", "rejected"]), 1);
    assert_eq!(world.count(&CALLS, &["phones"]), 1);
}

#[tokio::test]
async fn series_of_a_process_hold_its_memory_and_what_it_has_in_hand() {
    let world = World::new();
    let series = world.recorder.series(std::slice::from_ref(&world.topic.config.name));
    let totals = crosswire::engine::processes::Totals::of(&series);
    let memory = &crosswire::contracts::figures::catalogue::MEMORY_BYTES;
    assert!(totals.level(memory, &[]) > 1_000_000.0, "a test process has more than a megabyte");
    assert_eq!(totals.series(&IN_HAND, &[TOPIC]).count(), 2, "both queues, with nothing in hand");
}
