//! The text protocol, byte for byte.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use super::scenario::{Scenario, greeting, phone};

const NOTHING: [&str; 0] = [];
const DUPLICATE: [&str; 1] = ["Duplicate message"];

/// Returns a scenario in which `a` is 100000000 and `b` 100000001, with the texts so far discarded.
fn two_devices() -> Scenario {
    let mut scenario = Scenario::new(json!({}));
    scenario.connect("a");
    scenario.connect("b");
    scenario.topic.sent.clear();
    scenario
}

#[test]
fn device_is_greeted_with_its_id_and_the_connected_devices() {
    let mut scenario = Scenario::new(json!({}));
    scenario.connect("a");
    scenario.connect("b");
    assert_eq!(scenario.received("a"), [greeting(100_000_000, "[100000000]")]);
    assert_eq!(scenario.received("b"), [greeting(100_000_001, "[100000000, 100000001]")]);
}

#[test]
fn help_repeats_the_greeting_with_the_devices_connected_now() {
    let mut scenario = two_devices();
    scenario.play("a", "help");
    assert_eq!(scenario.received("a"), [greeting(100_000_000, "[100000000, 100000001]")]);
    scenario.close("b");
    scenario.play("a", "help");
    assert_eq!(scenario.received("a"), [greeting(100_000_000, "[100000000]")]);
}

#[test]
fn id_of_a_closed_connection_is_never_given_again() {
    let mut scenario = two_devices();
    scenario.close("b");
    scenario.connect("b");
    assert_eq!(scenario.received("b"), [greeting(100_000_002, "[100000000, 100000002]")]);
}

#[rstest]
#[case("send,100000001,hi", "100000000:hi")]
#[case(" send , +100000001 , one, two,, ", "100000000: one, two,, ")]
#[case("send,100000001,", "100000000:")]
#[case("send,100000001,é\n😀", "100000000:é\n😀")]
fn text_is_brought_to_its_destination_without_an_answer(#[case] text: &str, #[case] brought: &str) {
    let mut scenario = two_devices();
    scenario.play("a", text);
    assert_eq!(scenario.received("b"), [brought]);
    assert_eq!(scenario.received("a"), NOTHING);
}

#[test]
fn device_may_write_to_itself() {
    let mut scenario = two_devices();
    scenario.play("a", "send,100000000,note");
    assert_eq!(scenario.received("a"), ["100000000:note"]);
}

#[rstest]
#[case("hello", "Error reading the command")]
#[case("send,100000001", "Error reading the command")]
#[case("dispatch,b,hi", "Error reading the command")]
#[case("token", "Error reading the command")]
#[case("dispatch,100000009,hi", "Invalid Command")]
#[case("send,100000009,hi", "Invalid destinationId")]
#[case("send,-1,hi", "Invalid destinationId")]
fn command_that_fails_is_answered_and_sends_nothing(#[case] text: &str, #[case] answer: &str) {
    let mut scenario = two_devices();
    scenario.play("a", text);
    assert_eq!(scenario.received("a"), [answer]);
    assert_eq!(scenario.received("b"), NOTHING);
}

#[test]
fn same_text_is_a_duplicate_for_less_than_five_seconds_whatever_its_destination() {
    let mut scenario = two_devices();
    scenario.connect("c");
    scenario.topic.sent.clear();
    scenario.play("a", "send,100000001,hi");
    scenario.wait(Duration::from_millis(4_999));
    scenario.play("a", "send,100000002,hi");
    assert_eq!(scenario.received("a"), DUPLICATE);
    assert_eq!(scenario.received("c"), NOTHING);
    // The duplicate has not begun the time anew.
    scenario.wait(Duration::from_millis(1));
    scenario.play("a", "send,100000002,hi");
    assert_eq!(scenario.received("a"), NOTHING);
    assert_eq!(scenario.received("c"), ["100000000:hi"]);
}

#[test]
fn duplicate_is_the_same_text_as_the_sender_s_last_one_only() {
    let mut scenario = two_devices();
    scenario.play("a", "send,100000001,hi");
    scenario.play("b", "send,100000000,hi");
    scenario.play("a", "send,100000001,Hi");
    scenario.play("a", "send,100000001,hi");
    assert_eq!(scenario.received("b"), ["100000000:hi", "100000000:Hi", "100000000:hi"]);
    assert_eq!(scenario.received("a"), ["100000001:hi"]);
}

#[test]
fn same_text_days_later_is_no_duplicate() {
    let mut scenario = two_devices();
    scenario.play("a", "send,100000001,hi");
    scenario.wait(Duration::from_secs(24 * 3600 + 2));
    scenario.play("a", "send,100000001,hi");
    assert_eq!(scenario.received("b"), ["100000000:hi", "100000000:hi"]);
}

#[test]
fn text_to_no_device_does_not_make_the_next_one_a_duplicate() {
    let mut scenario = two_devices();
    scenario.play("a", "send,100000009,hi");
    scenario.play("a", "send,100000001,hi");
    assert_eq!(scenario.received("a"), ["Invalid destinationId"]);
    assert_eq!(scenario.received("b"), ["100000000:hi"]);
    scenario.play("a", "send,100000009,hi");
    assert_eq!(
        scenario.received("a"),
        ["Invalid destinationId"],
        "the destination is checked first"
    );
}

#[test]
fn phone_is_a_device_from_its_first_text_until_it_opts_out() {
    let mut scenario = two_devices();
    scenario.play_phone("ann", "send,100000000,hi");
    assert_eq!(scenario.received("a"), ["100000002:hi"]);
    assert_eq!(scenario.texts(&phone("ann")), NOTHING);
    scenario.play("a", &format!("send,100000002,{}", "word ".repeat(400)));
    let parts = scenario.texts(&phone("ann"));
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.starts_with("100000000:") && part.len() <= 1600));
    scenario.play_phone("ann", "help");
    let all = greeting(100_000_002, "[100000000, 100000001, 100000002]");
    assert_eq!(scenario.texts(&phone("ann")), [all]);
    scenario.play_phone("ann", "stop");
    scenario.play("a", "send,100000002,still there?");
    assert_eq!(scenario.received("a"), ["Invalid destinationId"]);
    assert_eq!(scenario.texts(&phone("ann")), NOTHING);
}

#[test]
fn list_is_cut_at_a_thousand_devices_and_keeps_the_one_that_asks() {
    let mut scenario = Scenario::new(json!({}));
    for number in 0..1_002 {
        scenario.connect(&number.to_string());
    }
    let greeting = scenario.received("1001").remove(0);
    let (before, list) = greeting.split_once('[').unwrap();
    let (list, _) = list.split_once(']').unwrap();
    assert!(before.starts_with("Your ID: 100001001\n"));
    assert_eq!(list.split(", ").count(), 1_001, "a thousand and the sign for more");
    assert!(list.ends_with("100000998, 100001001, ..."));
    scenario.play("5", "help");
    assert_eq!(scenario.frames("5").last().unwrap()["more"], 2);
}
