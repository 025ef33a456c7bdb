//! The JSON protocol: fields beside the texts.

use serde_json::json;

use super::scenario::{Scenario, greeting};

fn two_devices() -> Scenario {
    let mut scenario = Scenario::new(json!({}));
    scenario.connect("a");
    scenario.connect("b");
    scenario.topic.sent.clear();
    scenario
}

#[test]
fn greeting_has_the_ids_as_fields() {
    let mut scenario = two_devices();
    scenario.play_with("a", "", &[("type", "help")]);
    let text = greeting(100_000_000, "[100000000, 100000001]");
    let connected = ["100000000", "100000001"];
    let expected =
        json!({"type": "devices", "you": "100000000", "connected": connected, "text": text});
    assert_eq!(scenario.frames("a"), [expected]);
}

#[test]
fn destination_is_a_field_and_the_text_is_kept_as_it_is() {
    let mut scenario = two_devices();
    scenario.play_with("a", "send,5,help", &[("to", "100000001")]);
    let expected = json!({
        "type": "message",
        "from": "100000000",
        "body": "send,5,help",
        "text": "100000000:send,5,help",
    });
    assert_eq!(scenario.frames("b"), [expected]);
    assert!(scenario.frames("a").is_empty());
}

#[test]
fn refusal_names_its_reason_and_the_message() {
    let mut scenario = two_devices();
    for (parameter, reason, text) in [
        (("to", "b"), "unreadable", "Error reading the command"),
        (("type", "typing"), "unknown_command", "Invalid Command"),
        (("to", "7"), "unknown_destination", "Invalid destinationId"),
    ] {
        scenario.play_with("a", "hi", &[parameter, ("id", "m1")]);
        let expected = json!({"type": "error", "reason": reason, "text": text, "ref": "m1"});
        assert_eq!(scenario.frames("a"), [expected]);
    }
    for _ in 0..2 {
        scenario.play_with("a", "hi", &[("to", "100000001")]);
    }
    assert_eq!(scenario.frames("a")[0]["reason"], "duplicate");
}

#[test]
fn duplicate_rule_is_shared_by_both_protocols() {
    let mut scenario = two_devices();
    scenario.play_with("a", "hi", &[("to", "100000001")]);
    scenario.play("a", "send,100000001,hi");
    assert_eq!(scenario.received("a"), ["Duplicate message"]);
    assert_eq!(scenario.received("b"), ["100000000:hi"]);
}

#[test]
fn watching_session_gets_the_list_and_then_arrivals_and_departures() {
    let mut scenario = Scenario::new(json!({}));
    scenario.connect("a");
    scenario.topic.sent.clear();
    scenario.open("w", |connection| {
        connection.parameters.0.push(("watch".to_owned(), "devices".to_owned()));
    });
    scenario.run();
    let frames = scenario.frames("w");
    let connected = json!(["100000000", "100000001"]);
    assert_eq!(frames[0]["connected"], connected);
    assert_eq!(frames[1], json!({"type": "devices", "you": "100000001", "connected": connected}));
    scenario.connect("b");
    scenario.close("b");
    let expected = [
        json!({"type": "arrived", "device": "100000001"}),
        json!({"type": "arrived", "device": "100000002"}),
        json!({"type": "departed", "device": "100000002"}),
    ];
    assert_eq!(scenario.announced(), expected);
}
