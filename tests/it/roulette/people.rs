//! Blocks, reports, cool-downs and an operator's bars.

use std::time::Duration;

use crosswire::contracts::handler::{BARRED, FORGOTTEN};
use crosswire::model::address::Group;
use crosswire::model::standing::{self, Bar, REPORTS, Report, SEAL};
use serde_json::{Value, json};

use super::scenario::{
    BLOCKED, CONNECTED, DISCONNECTED, NO_PEER, PEER_LEFT, REPORTED, Scenario, WAIT, person,
};
use super::{DAY, NOTHING, chat_of_two};

const NOBODY_MET: &str = "Error: You haven't met anyone yet.";

fn cooling(time: &str) -> String {
    format!("A stranger has reported you. You can connect again in {time}.")
}

/// Returns the reports that the operator would read.
fn reports(scenario: &Scenario) -> Vec<Report> {
    let memory = scenario.topic.memory();
    let key = scenario.topic.groups().seal_key(SEAL);
    let read = |group: &Group| {
        let value = memory.value(&Report::key(group)).expect("the report is kept");
        assert!(!value.contains("+1-"), "{value}");
        Report::read(&value, &key).expect("the report can be opened")
    };
    memory.pool(REPORTS).iter().map(|member| read(&member.group)).collect()
}

fn texts(report: &Report) -> Vec<(bool, String)> {
    let text = |it: &standing::ReportedText| (it.by_reported, it.text.reveal().to_owned());
    report.texts.iter().map(text).collect()
}

/// Makes two people meet, and one of them report the other.
fn meet_and_report(scenario: &mut Scenario, by: &str, person: &str) {
    scenario.play(person, "connect");
    scenario.play(by, "connect");
    assert!(scenario.are_paired(by, person));
    scenario.play(by, "report");
    scenario.topic.sent.clear();
}

fn bar(scenario: &mut Scenario, name: &str, shadow: bool) {
    let at = scenario.topic.memory().now;
    let bar = Bar { at, until: None, shadow, reason: None, person: String::new() };
    let writes = standing::bar(scenario.topic.groups(), &person(name), &bar);
    scenario.topic.change(&person(name), &writes, BARRED);
    scenario.run_until_idle();
}

#[test]
fn block_ends_the_chat_and_the_two_never_meet_again() {
    let mut scenario = chat_of_two();
    scenario.play("ann", "Block!");
    assert_eq!(scenario.received("ann"), [BLOCKED]);
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
    for name in ["ann", "bob"] {
        scenario.play(name, "connect");
        assert_eq!(scenario.received(name), [WAIT]);
    }
    scenario.play("cid", "connect");
    assert!(scenario.are_paired("cid", "ann"), "the block is about one person");
    // The seats expire, the block does not.
    scenario.wait(40 * DAY);
    for name in ["bob", "ann"] {
        scenario.play(name, "connect");
    }
    assert!(!scenario.are_paired("ann", "bob"));
}

#[test]
fn stranger_who_has_left_can_still_be_blocked() {
    let mut scenario = chat_of_two();
    scenario.play("bob", "disconnect");
    scenario.topic.sent.clear();
    scenario.play("ann", "connect");
    scenario.play("ann", "block");
    assert_eq!(scenario.received("ann"), [WAIT, BLOCKED]);
    scenario.play("bob", "connect");
    assert_eq!(scenario.received("bob"), [DISCONNECTED, WAIT][1..]);
    scenario.play("cid", "block");
    assert_eq!(scenario.received("cid"), [NOBODY_MET]);
}

#[test]
fn report_keeps_the_last_texts_of_both_sides_sealed() {
    let mut scenario = chat_of_two();
    scenario.play("ann", "good evening");
    scenario.wait(Duration::from_secs(5));
    scenario.play("bob", "send me money");
    scenario.topic.sent.clear();
    {
        let memory = scenario.topic.memory();
        let kept: Vec<_> = memory.values().filter(|(key, _)| key.starts_with("said:")).collect();
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|(_, value)| !value.contains("money")), "{kept:?}");
    }
    scenario.play("ann", "report");
    assert_eq!(scenario.received("ann"), [REPORTED]);
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
    let found = reports(&scenario);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].reported, &found[0].reporter), (&person("bob"), &person("ann")));
    let expected = [(false, "good evening".to_owned()), (true, "send me money".to_owned())];
    assert_eq!(texts(&found[0]), expected);
    scenario.wait(31 * DAY);
    let memory = scenario.topic.memory();
    assert_eq!(memory.values().filter(|(key, _)| key.contains("report")).count(), 0);
}

#[test]
fn no_more_than_ten_texts_of_each_side_are_kept_and_for_a_day() {
    let mut scenario = chat_of_two();
    for number in 0..50 {
        scenario.play("ann", &format!("text {number}"));
    }
    let kept = |scenario: &Scenario| {
        let memory = scenario.topic.memory();
        memory.values().filter(|(key, _)| key.starts_with("said:")).count()
    };
    assert!((5..=10).contains(&kept(&scenario)), "{}", kept(&scenario));
    scenario.wait(DAY);
    assert_eq!(kept(&scenario), 0);
    let mut scenario = Scenario::with(json!({ "report_memory": "0s" }));
    scenario.play("ann", "connect");
    scenario.play("bob", "connect");
    scenario.play("ann", "hello");
    assert_eq!(kept(&scenario), 0);
    scenario.play("bob", "report");
    assert_eq!(texts(&reports(&scenario)[0]), []);
}

#[test]
fn each_report_by_another_person_makes_the_cool_down_longer() {
    let mut scenario = Scenario::new();
    let cool_downs = [("p1", 60), ("p2", 300), ("p3", 1500), ("p4", 7200), ("p5", 43_200)];
    for (reporter, seconds) in cool_downs.into_iter().chain([("p6", 43_200)]) {
        meet_and_report(&mut scenario, reporter, "bob");
        scenario.play("bob", "connect");
        let time = format!("{}:{:02}:00", seconds / 3600, seconds / 60 % 60);
        assert_eq!(scenario.received("bob"), [cooling(&time)]);
        scenario.wait(Duration::from_secs(seconds - 1));
        scenario.play("bob", "refresh");
        assert_eq!(scenario.received("bob"), [cooling("0:00:01")]);
        scenario.wait(Duration::from_secs(1));
    }
    scenario.play("bob", "connect");
    assert_eq!(scenario.received("bob"), [WAIT]);
    assert_eq!(reports(&scenario).len(), 6);
}

#[test]
fn person_is_reported_once_by_each_other() {
    let mut scenario = chat_of_two();
    for _ in 0..3 {
        scenario.play("ann", "report");
    }
    assert_eq!(scenario.received("ann"), [REPORTED; 3]);
    assert_eq!(reports(&scenario).len(), 1);
    assert_eq!(reports(&scenario)[0].strikes, 1);
    scenario.topic.sent.clear();
    scenario.play("bob", "connect");
    assert_eq!(scenario.received("bob"), [cooling("0:01:00")]);
}

#[test]
fn barred_person_leaves_and_forgotten_person_has_no_seat() {
    let mut scenario = chat_of_two();
    bar(&mut scenario, "ann", false);
    assert_eq!(scenario.received("ann"), NOTHING);
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
    scenario.play("cid", "connect");
    scenario.play("bob", "connect");
    scenario.topic.change(&person("bob"), &[], FORGOTTEN);
    scenario.run_until_idle();
    assert_eq!(scenario.received("cid"), [WAIT, CONNECTED, PEER_LEFT]);
    let bob = scenario.topic.group(&person("bob"));
    assert_eq!(scenario.topic.memory().value(bob.as_str()), None);
    assert!(scenario.topic.memory().pool("chatting").is_empty());
}

#[test]
fn shadowed_people_meet_each_other_only_and_notice_nothing() {
    let mut scenario = chat_of_two();
    bar(&mut scenario, "bob", true);
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
    assert_eq!(scenario.received("ann"), [PEER_LEFT]);
    scenario.play("bob", "hello");
    assert_eq!(scenario.received("bob"), [NO_PEER]);
    for name in ["bob", "cid", "dan"] {
        scenario.play(name, "connect");
    }
    assert!(scenario.are_paired("cid", "dan"));
    assert_eq!(scenario.received("bob"), [WAIT]);
    scenario.play("eve", "connect");
    bar(&mut scenario, "eve", true);
    scenario.play("eve", "connect");
    assert!(scenario.are_paired("bob", "eve"), "a person who waits is hidden at once");
    assert_eq!(scenario.received("bob"), [CONNECTED]);
}

#[test]
fn one_of_the_last_three_partners_is_paired_again_only_when_no_other_waits() {
    let later = |remembered: usize| {
        let mut scenario = Scenario::with(json!({ "remember_partners": remembered }));
        for name in ["ann", "bob"] {
            scenario.play(name, "connect");
        }
        scenario.play("cid", "connect");
        scenario.play("ann", "refresh");
        assert!(scenario.are_paired("ann", "cid"));
        for name in ["eve", "bob"] {
            scenario.play(name, "connect");
        }
        assert!(scenario.are_paired("bob", "eve"));
        for (name, text) in [("ann", "refresh"), ("bob", "refresh"), ("dan", "connect")] {
            scenario.send(name, text);
            let group = scenario.topic.group(&person(name));
            scenario.step(&group);
        }
        scenario.run_until_idle();
        ["bob", "dan"].map(|name| scenario.are_paired("ann", name))
    };
    assert_eq!(later(1), [true, false]);
    assert_eq!(later(2), [false, true]);
    assert_eq!(later(3), [false, true]);
}

#[test]
fn people_who_have_blocked_each_other_keep_no_others_waiting() {
    let mut scenario = Scenario::new();
    let names: Vec<String> = (0..120).map(|number| number.to_string()).collect();
    let people: Vec<Group> =
        names.iter().map(|name| scenario.topic.groups().person(&person(name))).collect();
    let step = |scenario: &mut Scenario, name: &str| {
        scenario.send(name, "connect");
        let group = scenario.topic.group(&person(name));
        scenario.step(&group);
        group
    };
    for name in &names {
        let group = step(&mut scenario, name);
        let seat = scenario.topic.memory().value(group.as_str()).unwrap();
        let mut seat: Value = serde_json::from_str(&seat).unwrap();
        seat["blocked"] = serde_json::to_value(&people).unwrap();
        scenario.topic.memory().put(group.as_str(), &seat.to_string(), DAY);
    }
    step(&mut scenario, "ann");
    step(&mut scenario, "bob");
    scenario.run_until_idle();
    assert!(scenario.partner("ann").is_some() && scenario.partner("bob").is_some());
}
