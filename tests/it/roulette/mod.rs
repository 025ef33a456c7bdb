//! Roulette's behaviour towards people, on a topic in memory.

use std::time::Duration;

use crosswire::model::address::Group;
use crosswire::model::message::{Media, OptOut};
use crosswire::model::state::Write;
use rstest::rstest;
use serde_json::json;

mod call;
mod interleavings;
mod limits;
mod loops;
mod model;
mod people;
mod relayed;
mod scenario;
mod verdicts;
mod web;

use scenario::{
    ALREADY, CONNECTED, DISCONNECTED, NO_PEER, NOT_IN_CHAT, PEER_LEFT, Scenario, WAIT, person,
};

const NOTHING: [&str; 0] = [];
const DAY: Duration = Duration::from_hours(24);

/// Returns a scenario in which Ann and Bob are in a chat, with the texts so far discarded.
fn chat_of_two() -> Scenario {
    Scenario::new().meet()
}

#[test]
fn first_person_waits_and_second_is_connected_at_once() {
    let mut scenario = Scenario::new();
    scenario.play("ann", "connect");
    assert_eq!(scenario.received("ann"), [WAIT]);
    scenario.play("bob", "Connect.");
    assert_eq!(scenario.received("ann"), [CONNECTED]);
    assert_eq!(scenario.received("bob"), [CONNECTED]);
    assert!(scenario.are_paired("ann", "bob"));
}

#[test]
fn two_people_connecting_before_the_lobby_runs_get_no_wait_text() {
    let mut scenario = Scenario::new();
    scenario.send("ann", "connect");
    scenario.send("bob", "connect");
    for name in ["ann", "bob"] {
        let group = scenario.topic.group(&person(name));
        scenario.step(&group);
    }
    scenario.run_until_idle();
    assert_eq!(scenario.received("ann"), [CONNECTED]);
    assert_eq!(scenario.received("bob"), [CONNECTED]);
}

#[test]
fn connect_while_waiting_repeats_the_wait_text_and_keeps_one_place() {
    let mut scenario = Scenario::new();
    for _ in 0..3 {
        scenario.play("ann", "connect");
    }
    assert_eq!(scenario.received("ann"), [WAIT, WAIT, WAIT]);
    assert_eq!(scenario.topic.memory().pool("waiting").len(), 1);
}

#[test]
fn refresh_while_waiting_keeps_the_place() {
    let mut scenario = Scenario::new();
    let ann = scenario.topic.group(&person("ann"));
    let lobby = Group::named("lobby");
    for name in ["ann", "bob", "cid"] {
        scenario.send(name, "connect");
        let group = scenario.topic.group(&person(name));
        scenario.step(&group);
    }
    scenario.send("ann", "refresh");
    scenario.step(&ann);
    scenario.step(&lobby);
    assert!(scenario.are_paired("ann", "bob"));
}

#[test]
fn connect_keeps_a_chat() {
    let mut scenario = chat_of_two();
    scenario.play("ann", "connect");
    assert_eq!(scenario.received("ann"), [ALREADY]);
    assert_eq!(scenario.received("bob"), NOTHING);
    assert!(scenario.are_paired("ann", "bob"));
}

#[test]
fn disconnect_ends_the_chat_and_notifies_both() {
    let mut scenario = chat_of_two();
    scenario.play("ann", "DC");
    assert_eq!(scenario.received("ann"), [DISCONNECTED]);
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
    scenario.play("bob", "hello");
    assert_eq!(scenario.received("bob"), [NO_PEER]);
    assert_eq!(scenario.received("ann"), NOTHING);
}

#[test]
fn disconnect_without_a_chat_answers_the_sender_only() {
    let mut scenario = Scenario::new();
    scenario.play("ann", "disconnect");
    assert_eq!(scenario.received("ann"), [DISCONNECTED]);
    scenario.play("ann", "connect");
    scenario.play("ann", "disconnect");
    assert_eq!(scenario.received("ann"), [WAIT, DISCONNECTED]);
    scenario.play("bob", "connect");
    assert_eq!(scenario.received("bob"), [WAIT], "a person who left is not paired");
}

#[test]
fn refresh_pairs_with_another_person_without_a_farewell_to_the_sender() {
    let mut scenario = chat_of_two();
    scenario.play("cid", "connect");
    scenario.play("ann", "refresh");
    assert_eq!(scenario.received("ann"), [CONNECTED]);
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
    assert_eq!(scenario.received("cid"), [WAIT, CONNECTED]);
    assert!(scenario.are_paired("ann", "cid"));
}

#[test]
fn last_partner_is_skipped_while_another_person_waits() {
    let mut scenario = chat_of_two();
    for (name, text) in [("ann", "refresh"), ("bob", "connect"), ("cid", "connect")] {
        scenario.send(name, text);
        let group = scenario.topic.group(&person(name));
        scenario.step(&group);
    }
    scenario.run_until_idle();
    assert!(scenario.are_paired("ann", "cid"));
    assert_eq!(scenario.received("bob"), [PEER_LEFT, WAIT]);
}

#[test]
fn last_partners_are_paired_again_when_alone() {
    let mut scenario = chat_of_two();
    scenario.play("ann", "refresh");
    assert_eq!(scenario.received("ann"), [WAIT]);
    scenario.play("bob", "connect");
    assert!(scenario.are_paired("ann", "bob"));
    assert_eq!(scenario.received("bob"), [PEER_LEFT, CONNECTED]);
}

#[test]
fn call_without_a_chat_shares_nothing() {
    let mut scenario = Scenario::new();
    scenario.play("ann", "call");
    assert_eq!(scenario.received("ann"), [NOT_IN_CHAT]);
}

#[test]
fn stats_count_people_pairs_and_own_chat_duration() {
    let mut scenario = Scenario::without_limits().meet();
    scenario.play("cid", "connect");
    scenario.wait(Duration::from_secs(3723));
    scenario.play("ann", "stats");
    assert_eq!(
        scenario.received("ann"),
        ["Waiting: 1. Chatting: 2. Pairs today: 1. Your chat has run for 1:02:03."]
    );
    scenario.wait(DAY);
    scenario.play("cid", "Stats!");
    assert_eq!(
        scenario.received("cid").last().unwrap(),
        "Waiting: 1. Chatting: 2. Pairs today: 0. You're not in a chat."
    );
}

#[test]
fn relayed_text_over_the_limit_is_split() {
    let mut scenario = chat_of_two();
    let text = "six of ".repeat(400);
    scenario.play("ann", text.trim());
    let parts = scenario.received("bob");
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| part.chars().count() <= 1600));
    let relayed: Vec<&str> =
        parts.iter().map(|part| part.strip_prefix("Stranger: ").unwrap()).collect();
    assert_eq!(relayed.concat(), text.trim());
}

#[rstest]
#[case("")]
#[case(&"picture ".repeat(300))]
fn media_is_sent_with_the_first_part(#[case] text: &str) {
    let mut scenario = chat_of_two();
    let picture = Media::new("https://e.example/a", "image/png");
    scenario.write("ann", |message| {
        message.text = text.into();
        message.media = vec![picture.clone()];
    });
    scenario.run_until_idle();
    let media: Vec<&[Media]> =
        scenario.topic.sent.iter().map(|message| message.media.as_slice()).collect();
    assert_eq!(media[0], [picture]);
    assert!(media[1..].iter().all(|media| media.is_empty()));
    assert!(scenario.received("bob")[0].starts_with("Stranger: "));
}

#[rstest]
#[case("STOP", None)]
#[case("Quit", None)]
#[case("please stop", Some(OptOut::Stop))]
fn opt_out_ends_the_chat_without_an_answer(#[case] text: &str, #[case] opt_out: Option<OptOut>) {
    let mut scenario = chat_of_two();
    scenario.write("ann", |message| {
        message.text = text.into();
        message.opt_out = opt_out;
    });
    scenario.run_until_idle();
    assert_eq!(scenario.received("ann"), NOTHING);
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
    scenario.play("bob", "connect");
    assert_eq!(scenario.received("bob"), [WAIT]);
}

#[rstest]
#[case("START", OptOut::Start)]
#[case("help", OptOut::Help)]
fn opt_in_and_help_of_the_provider_are_neither_answered_nor_relayed(
    #[case] text: &str,
    #[case] opt_out: OptOut,
) {
    let mut scenario = chat_of_two();
    scenario.write("ann", |message| {
        message.text = text.into();
        message.opt_out = Some(opt_out);
    });
    scenario.run_until_idle();
    assert!(scenario.topic.sent.is_empty());
    scenario.play("ann", text);
    assert_eq!(scenario.received("bob"), [format!("Stranger: {text}")]);
}

#[test]
fn relay_reads_nothing_and_writes_at_most_the_claimed_state_and_the_text() {
    for writes in [true, false] {
        let memory = if writes { "24h" } else { "0s" };
        let mut scenario = Scenario::with(json!({
            "wait_timeout": "0s", "idle_nudge": "0s", "idle_end": "0s", "loop_guard": writes, "report_memory": memory,
        }));
        scenario = scenario.meet();
        scenario.wait(DAY);
        relay_once(&mut scenario, writes);
    }
}

fn relay_once(scenario: &mut Scenario, writes: bool) {
    scenario.send("ann", "hello");
    scenario.topic.memory().reads = 0;
    let ann = scenario.topic.group(&person("ann"));
    scenario.topic.begin(&ann);
    let completed = scenario.topic.commit(&ann).unwrap();
    assert_eq!(scenario.topic.memory().reads, 0);
    let key = |write: &Write| match write {
        Write::Put { key, .. } => key.clone(),
        other => panic!("{other:?}"),
    };
    let keys: Vec<String> = completed.effects.writes.iter().map(key).collect();
    if writes {
        assert!(
            keys.len() == 2 && keys[0] == ann.as_str() && keys[1].starts_with("said:"),
            "{keys:?}"
        );
    } else {
        assert_eq!(keys, Vec::<String>::new());
    }
    assert!(completed.effects.wakes.is_empty());
    assert_eq!(completed.effects.checks.len(), 1);
}

#[test]
fn seats_of_a_chat_expire_together_whoever_wrote_last() {
    let mut scenario = Scenario::without_limits().meet();
    for hours in [1, 20] {
        scenario.wait(hours * DAY / 24);
        scenario.play("ann", &format!("{hours}"));
    }
    scenario.wait(Duration::from_secs(29 * 86_400 + 3 * 3_600 - 1));
    assert_eq!(scenario.seats().len(), 2);
    scenario.wait(Duration::from_secs(1));
    assert_eq!(scenario.seats().len(), 0);
}

#[test]
fn chat_expires_for_both_thirty_days_after_the_last_text() {
    let mut scenario = Scenario::without_limits().meet();
    for _ in 0..10 {
        scenario.wait(20 * DAY);
        scenario.play("ann", "hello");
    }
    assert_eq!(scenario.received("bob").len(), 10);
    scenario.wait(30 * DAY);
    for name in ["ann", "bob"] {
        scenario.play(name, "hello");
        assert_eq!(scenario.received(name), [NO_PEER]);
    }
}

#[test]
fn late_disconnect_keeps_the_newer_chat_of_the_partner() {
    let mut scenario = chat_of_two();
    let ann = scenario.topic.group(&person("ann"));
    scenario.send("ann", "disconnect");
    scenario.topic.begin(&ann);
    scenario.play_others(&[("cid", "connect"), ("bob", "refresh")], &ann);
    assert!(scenario.are_paired("bob", "cid"));
    scenario.commit(&ann);
    scenario.run_until_idle();
    assert!(scenario.are_paired("bob", "cid"));
    assert_eq!(scenario.received("bob"), [CONNECTED]);
    assert_eq!(scenario.received("ann"), [PEER_LEFT, DISCONNECTED]);
}

#[rstest]
#[case("disconnect", DISCONNECTED)]
#[case("call", NOT_IN_CHAT)]
fn seat_of_another_chat_is_left_unchanged(#[case] text: &str, #[case] answer: &str) {
    let mut scenario = chat_of_two();
    let bob = scenario.topic.group(&person("bob"));
    let seat = scenario.topic.memory().value(bob.as_str()).unwrap();
    let mut other: serde_json::Value = serde_json::from_str(&seat).unwrap();
    other["state"]["chatting"]["id"] = "a newer chat".into();
    scenario.topic.memory().put(bob.as_str(), &other.to_string(), DAY);
    scenario.send("ann", text);
    let ann = scenario.topic.group(&person("ann"));
    scenario.topic.begin(&ann);
    scenario.topic.commit(&ann).unwrap();
    assert_eq!(scenario.topic.memory().value(bob.as_str()), Some(other.to_string()));
    assert_eq!(scenario.received("ann"), [answer]);
    assert_eq!(scenario.received("bob"), NOTHING);
    assert_eq!(scenario.partner("ann"), None);
}

#[test]
fn unreadable_seat_does_not_stop_the_pairing_of_others() {
    let mut scenario = Scenario::new();
    let ann = scenario.topic.group(&person("ann"));
    scenario.send("ann", "connect");
    scenario.step(&ann);
    scenario.topic.memory().put(ann.as_str(), "[\"of another shape\"]", DAY);
    for name in ["bob", "cid"] {
        scenario.send(name, "connect");
        let group = scenario.topic.group(&person(name));
        scenario.topic.begin(&group);
        scenario.topic.commit(&group).unwrap();
    }
    let lobby = Group::named("lobby");
    scenario.topic.begin(&lobby);
    scenario.topic.commit(&lobby).unwrap();
    assert_eq!(scenario.received("bob"), [CONNECTED]);
    assert_eq!(scenario.received("cid"), [CONNECTED]);
    assert!(scenario.topic.memory().pool("waiting").is_empty());
}

#[test]
fn crowd_above_one_round_is_paired_in_several() {
    let mut scenario = Scenario::new();
    let names: Vec<String> = (0..251).map(|number| number.to_string()).collect();
    for name in &names {
        scenario.send(name, "connect");
        let group = scenario.topic.group(&person(name));
        scenario.step(&group);
    }
    let lobby = Group::named("lobby");
    scenario.step(&lobby);
    assert_eq!(scenario.topic.sent.len(), 100, "no wait text while more people are paired");
    scenario.run_until_idle();
    assert_eq!(scenario.topic.memory().pool("chatting").len(), 250);
    assert_eq!(scenario.received(&names[250]), [WAIT], "the last person is left over");
}

#[test]
fn last_partners_are_not_paired_while_more_wait_than_one_round_reads() {
    let mut scenario = chat_of_two();
    let names: Vec<String> = (0..98).map(|number| number.to_string()).collect();
    let waiters = names.iter().map(String::as_str).chain(["ann", "bob", "cid"]);
    for name in waiters {
        scenario.send(name, if name == "ann" { "refresh" } else { "connect" });
        let group = scenario.topic.group(&person(name));
        scenario.step(&group);
    }
    for name in &names {
        let group = scenario.topic.group(&person(name));
        scenario.topic.memory().remove(group.as_str());
    }
    scenario.step(&Group::named("lobby"));
    assert_eq!(scenario.partner("ann"), None);
    scenario.run_until_idle();
    assert!(scenario.are_paired("ann", "cid"));
}
