//! Intake above what can be borne: too many calls in hand, and a backlog that is too old.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::DateTime;
use crosswire::contracts::figures::Figures;
use crosswire::contracts::figures::catalogue::OVERLOAD_REFUSALS;
use crosswire::contracts::storage::{Pause, PauseScope, Pushed, Retry, UNTIL_RESUMED};
use crosswire::contracts::transport::Received;
use crosswire::engine::intake::{Intake, Outcome, Refusal};
use crosswire::engine::overload::MAX_IN_HAND;
use crosswire::engine::processes::Totals;
use crosswire::http::response::refusal_response;
use crosswire::model::address::Address;
use crosswire::model::clock::{ManualClock, SystemClock};
use crosswire::model::message::{Incoming, MessageId};
use crosswire::stores::redis::{Redis, RedisConfig};
use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use nix::sys::signal::Signal;

use super::groups;
use super::intake::{call, pipeline, store};
use crate::storage::fixture::{Fixture, commit, retry};
use crate::support::redis::RedisServer;

const MAX_AGE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

/// A text of the person of this number, under this id.
fn text(number: u32, id: u32, text: &str) -> Received {
    let sender = Address::new("twilio", &format!("+1415555{number:04}"), crate::support::LINE);
    let id = MessageId::new(id.to_string());
    Received::Message(Box::new(Incoming::new(id, sender, text)))
}

/// Intake whose clock moves only when it is told to.
struct World {
    f: Fixture,
    clock: Arc<ManualClock>,
    figures: Arc<Figures>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
        Self { f: store(), clock, figures: Arc::default() }
    }

    fn intake(&self, received: impl Fn() -> Received + Send + Sync + 'static) -> Intake {
        self.limited(u64::from(u32::MAX), received)
    }

    fn limited(
        &self,
        max_depth: u64,
        received: impl Fn() -> Received + Send + Sync + 'static,
    ) -> Intake {
        let mut pipeline = pipeline(&self.f, "twilio", received);
        pipeline.limits.max_depth = max_depth;
        pipeline.limits.max_backlog_age = MAX_AGE;
        let storage = Arc::clone(&self.f.storage);
        Intake::new(storage, groups(), Arc::clone(&self.clock) as _, vec![pipeline])
            .recorded_by(Arc::clone(&self.figures))
    }

    /// Returns how many calls this limit has refused.
    fn refused(&self, limit: &str) -> u64 {
        let topic = self.f.partition.topic.as_str();
        Totals::of(&self.figures.snapshot()).count(&OVERLOAD_REFUSALS, &[topic, limit])
    }

    /// Receives what this intake receives, and looks at the backlog afterwards.
    async fn receive(&self, intake: &Intake) -> Result<Outcome, Refusal> {
        let receipt = intake.receive(self.f.partition.topic.as_str(), call()).await;
        intake.backlog().step().await;
        receipt.map(|receipt| receipt.outcome)
    }
}

const ACCEPTED: Result<Outcome, Refusal> = Ok(Outcome::Pushed(Pushed::Accepted));

#[tokio::test]
async fn messages_are_refused_while_the_oldest_waits_too_long() {
    let world = World::new();
    let next = Arc::new(AtomicU32::new(0));
    let numbers = Arc::clone(&next);
    let intake = world.intake(move || text(1, numbers.fetch_add(1, Ordering::SeqCst), "hello"));
    assert_eq!(world.receive(&intake).await, ACCEPTED);
    world.clock.advance(MAX_AGE);
    assert_eq!(world.receive(&intake).await, ACCEPTED, "it is as old as it may be");
    world.clock.advance(SECOND);
    assert_eq!(world.receive(&intake).await, ACCEPTED, "nobody has looked since");
    let refused = world.receive(&intake).await;
    assert_eq!(refused, Err(Refusal::Unavailable));
    assert_eq!(world.refused("age"), 1);
    let response = refusal_response(&refused.unwrap_err());
    assert_eq!(response.status(), 503);
    assert!(response.headers().contains_key("Retry-After"));
    next.store(0, Ordering::SeqCst);
    assert_eq!(world.receive(&intake).await, Ok(Outcome::Pushed(Pushed::Duplicate)));
    for _ in 0..3 {
        let claim = world.f.claim().await;
        world.f.complete(claim, commit()).await;
    }
    next.store(9, Ordering::SeqCst);
    assert_eq!(world.receive(&intake).await, Err(Refusal::Unavailable), "nobody has looked since");
    assert_eq!(world.receive(&intake).await, ACCEPTED, "nothing waits any more");
}

#[tokio::test]
async fn message_for_which_the_queue_has_no_room_is_counted() {
    let world = World::new();
    let numbers = AtomicU32::new(0);
    let intake = world.limited(1, move || {
        let number = numbers.fetch_add(1, Ordering::SeqCst);
        text(number, number, "hello")
    });
    assert_eq!(world.receive(&intake).await, ACCEPTED);
    assert_eq!(world.receive(&intake).await, Err(Refusal::Unavailable));
    assert_eq!((world.refused("depth"), world.refused("age")), (1, 0));
}

#[tokio::test]
async fn first_message_for_a_while_finds_out_by_itself_how_old_the_oldest_is() {
    let world = World::new();
    assert_eq!(world.receive(&world.intake(|| text(1, 1, "hello"))).await, ACCEPTED);
    world.clock.advance(MAX_AGE + SECOND);
    let other = world.intake(|| text(2, 2, "hello"));
    assert_eq!(world.receive(&other).await, Err(Refusal::Unavailable));
}

#[tokio::test]
async fn opt_out_is_taken_in_whatever_waits() {
    let world = World::new();
    let next = Arc::new(AtomicU32::new(0));
    let number = Arc::clone(&next);
    let intake = world.intake(move || match number.load(Ordering::SeqCst) {
        id @ (0 | 1) => text(1, id, "hello"),
        2 => text(2, 2, "STOP"),
        id => text(2, id, "hello"),
    });
    let mut outcomes = Vec::new();
    for id in 0..4 {
        next.store(id, Ordering::SeqCst);
        outcomes.push(world.receive(&intake).await);
        if id == 0 {
            world.clock.advance(MAX_AGE + SECOND);
        }
    }
    assert_eq!(outcomes[..3], [ACCEPTED, ACCEPTED, ACCEPTED], "the last of them is an opt-out");
    assert_eq!(outcomes[3], Ok(Outcome::Pushed(Pushed::Barred)));
}

#[tokio::test]
async fn message_that_is_tried_again_or_held_by_an_operator_is_no_backlog() {
    let world = World::new();
    let numbers = AtomicU32::new(0);
    let intake = world.intake(move || text(1, numbers.fetch_add(1, Ordering::SeqCst), "hello"));
    assert_eq!(world.receive(&intake).await, ACCEPTED);
    world.clock.advance(MAX_AGE + SECOND);
    let scope = PauseScope::of_topic();
    let reason = "work on the provider".to_owned();
    let pause = Pause { scope: scope.clone(), remaining: UNTIL_RESUMED, code: 0, reason };
    let topic = &world.f.partition.topic;
    world.f.storage.pause(topic, &pause).await.unwrap();
    assert_eq!(world.receive(&intake).await, ACCEPTED);
    assert_eq!(world.receive(&intake).await, ACCEPTED, "the topic is paused");
    world.f.storage.resume(topic, &scope).await.unwrap();
    assert_eq!(world.receive(&intake).await, ACCEPTED);
    assert_eq!(world.receive(&intake).await, Err(Refusal::Unavailable));
    let claim = world.f.claim().await;
    let later = Retry { after: Duration::from_hours(1), ..retry() };
    world.f.retry(claim, later).await;
    assert_eq!(world.receive(&intake).await, Err(Refusal::Unavailable), "nobody has looked since");
    assert_eq!(world.receive(&intake).await, ACCEPTED, "its next attempt is due later");
}

#[tokio::test]
async fn call_beyond_those_in_hand_is_refused_at_once() {
    let server = RedisServer::volatile();
    let settings = RedisConfig { url: server.url().into(), verify_tls: true, wait_replicas: 0 };
    let f = Fixture::new(Arc::new(Redis::connect(settings).await.unwrap()));
    let (people, clock) = (AtomicU32::new(0), Arc::new(SystemClock));
    let mut pipeline = pipeline(&f, "twilio", move || {
        let number = people.fetch_add(1, Ordering::SeqCst);
        text(number, number, "hello")
    });
    // Few of them are in one lane to the store, which would refuse what comes behind many.
    pipeline.limits.partitions = 32;
    let figures = Arc::<Figures>::default();
    let intake = Intake::new(Arc::clone(&f.storage), groups(), clock, vec![pipeline])
        .recorded_by(Arc::clone(&figures));
    let topic = f.partition.topic.as_str();
    server.signal(Signal::SIGSTOP);
    let mut in_hand: FuturesUnordered<_> =
        (0..MAX_IN_HAND).map(|_| intake.receive(topic, call())).collect();
    assert!(in_hand.next().now_or_never().is_none(), "all of them wait for the store");
    let further = intake.receive(topic, call()).now_or_never();
    assert_eq!(further.map(Result::err), Some(Some(Refusal::Unavailable)));
    let counted = Totals::of(&figures.snapshot()).count(&OVERLOAD_REFUSALS, &[topic, "calls"]);
    assert_eq!(counted, 1);
    server.signal(Signal::SIGCONT);
    // Their callers have hung up.
    drop(in_hand);
    intake.receive(topic, call()).await.expect("there is room again");
}
