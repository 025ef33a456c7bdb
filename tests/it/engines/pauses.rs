//! Paused lines: the store hands out none of their messages, and the other lines go on.

use std::time::Duration;

use crosswire::contracts::storage::Depth;
use crosswire::engine::consumer::Consumer;
use crosswire::engine::gate::PAUSE;

use super::fakes::FakeTransport;
use super::world::{World, until_idle};

/// Messages that are tried when a pause ends.
const MOST_PROBES: usize = 16;
const BAD: &str = "+15005550001";
const GOOD: &str = "+15005550006";

fn world() -> World {
    let transport = FakeTransport::default();
    transport.rejected.lock().unwrap().push(BAD.to_owned());
    World::new(transport)
}

/// Lets time pass until the line is closed for as long as it ever is.
async fn until_paused(world: &World, consumer: &Consumer) {
    for _ in 0..2 * PAUSE.as_secs() {
        until_idle(consumer).await;
        world.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn rejected_line_is_held_while_the_other_keeps_sending() {
    let world = world();
    world.owe(BAD, 30).await;
    world.owe(GOOD, 30).await;
    let consumer = world.consumer();
    until_idle(&consumer).await;
    assert_eq!(world.transport.sent_from(GOOD), 30);
    assert_eq!(world.transport.tried_from(BAD), 2, "the second recipient confirms it");
    world.owe(GOOD, 5).await;
    until_idle(&consumer).await;
    assert_eq!(world.transport.sent_from(GOOD), 35);
    assert_eq!(world.transport.tried_from(BAD), 2);
}

#[tokio::test]
async fn paused_messages_are_kept_and_few_of_them_are_tried() {
    let world = world();
    world.owe(BAD, 1_000).await;
    let consumer = world.consumer();
    until_paused(&world, &consumer).await;
    let tried = world.transport.tried_from(BAD);
    for _ in 0..20 * PAUSE.as_secs() {
        world.clock.advance(Duration::from_secs(1));
        until_idle(&consumer).await;
    }
    let tried = world.transport.tried_from(BAD) - tried;
    assert!(tried <= 25 * MOST_PROBES, "{tried} of 1,000 messages in ten minutes");
    let depth = world.depth().await;
    assert_eq!((depth.pending, depth.dead), (1_000, 0));
    let mut failures = 0;
    for _ in 0..depth.ready {
        let claim = world.f.claim_outbox().await;
        failures += claim.failures;
        assert_eq!(claim.outcome_unknown_since, None);
    }
    assert!(failures <= 2, "retained messages do not fail");
}

#[tokio::test]
async fn mended_line_sends_everything_after_its_probe() {
    let world = world();
    world.owe(BAD, 30).await;
    let consumer = world.consumer();
    until_paused(&world, &consumer).await;
    assert_eq!(world.transport.sent_from(BAD), 0);
    world.transport.rejected.lock().unwrap().clear();
    world.clock.advance(PAUSE);
    until_idle(&consumer).await;
    world.clock.advance(PAUSE);
    until_idle(&consumer).await;
    assert_eq!(world.transport.sent_from(BAD), 30);
    assert_eq!(world.depth().await, Depth::default(), "probes that failed buried nothing");
}

#[tokio::test]
async fn pause_that_one_worker_sets_holds_another() {
    let world = world();
    world.owe(BAD, 30).await;
    let (one, other) = (world.consumer(), world.consumer());
    until_idle(&one).await;
    until_idle(&other).await;
    assert_eq!(world.transport.tried_from(BAD), 2);
}
