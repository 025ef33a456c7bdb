//! Texts for devices that are away for a short time.

use std::time::Duration;

use serde_json::json;

use super::scenario::{Scenario, greeting};

const NOTHING: [&str; 0] = [];

/// Returns a scenario in which `b` is away, with the texts so far discarded.
fn absent_device(mailbox: u32) -> Scenario {
    let mut scenario = Scenario::new(json!({"keep_ids": true, "mailbox": mailbox}));
    scenario.connect("a");
    scenario.connect("b");
    scenario.close("b");
    scenario.topic.sent.clear();
    scenario
}

#[test]
fn device_gets_what_was_sent_to_it_while_it_was_away_in_order() {
    let mut scenario = absent_device(100);
    for number in 0..3 {
        scenario.play("a", &format!("send,100000001,{number}"));
    }
    scenario.wait(Duration::from_millis(119_999));
    assert_eq!(scenario.received("a"), NOTHING);
    assert_eq!(scenario.received("b"), NOTHING);
    scenario.connect("b");
    let mut texts = vec![greeting(100_000_001, "[100000000, 100000001]")];
    texts.extend(["100000000:0", "100000000:1", "100000000:2"].map(str::to_owned));
    assert_eq!(scenario.received("b"), texts);
    scenario.close("b");
    scenario.connect("b");
    assert_eq!(scenario.received("b").len(), 1, "a text is handed over once");
}

#[test]
fn device_that_is_away_for_too_long_is_an_unknown_destination() {
    let mut scenario = absent_device(100);
    scenario.play("a", "send,100000001,hi");
    scenario.wait(Duration::from_mins(2));
    scenario.play("a", "send,100000001,hello");
    assert_eq!(scenario.received("a"), ["Invalid destinationId"]);
    scenario.connect("b");
    assert_eq!(scenario.received("b"), [greeting(100_000_001, "[100000000, 100000001]")]);
}

#[test]
fn full_mailbox_refuses_the_next_text() {
    let mut scenario = absent_device(2);
    for number in 0..3 {
        scenario.play("a", &format!("send,100000001,{number}"));
    }
    assert_eq!(scenario.received("a"), ["Mailbox full"]);
    scenario.connect("b");
    assert_eq!(scenario.received("b")[1..], ["100000000:0", "100000000:1"]);
    scenario.play("a", "send,100000001,2");
    assert_eq!(scenario.received("b"), ["100000000:2"], "a refused text is no duplicate");
}

#[test]
fn text_to_a_device_that_is_away_counts_for_duplicates() {
    let mut scenario = absent_device(100);
    scenario.play("a", "send,100000001,hi");
    scenario.play("a", "send,100000001,hi");
    assert_eq!(scenario.received("a"), ["Duplicate message"]);
}

#[test]
fn device_that_leaves_while_a_text_is_sent_gets_it_when_it_is_back() {
    let mut scenario = Scenario::new(json!({"keep_ids": true}));
    scenario.connect("a");
    scenario.connect("b");
    scenario.topic.sent.clear();
    scenario.send("a", "send,100000001,hi");
    let sender = scenario.topic.pending().remove(0);
    scenario.topic.begin(&sender);
    scenario.shut("b", 2);
    let leaving = scenario.topic.pending().into_iter().find(|group| *group != sender).unwrap();
    assert!(scenario.step(&leaving));
    assert!(scenario.topic.commit(&sender).is_none(), "the destination has changed");
    scenario.run();
    assert_eq!(scenario.received("b"), NOTHING);
    scenario.connect("b");
    assert_eq!(scenario.received("b")[1..], ["100000000:hi"]);
}
