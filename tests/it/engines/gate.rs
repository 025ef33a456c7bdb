//! Gate: which lines are closed after which outcomes.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::Pauses;
use crosswire::engine::gate::{Gate, PAUSE, Pass, REFRESH_INTERVAL};
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::stores::sqlite::Sqlite;

use super::fakes::{clock, topic_name};
use super::groups;
use super::world::recipient;

const MILLISECOND: Duration = Duration::from_millis(1);
const A_MINUTE: Duration = Duration::from_mins(1);
/// First time for which refusals close a line.
const FIRST: Duration = Duration::from_millis(500);

fn on_line(line: &str) -> Address {
    Address::new("twilio", "+14155550101", line)
}

fn gate(clock: &Arc<ManualClock>) -> Arc<Gate> {
    Gate::new(topic_name(), groups(), Arc::clone(clock) as _)
}

/// Asks for permission as the dispatcher does.
pub(super) fn enter(gate: &Arc<Gate>, to: &Address) -> Option<Pass> {
    gate.enter(to, &groups().line(to))
}

fn is_open(gate: &Arc<Gate>, line: &str) -> bool {
    enter(gate, &on_line(line)).is_some()
}

/// Permission to send to one of several people.
fn pass(gate: &Arc<Gate>, person: u32, line: &str) -> Pass {
    enter(gate, &recipient(person, line)).unwrap()
}

/// Two people's messages are refused for the line, which closes it for the shortest time.
fn reject_line(gate: &Arc<Gate>, line: &str) {
    assert_eq!(pass(gate, 1, line).line_refused(21606, "not yours"), None);
    assert!(pass(gate, 2, line).line_refused(21606, "not yours").is_some());
}

/// Rejects a line until it is closed for more than the interval at which pauses are read.
fn reject_for_long(gate: &Arc<Gate>, clock: &ManualClock, line: &str) {
    reject_line(gate, line);
    let mut person = 10;
    while gate.opens_in().is_some_and(|time| time < 4 * REFRESH_INTERVAL) {
        clock.advance(gate.opens_in().unwrap());
        while let Some(pass) = enter(gate, &recipient(person, line)) {
            pass.line_refused(21606, "not yours");
            person += 1;
        }
    }
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
    assert_eq!(pass(&gate, 1, "+1").account_refused(20003, "suspended"), None);
    assert!(is_open(&gate, "+1"), "one recipient proves nothing");
    assert_eq!(pass(&gate, 1, "+1").account_refused(20003, "suspended"), None);
    assert!(is_open(&gate, "+1"), "nor does the same one again");
    assert!(pass(&gate, 2, "+2").account_refused(20003, "suspended").is_some());
    assert_eq!(gate.closed(), [groups().transport("twilio")]);
    assert!(!is_open(&gate, "+1") && !is_open(&gate, "+2"));
    assert!(enter(&gate, &Address::new("kannel", "+14155550101", "+1")).is_some());
}

#[tokio::test]
async fn pause_for_a_budget_or_a_rate_is_no_refusal_that_is_believed() {
    for (code, is_believed) in [(0, false), (429, false), (20003, true)] {
        let clock = clock();
        let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let store = Sqlite::in_memory(&shared).unwrap();
        let (one, other) = (gate(&clock), gate(&clock));
        pass(&one, 1, "+1").close_transport(FIRST, code, "wait");
        one.step(&store).await.unwrap();
        other.step(&store).await.unwrap();
        assert!(!is_open(&other, "+1"));
        clock.advance(FIRST + MILLISECOND);
        let refused = pass(&other, 2, "+1").account_refused(20003, "suspended");
        assert_eq!(refused.is_some(), is_believed, "{code}");
    }
}

#[test]
fn refusals_of_different_recipients_in_a_row_close_the_line() {
    let clock = clock();
    let gate = gate(&clock);
    for _ in 0..10 {
        pass(&gate, 1, "+1").refused();
    }
    assert!(is_open(&gate, "+1"), "it is one recipient");
    pass(&gate, 2, "+1").accepted();
    clock.advance(A_MINUTE);
    pass(&gate, 2, "+1").refused();
    assert!(is_open(&gate, "+1"), "a success in between ends the row");
    pass(&gate, 3, "+1").refused();
    assert!(!is_open(&gate, "+1"));
    assert!(is_open(&gate, "+2"));
}

#[test]
fn line_that_has_just_worked_is_trusted_longer() {
    let clock = clock();
    let gate = gate(&clock);
    pass(&gate, 0, "+1").accepted();
    for person in 1..=31 {
        assert_eq!(pass(&gate, person, "+1").line_refused(21606, "not yours"), None);
    }
    assert!(is_open(&gate, "+1"));
    clock.advance(A_MINUTE);
    assert!(pass(&gate, 1, "+1").line_refused(21606, "not yours").is_some(), "a minute ago");
    assert!(!is_open(&gate, "+1"));
}

#[test]
fn refusals_that_arrive_together_close_the_line_once() {
    let clock = clock();
    let gate = gate(&clock);
    let passes: Vec<_> = (0..10).map(|person| pass(&gate, person, "+1")).collect();
    passes.into_iter().for_each(Pass::refused);
    assert_eq!(gate.opens_in(), Some(FIRST));
    clock.advance(FIRST);
    assert!(is_open(&gate, "+1"));
}

#[test]
fn line_closes_for_longer_each_time_and_lets_more_messages_try() {
    let clock = clock();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    let mut person = 10;
    let mut longest = FIRST;
    for probes in [1, 2, 4, 8, 16, 16, 16] {
        assert_eq!(gate.opens_in(), Some(longest));
        clock.advance(longest);
        let passes: Vec<_> =
            (person..).map_while(|it| enter(&gate, &recipient(it, "+1"))).collect();
        assert_eq!(passes.len(), probes);
        person += 100;
        for pass in passes {
            assert!(pass.line_refused(21606, "not yours").is_some());
        }
        longest = (2 * longest).min(PAUSE);
    }
    assert_eq!(longest, PAUSE);
}

#[test]
fn known_recipient_does_not_close_a_line_again() {
    let clock = clock();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    clock.advance(FIRST);
    for person in [1, 2, 1, 2] {
        let delay = pass(&gate, person, "+1").line_refused(21606, "not yours");
        assert_eq!(delay, Some(PAUSE), "others are tried first");
    }
    assert!(is_open(&gate, "+1"));
    pass(&gate, 3, "+1").line_refused(21606, "not yours");
    assert!(!is_open(&gate, "+1"));
}

#[test]
fn throttled_line_waits_as_long_as_the_provider_asks() {
    let clock = clock();
    let gate = gate(&clock);
    let almost = Duration::from_millis(59_999);
    let minute = almost + MILLISECOND;
    assert_eq!(enter(&gate, &on_line("+1")).unwrap().throttled(Some(minute)), minute);
    clock.advance(almost);
    assert_eq!(gate.opens_in(), Some(MILLISECOND));
    assert!(!is_open(&gate, "+1"));
    clock.advance(MILLISECOND);
    assert!(is_open(&gate, "+1"));
}

#[test]
fn throttled_account_holds_every_line_of_its_transport() {
    let clock = clock();
    let gate = gate(&clock);
    pass(&gate, 1, "+1").account_throttled(A_MINUTE);
    assert_eq!(gate.closed(), [groups().transport("twilio")]);
    assert_eq!(gate.opens_in(), Some(A_MINUTE));
    clock.advance(A_MINUTE);
    assert!(is_open(&gate, "+2"));
}

#[test]
fn one_message_probes_a_line_when_its_pause_ends() {
    let clock = clock();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    clock.advance(FIRST);
    assert_eq!(gate.closed(), [], "the probe may be claimed");
    let probe = pass(&gate, 3, "+1");
    assert!(!is_open(&gate, "+1"), "the others wait for its outcome");
    assert_eq!(gate.closed().len(), 1);
    probe.line_refused(21606, "not yours");
    assert_eq!(gate.opens_in(), Some(2 * FIRST), "renewed");
    clock.advance(2 * FIRST);
    enter(&gate, &on_line("+1")).unwrap().accepted();
    assert_eq!(gate.closed(), []);
    let (_one, _two) =
        (enter(&gate, &on_line("+1")).unwrap(), enter(&gate, &on_line("+1")).unwrap());
}

#[test]
fn probe_without_an_outcome_leaves_its_place_to_the_next() {
    let clock = clock();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    clock.advance(FIRST);
    drop(enter(&gate, &on_line("+1")).unwrap());
    let _next = enter(&gate, &on_line("+1")).unwrap();
}

#[test]
fn probe_that_is_taken_opens_a_line_although_another_is_refused() {
    let clock = clock();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    clock.advance(FIRST);
    pass(&gate, 3, "+1").line_refused(21606, "not yours");
    clock.advance(2 * FIRST);
    let (one, other) = (pass(&gate, 4, "+1"), pass(&gate, 5, "+1"));
    one.line_refused(21606, "not yours");
    other.accepted();
    assert!(is_open(&gate, "+1"));
}

#[test]
fn message_on_its_way_does_not_end_a_pause() {
    let gate = gate(&clock());
    let earlier = enter(&gate, &on_line("+1")).unwrap();
    reject_line(&gate, "+1");
    earlier.accepted();
    assert!(!is_open(&gate, "+1"));
}

#[tokio::test]
async fn pause_of_one_process_holds_another() {
    let clock = clock();
    let store = Sqlite::in_memory(&(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
    let (one, other) = (gate(&clock), gate(&clock));
    reject_for_long(&one, &clock, "+1");
    other.step(&store).await.unwrap();
    one.step(&store).await.unwrap();
    assert_eq!(store.pauses(&topic_name()).await.unwrap().len(), 1, "saved at once");
    other.step(&store).await.unwrap();
    assert!(is_open(&other, "+1"), "not read before the interval is over");
    clock.advance(REFRESH_INTERVAL);
    other.step(&store).await.unwrap();
    assert!(!is_open(&other, "+1"));
    assert!(is_open(&other, "+2"));
    clock.advance(A_MINUTE);
    other.step(&store).await.unwrap();
    assert!(is_open(&other, "+1"));
}

#[tokio::test]
async fn line_that_a_probe_opens_is_open_for_all_processes() {
    let clock = clock();
    let store = Sqlite::in_memory(&(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
    let gate = gate(&clock);
    reject_line(&gate, "+1");
    clock.advance(FIRST);
    pass(&gate, 3, "+1").line_refused(21606, "not yours");
    clock.advance(2 * FIRST);
    let (one, other) = (pass(&gate, 4, "+1"), pass(&gate, 5, "+1"));
    one.line_refused(21606, "not yours");
    let late = pass(&gate, 6, "+1");
    other.line_refused(21606, "not yours");
    gate.step(&store).await.unwrap();
    assert_eq!(store.pauses(&topic_name()).await.unwrap().len(), 1);
    late.accepted();
    assert!(is_open(&gate, "+1"));
    clock.advance(REFRESH_INTERVAL);
    gate.step(&store).await.unwrap();
    assert_eq!(store.pauses(&topic_name()).await.unwrap(), []);
    assert!(is_open(&gate, "+1"));
}

#[tokio::test]
async fn pause_that_is_ended_by_hand_is_probed_at_once() {
    let clock = clock();
    let store = Sqlite::in_memory(&(Arc::clone(&clock) as Arc<dyn Clock>)).unwrap();
    let gate = gate(&clock);
    pass(&gate, 1, "+1").account_throttled(A_MINUTE);
    gate.step(&store).await.unwrap();
    for pause in store.pauses(&topic_name()).await.unwrap() {
        store.resume(&topic_name(), &pause.scope).await.unwrap();
    }
    clock.advance(REFRESH_INTERVAL);
    gate.step(&store).await.unwrap();
    let _probe = enter(&gate, &on_line("+1")).unwrap();
    assert!(!is_open(&gate, "+1"));
}
