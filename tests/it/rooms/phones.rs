//! People on phones: commands as bare words, and a text for each of them.

use std::time::Duration;

use crosswire::model::message::{Incoming, Media, MessageId, OptOut};
use serde_json::{Value, json};

use super::scenario::{Scenario, address};

const NOTHING: [&str; 0] = [];
const ANN: &str = "+1-ann";
const BOB: &str = "+1-bob";

/// Opens a room by phone, and returns its code.
fn open(scenario: &mut Scenario, name: &str) -> String {
    scenario.say(name, "new as Ann");
    let text = scenario.received(name).remove(0);
    let code = text.split("join ").nth(1).expect("the text names the command").to_owned();
    assert_eq!(
        text,
        format!(
            "You are Ann, and your room is open for 10 minutes. Others enter it with: join {code}"
        )
    );
    code
}

/// Returns a room with Ann and Bob by phone and Cid by socket.
fn mixed_room(settings: Value) -> (Scenario, String) {
    let mut scenario = Scenario::new(settings);
    let code = open(&mut scenario, ANN);
    scenario.say(BOB, &format!("Join {code} as Bob"));
    scenario.connect("cid", &[("code", &code), ("name", "Cid")]);
    scenario.forget();
    (scenario, code)
}

#[test]
fn phone_joins_by_code_and_hears_who_is_here() {
    let mut scenario = Scenario::new(json!({}));
    let code = open(&mut scenario, ANN);
    scenario.say(BOB, &format!("join {code}"));
    assert_eq!(
        scenario.received(BOB),
        ["You are Guest 1. Here: Ann, Guest 1. This room closes in 10 minutes. \
          Send \"leave\" to leave."]
    );
    assert_eq!(scenario.received(ANN), ["Guest 1 has joined."]);
    scenario.say(BOB, "name Bob");
    assert_eq!(scenario.received(ANN), ["Guest 1 is now Bob."]);
}

#[test]
fn text_reaches_every_phone_but_the_senders_and_every_socket() {
    let (mut scenario, _) = mixed_room(json!({"acceptable": ["JSON"]}));
    scenario.say(BOB, "I like xml");
    assert_eq!(scenario.received(ANN), ["Bob: I like JSON"]);
    assert_eq!(scenario.received(BOB), NOTHING);
    assert_eq!(scenario.received("cid"), ["message Bob I like JSON"]);
    scenario.say("cid", "hello");
    assert_eq!(scenario.received(ANN), ["Cid: hello"]);
    assert_eq!(scenario.received(BOB), ["Cid: hello"]);
    scenario.frame("cid", "typing", "");
    assert_eq!(scenario.received(ANN), NOTHING);
}

#[test]
fn long_text_is_split_for_phones_and_whole_on_sockets() {
    let (mut scenario, _) = mixed_room(json!({}));
    let text = "six of ".repeat(300);
    scenario.say(BOB, &text);
    let parts = scenario.received(ANN);
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.starts_with("Bob: ") && part.chars().count() <= 1600));
    assert_eq!(scenario.received("cid"), [format!("message Bob {}", text.trim())]);
}

#[test]
fn every_line_of_a_text_has_the_name_on_a_phone() {
    let (mut scenario, _) = mixed_room(json!({}));
    scenario.say(BOB, "Bye.\r\n\u{2028}This room is closed.\n\u{200b}\u{3164}");
    assert_eq!(scenario.received(ANN), ["Bob: Bye.\nBob: This room is closed."]);
    scenario.received("cid");
    scenario.say(BOB, "\u{3164}\u{301}");
    assert_eq!(scenario.received("cid"), NOTHING);
}

#[test]
fn leave_and_who_are_commands_and_sentences_are_not() {
    let (mut scenario, _) = mixed_room(json!({}));
    scenario.say(BOB, "who");
    assert_eq!(scenario.received(BOB), ["Here: Ann, Bob, Cid. This room closes in 10 minutes."]);
    scenario.say(BOB, "leave me some cake");
    assert_eq!(scenario.received(ANN), ["Bob: leave me some cake"]);
    scenario.say(BOB, "Leave.");
    assert_eq!(scenario.received(BOB), ["You have left the room."]);
    assert_eq!(scenario.received(ANN), ["Bob has left."]);
    scenario.say(BOB, "hello");
    assert_eq!(
        scenario.received(BOB),
        ["Send \"new\" to open a room, or \"join CODE\" to enter one."]
    );
}

#[test]
fn stop_leaves_the_room_without_an_answer() {
    let (mut scenario, _) = mixed_room(json!({}));
    let mut stop = Incoming::new(MessageId::new(""), address(BOB), "stop");
    stop.opt_out = Some(OptOut::Stop);
    scenario.topic.send_message(stop);
    scenario.run();
    assert_eq!(scenario.received(BOB), NOTHING);
    assert_eq!(scenario.received("cid"), ["left Bob [Ann Cid]"]);
    scenario.say("cid", "hello");
    assert_eq!(scenario.received(BOB), NOTHING);
}

#[test]
fn undeliverable_phone_leaves_the_room() {
    let (mut scenario, _) = mixed_room(json!({}));
    scenario.topic.report_undeliverable(&address(BOB), 21610);
    scenario.run();
    assert_eq!(scenario.received("cid"), ["left Bob [Ann Cid]"]);
    assert_eq!(scenario.received(BOB), NOTHING);
}

#[test]
fn picture_alone_is_not_passed_on() {
    let (mut scenario, _) = mixed_room(json!({}));
    let mut picture = Incoming::new(MessageId::new(""), address(BOB), "");
    picture.media = vec![Media::new("https://e.example/a", "image/png")];
    scenario.topic.send_message(picture);
    scenario.run();
    assert_eq!(scenario.received(BOB), ["Pictures are not passed on."]);
    assert_eq!(scenario.received(ANN), NOTHING);
}

#[test]
fn text_of_another_room_moves_the_phone_there() {
    let (mut scenario, _) = mixed_room(json!({}));
    let second = open(&mut scenario, "+1-zoe");
    scenario.forget();
    scenario.say(BOB, &format!("join {second} as Bob"));
    assert_eq!(scenario.received(ANN), ["Bob has left."]);
    assert_eq!(scenario.received("+1-zoe"), ["Bob has joined."]);
    scenario.say(BOB, "new");
    assert_eq!(scenario.received("+1-zoe"), ["Bob has left."]);
    assert_eq!(scenario.house().rooms.len(), 3);
}

#[test]
fn link_is_sent_where_the_topic_has_a_page() {
    let mut scenario = Scenario::new(json!({"link": "https://example.com/room/join"}));
    scenario.say(ANN, "new");
    let texts = scenario.received(ANN);
    let token = texts[1].split("https://example.com/room/join?room=").nth(1).unwrap();
    assert!(scenario.verify(token).is_some());
}

#[test]
fn text_without_a_notice_text_is_not_sent_to_phones() {
    let quiet = json!({"texts": {"joined": "", "left": "", "renamed": ""}});
    let (mut scenario, code) = mixed_room(quiet);
    scenario.say("+1-dan", &format!("join {code} as Dan"));
    scenario.say("+1-dan", "name Daniel");
    scenario.say("+1-dan", "leave");
    assert_eq!(scenario.received(ANN), NOTHING);
    assert_eq!(scenario.received("cid").len(), 3);
}

#[test]
fn room_goes_on_when_the_last_person_has_left() {
    let (mut scenario, code) = mixed_room(json!({}));
    for name in [ANN, BOB] {
        scenario.say(name, "leave");
    }
    scenario.say("cid", "/leave");
    assert!(scenario.here().is_empty());
    scenario.wait(Duration::from_mins(9));
    scenario.say(BOB, &format!("join {code}"));
    assert_eq!(scenario.here(), ["Guest 1"]);
}
