//! People on sockets: names, texts, and connections that come and go.

use std::time::Duration;

use crosswire::model::token::Rights;
use rstest::rstest;
use serde_json::json;

use super::scenario::Scenario;

const NOTHING: [&str; 0] = [];

/// Returns a scenario with Ann, who has created the room, and Bob in it, and the room's token.
pub(super) fn room_of_two() -> (Scenario, String) {
    let mut scenario = Scenario::new(json!({}));
    let (token, _) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token), ("name", "Ann")]);
    scenario.connect("bob", &[("token", &token), ("name", "Bob")]);
    scenario.forget();
    (scenario, token)
}

#[test]
fn creator_gets_a_token_with_both_rights_that_lasts_ten_minutes() {
    let mut scenario = Scenario::new(json!({"link": "https://example.com/room/join"}));
    scenario.connect("ann", &[]);
    scenario.frame("ann", "create", "");
    let created = scenario.fields("ann", "created");
    let token = created["token"].as_str().unwrap();
    assert_eq!(created["link"], format!("https://example.com/room/join?room={token}"));
    assert_eq!(created["ends_at"], 600_000);
    assert_eq!(created["code"].as_str().unwrap().len(), 8);
    let claims = scenario.verify(token).unwrap();
    assert_eq!((claims.rights, claims.expires_at.timestamp_millis()), (Rights::BOTH, 600_000));
    assert_eq!(claims.subject.len(), 32);
    assert_eq!(scenario.here(), NOTHING, "the creator comes in with the token");
    scenario.wait(Duration::from_mins(10));
    assert_eq!(scenario.verify(token), None, "the token is worth nothing after the end");
}

#[test]
fn newcomer_gets_the_room_and_all_see_the_join() {
    let mut scenario = Scenario::new(json!({}));
    let (token, code) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token), ("name", " Ann\n ")]);
    assert_eq!(scenario.received("ann"), ["room Ann [Ann]"]);
    scenario.connect("bob", &[("token", &token), ("name", "ANN")]);
    assert_eq!(scenario.received("ann"), ["joined ANN 2 [Ann ANN 2]"]);
    let room = scenario.fields("bob", "room");
    assert_eq!(room["code"], code);
    assert_eq!(room["ends_at"], 600_000);
    assert_eq!((&room["creator"], &room["allowed"]), (&json!(false), &json!([])));
    assert_eq!((&room["locked"], &room["history"]), (&json!(false), &json!([])));
    scenario.connect("cid", &[("token", &token)]);
    assert_eq!(scenario.fields("cid", "room")["name"], "Guest 1");
}

#[test]
fn creator_is_known_by_their_session() {
    let (scenario, token) = room_of_two();
    let mut scenario = scenario;
    scenario.connect("ann", &[("token", &token)]);
    let room = scenario.fields("ann", "room");
    assert_eq!(room["creator"], true);
    assert_eq!(room["allowed"], json!(["mute", "remove", "extend", "lock"]));
}

#[test]
fn text_reaches_all_through_the_filter_and_its_sender_too() {
    let (mut scenario, _) = room_of_two();
    scenario.say("bob", "hello");
    assert_eq!(scenario.received("ann"), ["message Bob hello"]);
    assert_eq!(scenario.received("bob"), ["message Bob hello"]);
    scenario.say("ann", "x\u{200b}ml, ENTERPRISE  java beans!");
    let seen = scenario.received("bob").remove(0);
    let phrases = ["Loosely-Coupled Architecture", "JSON"];
    let is_clean = |text: &str| {
        phrases
            .iter()
            .any(|one| phrases.iter().any(|two| text == format!("message Ann {one}, {two}!")))
    };
    assert!(is_clean(&seen), "{seen}");
}

#[rstest]
#[case("")]
#[case(" \n ")]
#[case("\u{200b}\u{202e}")]
fn empty_text_is_not_sent(#[case] text: &str) {
    let (mut scenario, _) = room_of_two();
    scenario.say("bob", text);
    assert_eq!(scenario.received("ann"), NOTHING);
    assert_eq!(scenario.received("bob"), NOTHING);
}

#[test]
fn typing_is_a_frame_without_a_text() {
    let (mut scenario, _) = room_of_two();
    scenario.frame("bob", "typing", "");
    assert_eq!(scenario.received("ann"), ["typing Bob"]);
    assert_eq!(scenario.house().histories.len(), 0);
}

#[test]
fn names_are_changed_filtered_and_kept_apart() {
    let (mut scenario, _) = room_of_two();
    scenario.say("bob", "/name \u{202e}Ａnn");
    assert_eq!(scenario.received("ann"), ["renamed Bob Ann 2 [Ann Ann 2]"]);
    scenario.say("bob", "/name <b>&amp;</b>");
    assert_eq!(scenario.received("ann"), ["renamed Ann 2 <b>&amp;</b> [Ann <b>&amp;</b>]"]);
    scenario.say("bob", "/name ann");
    scenario.say("bob", "/name XML");
    assert!(!scenario.here()[1].contains("XML"), "{:?}", scenario.here());
}

#[test]
fn commands_answer_the_sender_alone() {
    let (mut scenario, _) = room_of_two();
    scenario.say("bob", "/who");
    assert_eq!(
        scenario.received("bob"),
        ["notice Here: Ann, Bob. This room closes in 10 minutes."]
    );
    scenario.say("bob", "/dance");
    assert!(scenario.received("bob")[0].starts_with("notice Commands: /name NAME"));
    assert_eq!(scenario.received("ann"), NOTHING);
}

#[test]
fn leaver_gets_no_more_lines() {
    let (mut scenario, _) = room_of_two();
    scenario.say("bob", "/leave");
    assert_eq!(scenario.received("ann"), ["left Bob [Ann]"]);
    assert_eq!(scenario.received("bob"), ["notice You have left the room."]);
    scenario.say("ann", "hello");
    assert_eq!(scenario.received("bob"), NOTHING);
    scenario.say("bob", "hello");
    assert!(scenario.received("bob")[0].starts_with("notice Send \"new\""));
    assert_eq!(scenario.received("ann"), ["message Ann hello"]);
}

#[test]
fn reconnection_in_time_is_announced_to_no_other_person() {
    let (mut scenario, token) = room_of_two();
    scenario.close("bob");
    scenario.wait(Duration::from_millis(4999));
    scenario.connect("bob", &[("token", &token), ("name", "Bob")]);
    scenario.wait(Duration::from_secs(30));
    assert_eq!(scenario.received("ann"), NOTHING);
    assert_eq!(scenario.received("bob"), ["room Bob [Ann Bob]"]);
    scenario.say("ann", "hello");
    assert_eq!(scenario.received("bob"), ["message Ann hello"]);
    scenario.connect("bob", &[]);
    assert_eq!(scenario.received("bob"), ["room Bob [Ann Bob]"], "the session alone is enough");
}

#[test]
fn person_who_does_not_come_back_leaves_after_the_grace() {
    let (mut scenario, token) = room_of_two();
    scenario.close("bob");
    scenario.wait(Duration::from_secs(3));
    assert_eq!(scenario.received("ann"), NOTHING);
    scenario.connect("bob", &[("token", &token)]);
    scenario.close("bob");
    scenario.wait(Duration::from_millis(4999));
    assert_eq!(scenario.received("ann"), NOTHING, "the grace begins anew with each close");
    scenario.wait(Duration::from_millis(1));
    assert_eq!(scenario.received("ann"), ["left Bob [Ann]"]);
    assert_eq!(scenario.house().seats.len(), 1);
}

#[test]
fn person_who_enters_another_room_leaves_the_first() {
    let (mut scenario, _) = room_of_two();
    let (second, _) = scenario.create("zoe");
    scenario.connect("bob", &[("token", &second), ("name", "Bob")]);
    assert_eq!(scenario.received("ann"), ["left Bob [Ann]"]);
    scenario.forget();
    scenario.say("ann", "hello");
    assert_eq!(scenario.received("bob"), NOTHING);
}

#[test]
fn history_is_stored_only_where_it_is_set() {
    let (scenario, _) = room_of_two();
    assert!(scenario.house().histories.is_empty());
    let mut scenario = Scenario::new(json!({"history": 2}));
    let (token, _) = scenario.create("ann");
    scenario.connect("ann", &[("token", &token), ("name", "Ann")]);
    for text in ["one", "two", "XML"] {
        scenario.say("ann", text);
    }
    scenario.connect("bob", &[("token", &token)]);
    let history = &scenario.fields("bob", "room")["history"];
    assert_eq!(history[0], json!({"from": "Ann", "text": "two"}));
    assert!(history.as_array().unwrap().len() == 2 && !history.to_string().contains("XML"));
}
