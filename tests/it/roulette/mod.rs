//! Roulette as its people know it, played in a town in memory.

use std::time::Duration;

use crosswire::model::address::Group;
use crosswire::model::message::{Media, OptOut};
use rstest::rstest;

mod evening;
mod interleavings;

use evening::{
    ALREADY, CONFIRM, CONNECTED, DISCONNECTED, Evening, NO_PEER, NOT_IN_CHAT, PEER_LEFT, WAIT,
    person,
};

const NOTHING: [&str; 0] = [];
const SHARED: &str = "The other person has shared their number: +1-ann";
const DAY: Duration = Duration::from_hours(24);

/// Ann and Bob are in a chat, and have read everything so far.
fn a_chat() -> Evening {
    let mut evening = Evening::new();
    evening.play("ann", "connect");
    evening.play("bob", "connect");
    evening.town.sent.clear();
    evening
}

#[test]
fn whoever_is_alone_waits_and_whoever_comes_next_is_connected_at_once() {
    let mut evening = Evening::new();
    evening.play("ann", "connect");
    assert_eq!(evening.heard("ann"), [WAIT]);
    evening.play("bob", "Connect.");
    assert_eq!(evening.heard("ann"), [CONNECTED]);
    assert_eq!(evening.heard("bob"), [CONNECTED]);
    assert!(evening.are_together("ann", "bob"));
}

#[test]
fn two_who_come_before_the_lobby_looks_are_never_told_to_wait() {
    let mut evening = Evening::new();
    evening.say("ann", "connect");
    evening.say("bob", "connect");
    for who in ["ann", "bob"] {
        let group = evening.town.group(&person(who));
        evening.step(&group);
    }
    evening.rest();
    assert_eq!(evening.heard("ann"), [CONNECTED]);
    assert_eq!(evening.heard("bob"), [CONNECTED]);
}

#[test]
fn who_connects_again_while_waiting_is_told_again_and_keeps_one_place() {
    let mut evening = Evening::new();
    for _ in 0..3 {
        evening.play("ann", "connect");
    }
    assert_eq!(evening.heard("ann"), [WAIT, WAIT, WAIT]);
    assert_eq!(evening.town.memory().pool("waiting").len(), 1);
}

#[test]
fn refresh_does_not_cost_a_place_in_the_line() {
    let mut evening = Evening::new();
    let ann = evening.town.group(&person("ann"));
    let lobby = Group::named("lobby");
    for who in ["ann", "bob", "cid"] {
        evening.say(who, "connect");
        let group = evening.town.group(&person(who));
        evening.step(&group);
    }
    evening.say("ann", "refresh");
    evening.step(&ann);
    evening.step(&lobby);
    assert!(evening.are_together("ann", "bob"));
}

#[test]
fn connect_does_not_break_a_chat() {
    let mut evening = a_chat();
    evening.play("ann", "connect");
    assert_eq!(evening.heard("ann"), [ALREADY]);
    assert_eq!(evening.heard("bob"), NOTHING);
    assert!(evening.are_together("ann", "bob"));
}

#[test]
fn disconnect_ends_the_chat_and_tells_both() {
    let mut evening = a_chat();
    evening.play("ann", "DC");
    assert_eq!(evening.heard("ann"), [DISCONNECTED]);
    assert_eq!(evening.heard("bob"), [PEER_LEFT]);
    evening.play("bob", "hello");
    assert_eq!(evening.heard("bob"), [NO_PEER]);
    assert_eq!(evening.heard("ann"), NOTHING);
}

#[test]
fn disconnect_without_a_chat_tells_nobody_else() {
    let mut evening = Evening::new();
    evening.play("ann", "disconnect");
    assert_eq!(evening.heard("ann"), [DISCONNECTED]);
    evening.play("ann", "connect");
    evening.play("ann", "disconnect");
    assert_eq!(evening.heard("ann"), [WAIT, DISCONNECTED]);
    evening.play("bob", "connect");
    assert_eq!(evening.heard("bob"), [WAIT], "whoever left is not there to be met");
}

#[test]
fn refresh_finds_somebody_else_and_drops_its_own_farewell() {
    let mut evening = a_chat();
    evening.play("cid", "connect");
    evening.play("ann", "refresh");
    assert_eq!(evening.heard("ann"), [CONNECTED]);
    assert_eq!(evening.heard("bob"), [PEER_LEFT]);
    assert_eq!(evening.heard("cid"), [WAIT, CONNECTED]);
    assert!(evening.are_together("ann", "cid"));
}

#[test]
fn the_last_partner_is_passed_over_while_somebody_else_waits() {
    let mut evening = a_chat();
    for (who, text) in [("ann", "refresh"), ("bob", "connect"), ("cid", "connect")] {
        evening.say(who, text);
        let group = evening.town.group(&person(who));
        evening.step(&group);
    }
    evening.rest();
    assert!(evening.are_together("ann", "cid"));
    assert_eq!(evening.heard("bob"), [PEER_LEFT, WAIT]);
}

#[test]
fn in_a_town_of_two_last_partners_meet_again() {
    let mut evening = a_chat();
    evening.play("ann", "refresh");
    assert_eq!(evening.heard("ann"), [WAIT]);
    evening.play("bob", "connect");
    assert!(evening.are_together("ann", "bob"));
    assert_eq!(evening.heard("bob"), [PEER_LEFT, CONNECTED]);
}

#[test]
fn a_number_is_shared_on_the_second_call_whatever_is_said_between() {
    let mut evening = a_chat();
    evening.play("ann", "call");
    assert_eq!(evening.heard("ann"), [CONFIRM]);
    assert_eq!(evening.heard("bob"), NOTHING);
    evening.play("ann", "hello");
    evening.wait(Duration::from_mins(2));
    evening.play("ann", "Share");
    assert_eq!(evening.heard("ann"), NOTHING);
    assert_eq!(evening.heard("bob"), ["Stranger: hello", SHARED]);
    evening.play("ann", "call");
    assert_eq!(evening.heard("ann"), [CONFIRM], "one confirmation shares one time");
}

#[test]
fn a_question_ends_with_its_time_and_with_its_chat() {
    let mut evening = a_chat();
    evening.play("ann", "call");
    evening.wait(Duration::from_secs(121));
    evening.play("ann", "call");
    assert_eq!(evening.heard("ann"), [CONFIRM, CONFIRM]);
    evening.play("bob", "refresh");
    evening.play("ann", "connect");
    assert!(evening.are_together("ann", "bob"));
    evening.town.sent.clear();
    evening.play("ann", "call");
    assert_eq!(evening.heard("ann"), [CONFIRM]);
    assert_eq!(evening.heard("bob"), NOTHING);
}

#[test]
fn call_without_a_chat_shares_nothing() {
    let mut evening = Evening::new();
    evening.play("ann", "call");
    assert_eq!(evening.heard("ann"), [NOT_IN_CHAT]);
}

#[test]
fn stats_count_people_pairs_and_the_own_chat() {
    let mut evening = a_chat();
    evening.play("cid", "connect");
    evening.wait(Duration::from_secs(3723));
    evening.play("ann", "stats");
    assert_eq!(
        evening.heard("ann"),
        ["Waiting: 1. Chatting: 2. Pairs today: 1. Your chat has run for 1:02:03."]
    );
    evening.wait(DAY);
    evening.play("cid", "Stats!");
    assert_eq!(
        evening.heard("cid").last().unwrap(),
        "Waiting: 1. Chatting: 2. Pairs today: 0. You're not in a chat."
    );
}

#[test]
fn a_relayed_text_that_outgrows_a_message_comes_in_parts() {
    let mut evening = a_chat();
    let text = "six of ".repeat(400);
    evening.play("ann", text.trim());
    let parts = evening.heard("bob");
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.chars().count() <= 1600));
    let said: Vec<&str> =
        parts.iter().map(|part| part.strip_prefix("Stranger: ").unwrap()).collect();
    assert_eq!(said.concat(), text.trim());
}

#[rstest]
#[case("")]
#[case(&"picture ".repeat(300))]
fn a_picture_travels_with_the_first_part(#[case] text: &str) {
    let mut evening = a_chat();
    let picture = Media::new("https://e.example/a", "image/png");
    evening.write("ann", |message| {
        message.text = text.into();
        message.media = vec![picture.clone()];
    });
    evening.rest();
    let media: Vec<&[Media]> = evening.town.sent.iter().map(|owed| owed.media.as_slice()).collect();
    assert_eq!(media[0], [picture]);
    assert!(media[1..].iter().all(|media| media.is_empty()));
    assert!(evening.heard("bob")[0].starts_with("Stranger: "));
}

#[rstest]
#[case("STOP", None)]
#[case("Quit", None)]
#[case("please stop", Some(OptOut::Stop))]
fn whoever_opts_out_leaves_without_a_word(#[case] text: &str, #[case] opt_out: Option<OptOut>) {
    let mut evening = a_chat();
    evening.write("ann", |message| {
        message.text = text.into();
        message.opt_out = opt_out;
    });
    evening.rest();
    assert_eq!(evening.heard("ann"), NOTHING);
    assert_eq!(evening.heard("bob"), [PEER_LEFT]);
    evening.play("bob", "connect");
    assert_eq!(evening.heard("bob"), [WAIT]);
}

#[rstest]
#[case("START", OptOut::Start)]
#[case("help", OptOut::Help)]
fn what_the_provider_has_answered_is_neither_answered_nor_relayed(
    #[case] text: &str,
    #[case] opt_out: OptOut,
) {
    let mut evening = a_chat();
    evening.write("ann", |message| {
        message.text = text.into();
        message.opt_out = Some(opt_out);
    });
    evening.rest();
    assert!(evening.town.sent.is_empty());
    evening.play("ann", text);
    assert_eq!(evening.heard("bob"), [format!("Stranger: {text}")]);
}

#[test]
fn a_relay_reads_and_writes_nothing_beyond_what_came_with_it() {
    let mut evening = a_chat();
    evening.say("ann", "hello");
    evening.wait(DAY);
    evening.town.memory().reads = 0;
    let ann = evening.town.group(&person("ann"));
    evening.town.begin(&ann);
    let completed = evening.town.commit(&ann).unwrap();
    assert_eq!(evening.town.memory().reads, 0);
    assert!(completed.effects.writes.is_empty() && completed.effects.wakes.is_empty());
    assert_eq!(completed.effects.checks.len(), 1);
}

#[test]
fn a_chat_lives_as_long_as_one_of_them_talks_and_then_ends_for_both() {
    let mut evening = a_chat();
    for _ in 0..10 {
        evening.wait(20 * DAY);
        evening.play("ann", "hello");
    }
    assert_eq!(evening.heard("bob").len(), 10);
    evening.wait(30 * DAY);
    for who in ["ann", "bob"] {
        evening.play(who, "hello");
        assert_eq!(evening.heard(who), [NO_PEER]);
    }
}

#[test]
fn a_late_farewell_does_not_end_the_newer_chat_of_the_one_who_was_left() {
    let mut evening = a_chat();
    let ann = evening.town.group(&person("ann"));
    evening.say("ann", "disconnect");
    evening.town.begin(&ann);
    evening.play_others(&[("cid", "connect"), ("bob", "refresh")], &ann);
    assert!(evening.are_together("bob", "cid"));
    evening.commit(&ann);
    evening.rest();
    assert!(evening.are_together("bob", "cid"));
    assert_eq!(evening.heard("bob"), [CONNECTED]);
    assert_eq!(evening.heard("ann"), [PEER_LEFT, DISCONNECTED]);
}

#[rstest]
#[case("disconnect", DISCONNECTED)]
#[case("call", NOT_IN_CHAT)]
fn a_seat_that_names_another_chat_is_left_alone(#[case] text: &str, #[case] answer: &str) {
    let mut evening = a_chat();
    let bob = evening.town.group(&person("bob"));
    let seat = evening.town.memory().value(bob.as_str()).unwrap();
    let mut other: serde_json::Value = serde_json::from_str(&seat).unwrap();
    other["state"]["chatting"]["id"] = "a newer chat".into();
    evening.town.memory().put(bob.as_str(), &other.to_string(), DAY);
    evening.say("ann", text);
    let ann = evening.town.group(&person("ann"));
    evening.town.begin(&ann);
    evening.town.commit(&ann).unwrap();
    assert_eq!(evening.town.memory().value(bob.as_str()), Some(other.to_string()));
    assert_eq!(evening.heard("ann"), [answer]);
    assert_eq!(evening.heard("bob"), NOTHING);
    assert_eq!(evening.partner("ann"), None);
}

#[test]
fn one_seat_that_cannot_be_read_keeps_nobody_from_being_paired() {
    let mut evening = Evening::new();
    let ann = evening.town.group(&person("ann"));
    evening.say("ann", "connect");
    evening.step(&ann);
    evening.town.memory().put(ann.as_str(), "[\"of another shape\"]", DAY);
    for who in ["bob", "cid"] {
        evening.say(who, "connect");
        let group = evening.town.group(&person(who));
        evening.town.begin(&group);
        evening.town.commit(&group).unwrap();
    }
    let lobby = Group::named("lobby");
    evening.town.begin(&lobby);
    evening.town.commit(&lobby).unwrap();
    assert_eq!(evening.heard("bob"), [CONNECTED]);
    assert_eq!(evening.heard("cid"), [CONNECTED]);
    assert!(evening.town.memory().pool("waiting").is_empty());
}

#[test]
fn a_crowd_that_no_round_can_hold_is_paired_in_several() {
    let mut evening = Evening::new();
    let names: Vec<String> = (0..251).map(|number| number.to_string()).collect();
    for who in &names {
        evening.say(who, "connect");
        let group = evening.town.group(&person(who));
        evening.step(&group);
    }
    let lobby = Group::named("lobby");
    evening.step(&lobby);
    assert_eq!(evening.town.sent.len(), 100, "nobody is told to wait while more are paired");
    evening.rest();
    assert_eq!(evening.town.memory().pool("chatting").len(), 250);
    assert_eq!(evening.heard(&names[250]), [WAIT], "the last to come is left over");
}

#[test]
fn last_partners_do_not_meet_while_more_wait_than_a_round_can_see() {
    let mut evening = a_chat();
    let names: Vec<String> = (0..98).map(|number| number.to_string()).collect();
    let waiters = names.iter().map(String::as_str).chain(["ann", "bob", "cid"]);
    for who in waiters {
        evening.say(who, if who == "ann" { "refresh" } else { "connect" });
        let group = evening.town.group(&person(who));
        evening.step(&group);
    }
    for who in &names {
        let group = evening.town.group(&person(who));
        evening.town.memory().remove(group.as_str());
    }
    evening.step(&Group::named("lobby"));
    assert_eq!(evening.partner("ann"), None);
    evening.rest();
    assert!(evening.are_together("ann", "cid"));
}
