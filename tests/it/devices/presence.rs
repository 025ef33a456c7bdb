//! Presence and ids: who is connected, and who gets which id.

use crosswire::model::connection::ConnectionChange;
use serde_json::json;

use super::scenario::{Scenario, session};

fn own_id(scenario: &mut Scenario, name: &str) -> String {
    scenario.play(name, "help");
    let frames = scenario.frames(name);
    frames.last().unwrap()["you"].as_str().unwrap().to_owned()
}

#[test]
fn newer_connection_of_a_session_replaces_its_device() {
    let mut scenario = Scenario::new(json!({}));
    scenario.connect("a");
    scenario.connect("b");
    scenario.connect("b");
    scenario.topic.sent.clear();
    scenario.play("a", "send,100000001,hi");
    assert_eq!(scenario.received("a"), ["Invalid destinationId"]);
    scenario.play("a", "send,100000002,hi");
    assert_eq!(scenario.received("b"), ["100000000:hi"]);
    // The late end of the first connection is not the end of the session.
    scenario.shut("b", 2);
    scenario.run();
    scenario.play("a", "help");
    assert!(scenario.received("a")[0].contains("[100000000, 100000002]"));
}

#[test]
fn kept_id_survives_a_replaced_connection_without_a_departure() {
    let mut scenario = Scenario::new(json!({"keep_ids": true}));
    scenario.connect("a");
    scenario.connect("a");
    assert_eq!(scenario.announced(), [json!({"type": "arrived", "device": "100000000"})]);
    assert_eq!(own_id(&mut scenario, "a"), "100000000");
}

#[test]
fn random_ids_are_large_kept_and_shown_to_no_other_device() {
    let mut scenario = Scenario::new(json!({"ids": "random"}));
    scenario.connect("a");
    scenario.connect("b");
    let (a, b) = (own_id(&mut scenario, "a"), own_id(&mut scenario, "b"));
    assert!(a != b && a.len() > 30 && b.len() > 30, "{a} {b}");
    scenario.play("a", "help");
    assert_eq!(scenario.frames("a")[0]["connected"], json!([a]));
    assert!(scenario.announced().is_empty());
    scenario.play("a", &format!("send,{b},hi"));
    assert_eq!(scenario.received("b"), [format!("{a}:hi")]);
    scenario.close("a");
    scenario.connect("a");
    assert_eq!(own_id(&mut scenario, "a"), a);
}

#[test]
fn token_brings_back_the_session_that_asked_for_it() {
    let mut scenario = Scenario::new(json!({"keep_ids": true}));
    scenario.connect("a");
    scenario.topic.sent.clear();
    scenario.play("a", "token");
    let text = scenario.received("a").remove(0);
    let token = text.strip_prefix("Your token: ").unwrap();
    let claims = scenario.topic.session_claims(token);
    assert_eq!(claims.subject, session("a").identity.reveal());
}

#[test]
fn text_that_is_handled_after_the_end_of_its_connection_is_still_sent() {
    let mut scenario = Scenario::new(json!({}));
    scenario.connect("a");
    scenario.connect("b");
    let closed = ConnectionChange::Closed { address: session("a"), id: "a-1".to_owned() };
    scenario.topic.change_connection(closed);
    scenario.topic.sent.clear();
    scenario.send("a", "send,100000001,last words");
    scenario.run();
    assert_eq!(scenario.received("b"), ["100000000:last words"]);
    scenario.play("b", "help");
    assert!(scenario.received("b")[0].contains("[100000001]"), "the sender is not back");
}
