//! Pauses by operators: no outcome of a message ends them, and none of a provider replaces them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crosswire::contracts::storage::{Pause, PauseScope, Pauses, StorageError, UNTIL_RESUMED};
use crosswire::engine::gate::{Gate, REFRESH_INTERVAL};
use crosswire::model::address::{Address, Identity};
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::topic::TopicName;
use crosswire::stores::sqlite::Sqlite;
use tokio::sync::Semaphore;

use super::fakes::{clock, topic_name};
use super::gate::enter;
use super::groups;

const A_MINUTE: Duration = Duration::from_mins(1);

struct Paused {
    clock: Arc<ManualClock>,
    store: Sqlite,
    gate: Arc<Gate>,
}

impl Paused {
    fn new() -> Self {
        let clock = clock();
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let store = Sqlite::in_memory(&shared).unwrap();
        Self { gate: Gate::new(topic_name(), groups(), shared), clock, store }
    }

    async fn pause(&self, scope: PauseScope, remaining: Duration, code: u32) {
        let reason = "by an operator".to_owned();
        let pause = Pause { scope, remaining, code, reason };
        self.store.pause(&topic_name(), &pause).await.unwrap();
        self.refresh().await;
    }

    async fn resume(&self, scope: &PauseScope) {
        self.store.resume(&topic_name(), scope).await.unwrap();
        self.refresh().await;
    }

    async fn refresh(&self) {
        self.clock.advance(REFRESH_INTERVAL);
        self.gate.step(&self.store).await.unwrap();
    }

    fn is_open(&self, line: &str) -> bool {
        enter(&self.gate, &Address::new("twilio", "+14155550101", line)).is_some()
    }
}

/// A store that answers a question about pauses for each permit, and fails once it is closed.
struct Slow<'a>(&'a Sqlite, Semaphore);

#[async_trait]
impl Pauses for Slow<'_> {
    async fn pause(&self, topic: &TopicName, pause: &Pause) -> Result<(), StorageError> {
        self.0.pause(topic, pause).await
    }

    async fn pauses(&self, topic: &TopicName) -> Result<Vec<Pause>, StorageError> {
        let permit = self.1.acquire().await;
        permit.map_err(|_| StorageError::Unavailable("away".to_owned()))?.forget();
        self.0.pauses(topic).await
    }

    async fn resume(&self, topic: &TopicName, scope: &PauseScope) -> Result<(), StorageError> {
        self.0.resume(topic, scope).await
    }
}

fn line(number: &str) -> Identity {
    Identity::new(number)
}

#[tokio::test]
async fn operators_pause_of_a_line_holds_it_alone_until_it_is_resumed() {
    let it = Paused::new();
    let scope = PauseScope::of_operator("twilio", Some(line("+1")));
    it.pause(scope.clone(), UNTIL_RESUMED, 0).await;
    assert!(!it.is_open("+1") && it.is_open("+2"));
    assert_eq!(it.gate.topic_held_for(), None);
    for _ in 0..10 {
        it.clock.advance(A_MINUTE);
        it.refresh().await;
        assert!(!it.is_open("+1"), "no message is a probe");
    }
    it.resume(&scope).await;
    assert!(it.is_open("+1"));
}

#[tokio::test]
async fn operators_pause_of_a_topic_holds_all_of_it_and_ends_in_its_time() {
    let it = Paused::new();
    it.pause(PauseScope::of_topic(), 2 * A_MINUTE, 0).await;
    assert!(!it.is_open("+1") && !it.is_open("+2"));
    assert!(it.gate.topic_held_for().is_some_and(|left| left > A_MINUTE));
    it.clock.advance(2 * A_MINUTE);
    assert_eq!(it.gate.topic_held_for(), None);
    assert!(it.is_open("+1"));
}

#[tokio::test]
async fn provider_and_operator_pause_one_line_beside_each_other() {
    let it = Paused::new();
    let (ours, theirs) = (
        PauseScope::of_operator("twilio", Some(line("+1"))),
        PauseScope::of_provider("twilio", Some(line("+1"))),
    );
    it.pause(ours.clone(), UNTIL_RESUMED, 0).await;
    it.pause(theirs.clone(), A_MINUTE, 21606).await;
    let scopes = || async { it.store.pauses(&topic_name()).await.unwrap().len() };
    assert_eq!(scopes().await, 2);
    it.resume(&theirs).await;
    assert!(!it.is_open("+1"), "the operator's pause stays");
    it.pause(theirs, A_MINUTE, 21606).await;
    it.resume(&ours).await;
    assert!(!it.is_open("+1"), "the provider's pause stays");
    it.clock.advance(2 * A_MINUTE);
    it.refresh().await;
    enter(&it.gate, &Address::new("twilio", "+14155550101", "+1")).unwrap().accepted();
    it.refresh().await;
    assert_eq!(scopes().await, 0);
}

#[tokio::test]
async fn no_step_ends_before_the_first_answer_about_pauses() {
    let it = Paused::new();
    it.pause(PauseScope::of_topic(), UNTIL_RESUMED, 0).await;
    let gate = Gate::new(topic_name(), groups(), Arc::clone(&it.clock) as _);
    let slow = Slow(&it.store, Semaphore::new(0));
    let (mut one, mut other) = (Box::pin(gate.step(&slow)), Box::pin(gate.step(&slow)));
    for step in [&mut one, &mut other] {
        let polled = tokio::time::timeout(Duration::ZERO, step).await;
        assert!(polled.is_err(), "it waits for the store");
    }
    slow.1.add_permits(1);
    one.await.unwrap();
    other.await.unwrap();
    assert!(gate.topic_held_for().is_some() && gate.is_answered());
}

#[tokio::test]
async fn gate_without_a_first_answer_asks_with_each_step() {
    let it = Paused::new();
    let slow = Slow(&it.store, Semaphore::new(0));
    slow.1.close();
    for _ in 0..2 {
        assert!(it.gate.step(&slow).await.is_err());
        assert!(!it.gate.is_known());
    }
    it.gate.step(&it.store).await.unwrap();
    assert!(it.gate.is_known());
    assert!(it.gate.step(&slow).await.is_ok(), "the next answer is not due yet");
    it.clock.advance(REFRESH_INTERVAL);
    assert!(it.gate.step(&slow).await.is_err());
    assert!(it.gate.is_known() && !it.gate.is_answered(), "it goes by what it knows");
}
