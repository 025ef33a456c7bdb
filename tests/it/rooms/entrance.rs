//! Ways into a room from a socket: tokens with either right, codes, and refusals.

use std::time::Duration;

use crosswire::model::token::Rights;
use serde_json::json;

use super::scenario::Scenario;
use super::sessions::room_of_two;

const NOTHING: [&str; 0] = [];

#[test]
fn read_only_token_reads_and_does_not_write() {
    let (mut scenario, token) = room_of_two();
    let view = scenario.token_with(&token, Rights::RECEIVE);
    scenario.connect("eve", &[("token", &view), ("name", "Eve")]);
    assert_eq!(scenario.received("ann"), NOTHING, "a viewer comes without a word");
    let room = scenario.fields("eve", "room");
    assert!(room.get("name").is_none() && room.get("code").is_none(), "{room}");
    scenario.forget();
    scenario.say("ann", "hello");
    assert_eq!(scenario.received("eve"), ["message Ann hello"]);
    scenario.say("eve", "hello");
    scenario.frame("eve", "typing", "");
    scenario.say("eve", "/name Eve");
    assert_eq!(scenario.received("ann"), ["message Ann hello"]);
    let refused = "notice You can read here, but not write.";
    assert_eq!(scenario.received("eve"), [refused, refused]);
}

#[test]
fn write_only_token_writes_and_reads_nothing() {
    let (mut scenario, token) = room_of_two();
    let send = scenario.token_with(&token, Rights::SEND);
    scenario.connect("dan", &[("token", &send), ("name", "Dan")]);
    assert_eq!(scenario.received("ann"), ["joined Dan [Ann Bob Dan]"]);
    let room = scenario.fields("dan", "room");
    assert!(room.get("here").is_none() && room.get("history").is_none(), "{room}");
    scenario.forget();
    scenario.say("ann", "hello");
    scenario.say("dan", "XML");
    scenario.say("dan", "/who");
    assert_eq!(scenario.received("dan"), ["notice Here: Dan. This room closes in 10 minutes."]);
    assert!(!scenario.received("ann")[1].contains("XML"));
}

#[test]
fn token_with_more_rights_replaces_a_viewer() {
    let (mut scenario, token) = room_of_two();
    let view = scenario.token_with(&token, Rights::RECEIVE);
    scenario.connect("eve", &[("token", &view)]);
    scenario.connect("eve", &[("token", &token), ("name", "Eve")]);
    assert_eq!(scenario.received("ann"), ["joined Eve [Ann Bob Eve]"]);
    scenario.connect("eve", &[("token", &view)]);
    assert_eq!(scenario.received("ann"), ["left Eve [Ann Bob]"]);
}

#[test]
fn token_without_rights_is_refused_with_4403() {
    let (mut scenario, token) = room_of_two();
    let none = scenario.token_with(&token, Rights { send: false, receive: false });
    scenario.connect("eve", &[("token", &none)]);
    assert_eq!(scenario.close_code("eve"), Some(4403));
}

#[test]
fn code_opens_the_room_by_hello_and_by_text() {
    let mut scenario = Scenario::new(json!({}));
    let (_, code) = scenario.create("ann");
    scenario.connect("bob", &[("code", &code.to_lowercase()), ("name", "Bob")]);
    assert_eq!(scenario.here(), ["Bob"]);
    scenario.connect("cid", &[]);
    scenario.say("cid", &format!("join {code} as Cid"));
    assert_eq!(scenario.here(), ["Bob", "Cid"]);
    scenario.forget();
    scenario.say("bob", "hello");
    assert_eq!(scenario.received("cid"), ["message Bob hello"]);
    for wrong in ["00000000", "no code"] {
        scenario.connect("dan", &[("code", wrong)]);
        assert_eq!(scenario.close_code("dan"), Some(4404));
    }
    scenario.connect("dan", &[]);
    scenario.say("dan", "join 00000000");
    assert!(scenario.received("dan")[0].starts_with("notice There is no such room."));
}

#[test]
fn token_of_a_room_that_has_ended_is_refused_with_4410() {
    let mut scenario = Scenario::new(json!({"idle": "1m"}));
    let (token, _) = scenario.create("ann");
    scenario.wait(Duration::from_mins(1));
    scenario.connect("bob", &[("token", &token)]);
    assert_eq!(scenario.close_code("bob"), Some(4410));
}

#[test]
fn rooms_above_the_limit_are_not_opened_until_one_ends() {
    let mut scenario = Scenario::new(json!({"max_rooms": 2}));
    scenario.say("+1", "new");
    scenario.create("ann");
    scenario.frame("ann", "create", "");
    assert_eq!(scenario.fields("ann", "error")["code"], "unavailable");
    scenario.say("+2", "new");
    let refused = "Too many rooms are open at the moment. Please try again in a few minutes.";
    assert_eq!(scenario.received("+2"), [refused]);
    scenario.wait(Duration::from_mins(10));
    scenario.say("+2", "new");
    assert_eq!(scenario.house().rooms.len(), 1);
}

#[test]
fn full_room_is_refused_with_4429_and_counts_viewers() {
    let mut scenario = Scenario::new(json!({"capacity": 2}));
    let (token, code) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token)]);
    let view = scenario.token_with(&token, Rights::RECEIVE);
    scenario.connect("eve", &[("token", &view)]);
    scenario.connect("bob", &[("token", &token)]);
    assert_eq!(scenario.close_code("bob"), Some(4429));
    scenario.say("+1", &format!("join {code}"));
    assert_eq!(scenario.received("+1"), ["This room is full."]);
    scenario.close("eve");
    scenario.wait(Duration::from_secs(5));
    scenario.connect("bob", &[("token", &token)]);
    assert_eq!(scenario.here().len(), 2);
}
