//! The creator's rights.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use super::scenario::Scenario;

const NOTHING: [&str; 0] = [];
const PHONE: &str = "+1-dan";
const DENIED: &str = "notice Only the creator of the room may do that, where it is allowed.";

/// Returns a room that Ann has created, with Bob by socket and Dan by phone.
fn room(settings: Value) -> (Scenario, String, String) {
    let mut scenario = Scenario::new(settings);
    let (token, code) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token), ("name", "Ann")]);
    scenario.connect("bob", &[("token", &token), ("name", "Bob")]);
    scenario.say(PHONE, &format!("join {code} as Dan"));
    scenario.forget();
    (scenario, token, code)
}

#[test]
fn muted_person_reads_and_only_they_are_told() {
    let (mut scenario, ..) = room(json!({}));
    scenario.say("ann", "/mute bob");
    assert_eq!(scenario.received("ann"), ["notice Bob is muted."]);
    let muted = "notice You are muted: your texts do not reach the room.";
    assert_eq!(scenario.received("bob"), [muted]);
    for text in ["hello", "/name Rob"] {
        scenario.say("bob", text);
        assert_eq!(scenario.received("bob"), [muted]);
    }
    scenario.frame("bob", "typing", "");
    assert_eq!(scenario.received("ann"), NOTHING);
    assert_eq!(scenario.received(PHONE), NOTHING);
    scenario.say("ann", "hello");
    assert_eq!(scenario.received("bob"), ["message Ann hello"]);
    scenario.frame("ann", "unmute", "Bob");
    scenario.forget();
    scenario.say("bob", "hello");
    assert_eq!(scenario.received("ann"), ["message Bob hello"]);
}

#[test]
fn muted_person_who_comes_back_is_still_muted() {
    let (mut scenario, token, code) = room(json!({}));
    scenario.say("ann", "/mute Bob");
    scenario.say("ann", "/mute Dan");
    scenario.say("bob", "/leave");
    scenario.connect("bob", &[("token", &token), ("name", "Robert")]);
    scenario.say(PHONE, &format!("join {code} as Daniel"));
    scenario.say(PHONE, "leave");
    scenario.say(PHONE, &format!("join {code} as Daniel"));
    scenario.forget();
    scenario.say("bob", "hello");
    scenario.say(PHONE, "hello");
    assert_eq!(scenario.received("ann"), NOTHING);
    scenario.say("ann", "/unmute Robert");
    scenario.forget();
    scenario.say("bob", "/leave");
    scenario.connect("bob", &[("token", &token), ("name", "Bob")]);
    scenario.forget();
    scenario.say("bob", "hello");
    assert_eq!(scenario.received("ann"), ["message Bob hello"]);
}

#[test]
fn removed_session_is_closed_with_4403_and_does_not_come_back() {
    let (mut scenario, token, code) = room(json!({}));
    scenario.say("ann", "/remove Bob");
    assert_eq!(scenario.close_code("bob"), Some(4403));
    assert_eq!(scenario.received("bob"), ["notice You were removed from the room."]);
    assert_eq!(scenario.received("ann"), ["left Bob [Ann Dan]"]);
    assert_eq!(scenario.received(PHONE), ["Bob has left."]);
    scenario.connect("bob", &[("token", &token), ("name", "Robert")]);
    assert_eq!(scenario.close_code("bob"), Some(4403));
    scenario.connect("bob", &[]);
    scenario.say("bob", &format!("join {code}"));
    assert_eq!(scenario.received("bob"), ["notice You were removed from the room."]);
    scenario.say("ann", "hello");
    assert_eq!(scenario.received("bob"), NOTHING);
    assert_eq!(scenario.here(), ["Ann", "Dan"]);
}

#[test]
fn removed_phone_does_not_come_back() {
    let (mut scenario, _, code) = room(json!({}));
    scenario.say("ann", "/remove dan");
    assert_eq!(scenario.received(PHONE), ["You were removed from the room."]);
    scenario.say(PHONE, &format!("join {code}"));
    assert_eq!(scenario.received(PHONE), ["You were removed from the room."]);
    assert_eq!(scenario.here(), ["Ann", "Bob"]);
}

#[test]
fn locked_room_keeps_those_inside_and_refuses_others_with_4423() {
    let (mut scenario, token, code) = room(json!({}));
    scenario.say("ann", "/lock");
    assert_eq!(scenario.received("bob"), ["notice The room is locked: nobody else can enter."]);
    assert_eq!(scenario.received(PHONE), ["The room is locked: nobody else can enter."]);
    scenario.connect("eve", &[("token", &token)]);
    assert_eq!(scenario.close_code("eve"), Some(4423));
    scenario.say("+1-eve", &format!("join {code}"));
    assert_eq!(scenario.received("+1-eve"), ["This room is locked."]);
    scenario.connect("bob", &[("token", &token)]);
    assert_eq!(scenario.received("bob"), ["room Bob [Ann Bob Dan]"]);
    scenario.say("ann", "/leave");
    scenario.connect("ann", &[("token", &token), ("name", "Ann")]);
    scenario.say("ann", "/unlock");
    scenario.connect("eve", &[("token", &token)]);
    assert_eq!(scenario.here(), ["Bob", "Dan", "Ann", "Guest 1"]);
}

#[test]
fn extension_moves_the_end_and_gives_tokens_that_last_as_long() {
    let (mut scenario, token, _) = room(json!({}));
    scenario.wait(Duration::from_mins(9) + Duration::from_secs(30));
    scenario.forget();
    scenario.say("ann", "/extend");
    let text = "This room stays open: it closes in 10 minutes 30 seconds.";
    assert_eq!(scenario.received(PHONE), [text]);
    let extended = scenario.fields("bob", "extended");
    assert_eq!(extended["ends_at"], 1_200_000);
    let longer = extended["token"].as_str().unwrap().to_owned();
    assert_eq!(scenario.fields("ann", "extended")["ends_at"], 1_200_000);
    scenario.forget();
    scenario.wait(Duration::from_mins(1));
    assert_eq!(scenario.received(PHONE), NOTHING, "the old timers do nothing");
    assert_eq!(scenario.verify(&token), None);
    scenario.connect("eve", &[("token", &longer)]);
    assert_eq!(scenario.here().len(), 4);
    scenario.say("ann", "/extend");
    scenario.forget();
    scenario.wait(Duration::from_secs(510));
    assert_eq!(scenario.received(PHONE), ["This room closes in 1 minute."]);
    scenario.wait(Duration::from_mins(1));
    assert_eq!(scenario.close_code("bob"), Some(4410));
    assert!(scenario.house().rooms.is_empty());
}

#[test]
fn room_is_extended_as_often_as_the_topic_says() {
    let (mut scenario, ..) = room(json!({"max_extensions": 1}));
    scenario.say("ann", "/extend");
    scenario.forget();
    scenario.say("ann", "/extend");
    assert_eq!(scenario.received("ann"), ["notice This room cannot be extended any more."]);
    assert_eq!(scenario.received("bob"), NOTHING);
}

#[rstest]
#[case("/mute Ann")]
#[case("/remove Dan")]
#[case("/extend")]
#[case("/lock")]
#[case("/unlock")]
fn another_person_has_no_rights(#[case] command: &str) {
    let (mut scenario, ..) = room(json!({}));
    scenario.say("bob", command);
    assert_eq!(scenario.received("bob"), [DENIED]);
    assert_eq!((scenario.received("ann"), scenario.here().len()), (vec![], 3));
}

#[rstest]
#[case("/mute Bob", "mute")]
#[case("/unmute Bob", "mute")]
#[case("/remove Bob", "remove")]
#[case("/extend", "extend")]
#[case("/lock", "lock")]
fn creator_has_the_rights_that_the_topic_allows(#[case] command: &str, #[case] power: &str) {
    let others: Vec<&str> =
        ["mute", "remove", "extend", "lock"].into_iter().filter(|other| *other != power).collect();
    let (mut scenario, token, _) = room(json!({"allow": others}));
    scenario.say("ann", command);
    assert_eq!(scenario.received("ann"), [DENIED]);
    scenario.connect("ann", &[("token", &token)]);
    assert_eq!(scenario.fields("ann", "room")["allowed"], json!(others));
}

#[test]
fn creator_is_neither_muted_nor_removed() {
    let (mut scenario, ..) = room(json!({}));
    for command in ["/mute Ann", "/remove Ann"] {
        scenario.say("ann", command);
        assert_eq!(scenario.received("ann"), [DENIED]);
    }
    scenario.say("ann", "/remove Zoe");
    assert_eq!(scenario.received("ann"), ["notice There is no Zoe here."]);
    assert_eq!(scenario.here().len(), 3);
}

#[test]
fn creator_by_phone_has_the_same_rights() {
    let mut scenario = Scenario::new(json!({}));
    scenario.say(PHONE, "new as Dan");
    let text = scenario.received(PHONE).remove(0);
    let code = text.split("join ").nth(1).unwrap();
    scenario.connect("bob", &[("code", code), ("name", "Bob")]);
    scenario.forget();
    scenario.say(PHONE, "/remove Bob");
    assert_eq!(scenario.close_code("bob"), Some(4403));
    assert_eq!(scenario.received(PHONE), ["Bob has left."]);
}
