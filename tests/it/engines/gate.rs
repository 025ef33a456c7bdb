//! Gate: which lines are closed after which outcomes.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::Pauses;
use crosswire::engine::gate::{Gate, PAUSE, REFRESH_INTERVAL};
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::stores::sqlite::Sqlite;

use super::fakes::{clock, topic_name};
use super::groups;

const MILLISECOND: Duration = Duration::from_millis(1);

fn on_line(line: &str) -> Address {
    Address::new("twilio", "+14155550101", line)
}

fn gate(clock: &Arc<ManualClock>) -> Arc<Gate> {
    Gate::new(topic_name(), groups(), Arc::clone(clock) as _)
}

fn is_open(gate: &Arc<Gate>, line: &str) -> bool {
    gate.enter(&on_line(line)).is_some()
}

fn reject_line(gate: &Arc<Gate>, line: &str) {
    gate.enter(&on_line(line)).unwrap().pause_line(21606, "not yours");
}

#[test]
fn rejected_line_closes_itself_alone() {
    let gate = gate(&clock());
    reject_line(&gate, "+1");
    assert_eq!(gate.closed(), [groups().line(&on_line("+1"))]);
    assert!(!is_open(&gate, "+1"));
    assert!(is_open(&gate, "+2"));
}

#[test]
fn rejected_account_closes_every_line_of_its_transport() {
    let gate = gate(&clock());
    gate.enter(&on_line("+1")).unwrap().pause_transport(20003, "suspended");
    assert_eq!(gate.closed(), [groups().transport("twilio")]);
    assert!(!is_open(&gate, "+1") && !is_open(&gate, "+2"));
    assert!(gate.enter(&Address::new("kannel", "+14155550101", "+1")).is_some());
}

#[test]
fn second_refusal_in_a_row_closes_the_line() {
    let gate = gate(&clock());
    let pass = |line| gate.enter(&on_line(line)).unwrap();
    pass("+1").refused();
    assert!(is_open(&gate, "+1"));
    pass("+1").accepted();
    pass("+1").refused();
    assert!(is_open(&gate, "+1"), "a success in between ends the row");
    pass("+1").refused();
    assert!(!is_open(&gate, "+1"));
    assert!(is_open(&gate, "+2"));
}

#[test]
fn refusals_that_arrive_together_close_the_line_once() {
    let clock = clock();
    let gate = gate(&clock);
    let passes: Vec<_> = (0..10).map(|_| gate.enter(&on_line("+1")).unwrap()).collect();
    passes.into_iter().for_each(crosswire::engine::gate::Pass::refused);
    // The delay after two refusals is at most two seconds with its jitter.
    clock.advance(Duration::from_secs(2));
    assert!(is_open(&gate, "+1"));
}

#[test]
fn throttled_line_waits_as_long_as_the_provider_asks() {
    let clock = clock();
    let gate = gate(&clock);
    let almost = Duration::from_millis(59_999);
    let minute = almost + MILLISECOND;
    assert_eq!(gate.enter(&on_line("+1")).unwrap().throttled(Some(minute)), minute);
    clock.advance(almost);
    assert_eq!(gate.opens_in(), Some(MILLISECOND));
    assert!(!is_open(&gate, "+1"));
    clock.advance(MILLISECOND);
    assert!(is_open(&gate, "+1"));
}

#[test]
fn one_message_probes_a_line_when_its_pause_ends() {
    let clock = clock();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    clock.advance(PAUSE);
    assert_eq!(gate.closed(), [], "the probe may be claimed");
    let probe = gate.enter(&on_line("+1")).unwrap();
    assert!(!is_open(&gate, "+1"), "the others wait for its outcome");
    assert_eq!(gate.closed().len(), 1);
    probe.pause_line(21606, "not yours");
    assert_eq!(gate.opens_in(), Some(PAUSE), "renewed");
    clock.advance(PAUSE);
    gate.enter(&on_line("+1")).unwrap().accepted();
    assert_eq!(gate.closed(), []);
    let (_one, _two) = (gate.enter(&on_line("+1")).unwrap(), gate.enter(&on_line("+1")).unwrap());
}

#[test]
fn probe_without_an_outcome_leaves_its_place_to_the_next() {
    let clock = clock();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    clock.advance(PAUSE);
    drop(gate.enter(&on_line("+1")).unwrap());
    let _next = gate.enter(&on_line("+1")).unwrap();
}

#[test]
fn message_on_its_way_does_not_end_a_pause() {
    let gate = gate(&clock());
    let earlier = gate.enter(&on_line("+1")).unwrap();
    reject_line(&gate, "+1");
    earlier.accepted();
    assert!(!is_open(&gate, "+1"));
}

#[tokio::test]
async fn pause_of_one_process_holds_another() {
    let clock = clock();
    let store = Sqlite::in_memory(&(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
    let (one, other) = (gate(&clock), gate(&clock));
    other.step(&store).await.unwrap();
    reject_line(&one, "+1");
    one.step(&store).await.unwrap();
    assert_eq!(store.pauses(&topic_name()).await.unwrap().len(), 1, "saved at once");
    other.step(&store).await.unwrap();
    assert!(is_open(&other, "+1"), "not read before the interval is over");
    clock.advance(REFRESH_INTERVAL);
    other.step(&store).await.unwrap();
    assert!(!is_open(&other, "+1"));
    assert!(is_open(&other, "+2"));
    clock.advance(PAUSE);
    other.step(&store).await.unwrap();
    assert!(is_open(&other, "+1"));
}

#[tokio::test]
async fn pause_that_is_ended_by_hand_is_probed_at_once() {
    let clock = clock();
    let store = Sqlite::in_memory(&(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    gate.step(&store).await.unwrap();
    for pause in store.pauses(&topic_name()).await.unwrap() {
        store.resume(&topic_name(), &pause.scope).await.unwrap();
    }
    clock.advance(REFRESH_INTERVAL);
    gate.step(&store).await.unwrap();
    let _probe = gate.enter(&on_line("+1")).unwrap();
    assert!(!is_open(&gate, "+1"));
}
