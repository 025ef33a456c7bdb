//! Loops: two programs that answer each other are stopped, and people are not.

use std::time::Duration;

use serde_json::json;

use super::scenario::{LOOP_ENDED, NO_PEER, Scenario, WAIT, person};
use super::{NOTHING, chat_of_two};

/// Lets two programs answer every text that they get, at this interval, and returns the number of
/// messages that they were sent until one of them got none, at most a hundred.
fn converse(
    scenario: &mut Scenario,
    interval: Duration,
    mut answer: impl FnMut(&str) -> String,
) -> usize {
    let mut sent = 0;
    let mut writers = vec!["ann"];
    while !writers.is_empty() && sent < 100 {
        for name in std::mem::take(&mut writers) {
            scenario.wait(interval);
            let text = answer(name);
            scenario.play(name, &text);
        }
        for name in ["ann", "bob"] {
            let received = scenario.received(name);
            sent += received.len();
            if !received.is_empty() {
                writers.push(name);
            }
        }
    }
    sent
}

#[test]
fn two_auto_responders_stop_within_ten_messages() {
    for seconds in [0, 1, 5, 60] {
        let mut scenario = chat_of_two();
        let away = |name: &str| format!("{name} is away.");
        let sent = converse(&mut scenario, Duration::from_secs(seconds), away);
        assert_eq!(sent, 10, "at intervals of {seconds} s");
        assert!(!scenario.plays("ann") && !scenario.plays("bob"));
    }
}

#[test]
fn programs_that_never_repeat_themselves_stop_by_their_speed() {
    for (seconds, expected) in [(1, 10), (2, 10), (3, 100)] {
        let mut scenario = chat_of_two();
        let mut number = 0;
        let sent = converse(&mut scenario, Duration::from_secs(seconds), |_| {
            number += 1;
            format!("Your request has number {number}")
        });
        assert_eq!(sent, expected, "at intervals of {seconds} s");
    }
}

#[test]
fn both_sides_get_one_notice_and_then_no_answer_for_ten_minutes() {
    let mut scenario = chat_of_two();
    for _ in 0..4 {
        scenario.play("ann", "away");
        scenario.play("bob", "gone");
    }
    scenario.topic.sent.clear();
    scenario.play("ann", "away");
    for name in ["ann", "bob"] {
        assert_eq!(scenario.received(name), [LOOP_ENDED]);
        scenario.play(name, "again");
        assert_eq!(scenario.received(name), NOTHING);
    }
    scenario.wait(Duration::from_mins(10));
    scenario.play("ann", "again");
    assert_eq!(scenario.received("ann"), [NO_PEER]);
    scenario.play("bob", "connect");
    assert_eq!(scenario.received("bob"), [WAIT], "a person goes on at once");
}

#[test]
fn impatient_person_without_an_answer_is_no_loop() {
    let mut scenario = chat_of_two();
    for _ in 0..20 {
        scenario.play("ann", "hello?");
    }
    assert_eq!(scenario.received("bob").len(), 20);
}

#[test]
fn listener_who_gives_the_same_answer_is_no_loop() {
    let mut scenario = chat_of_two();
    for number in 0..20 {
        scenario.wait(Duration::from_secs(5));
        scenario.play("ann", &format!("This is part {number} of my story."));
        scenario.wait(Duration::from_secs(5));
        scenario.play("bob", "ok");
    }
    assert!(scenario.are_paired("ann", "bob"));
}

#[test]
fn text_of_the_stranger_does_not_hold_up_a_quick_writer() {
    let mut scenario = chat_of_two();
    for number in 0..8 {
        scenario.play("ann", &number.to_string());
    }
    let ann = scenario.topic.group(&person("ann"));
    scenario.send("ann", "and so on");
    scenario.topic.begin(&ann);
    scenario.play_others(&[("bob", "yes")], &ann);
    assert!(scenario.topic.commit(&ann).is_some(), "the run would be repeated");
}

#[test]
fn lively_people_are_no_loop() {
    let mut scenario = chat_of_two();
    for text in 0..50 {
        for name in ["ann", "bob"] {
            scenario.wait(Duration::from_millis(2500));
            scenario.play(name, &text.to_string());
        }
    }
    assert!(scenario.are_paired("ann", "bob"));
}

#[test]
fn topic_without_the_guard_ends_no_loop() {
    let mut scenario = Scenario::with(json!({"loop_guard": false})).meet();
    let sent = converse(&mut scenario, Duration::ZERO, |_| "away".to_owned());
    assert_eq!(sent, 100);
}
