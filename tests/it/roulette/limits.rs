//! Times after which a wait or a chat ends, and the summary at the end of a chat.

use std::time::Duration;

use serde_json::json;

use super::scenario::{
    CHAT_OVER, CONNECTED, DISCONNECTED, IDLE_ENDED, NO_PEER, NOT_THERE, NUDGE, PEER_LEFT, Scenario,
    WAIT,
};
use super::{NOTHING, chat_of_two};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Lets time pass, and everything that is due by then happen.
fn pass(scenario: &mut Scenario, time: Duration) {
    scenario.wait(time);
    scenario.run_until_idle();
}

#[test]
fn waiting_person_is_told_after_ten_minutes_and_goes_on_by_wait() {
    let mut scenario = Scenario::new();
    scenario.play("ann", "connect");
    pass(&mut scenario, Duration::from_secs(599));
    assert_eq!(scenario.received("ann"), [WAIT]);
    pass(&mut scenario, SECOND);
    assert_eq!(scenario.received("ann"), [NOT_THERE]);
    scenario.play("bob", "connect");
    assert_eq!(scenario.received("bob"), [WAIT], "a person who may be away is not paired");
    scenario.play("ann", "Wait.");
    assert_eq!(scenario.received("ann"), [CONNECTED]);
    assert!(scenario.are_paired("ann", "bob"));
    scenario.play("ann", "wait");
    assert_eq!(scenario.received("bob"), [CONNECTED, "Stranger: wait"]);
}

#[test]
fn each_wait_has_a_time_of_its_own() {
    let mut scenario = Scenario::new();
    scenario.play("ann", "connect");
    pass(&mut scenario, 9 * MINUTE);
    scenario.play("ann", "disconnect");
    scenario.play("ann", "connect");
    pass(&mut scenario, 9 * MINUTE);
    assert_eq!(scenario.received("ann"), [WAIT, DISCONNECTED, WAIT]);
    scenario.play("ann", "wait");
    assert_eq!(scenario.received("ann"), [WAIT], "it does not begin anew while it lasts");
    pass(&mut scenario, MINUTE);
    assert_eq!(scenario.received("ann"), [NOT_THERE]);
    scenario.play("ann", "hello?");
    assert_eq!(scenario.received("ann"), [NO_PEER]);
}

#[test]
fn mailbox_has_one_timer_of_each_kind_however_often_its_owner_begins_anew() {
    let mut scenario = Scenario::with(json!({"max_chat": "3h"}));
    for _ in 0..20 {
        for (name, text) in [("ann", "connect"), ("bob", "refresh"), ("ann", "refresh")] {
            pass(&mut scenario, SECOND);
            scenario.play(name, text);
        }
    }
    scenario.play("ann", "disconnect");
    for _ in 0..20 {
        for text in ["connect", "disconnect"] {
            pass(&mut scenario, SECOND);
            scenario.play("ann", text);
        }
    }
    assert!(scenario.topic.timers() <= 4, "{}", scenario.topic.timers());
}

#[test]
fn wait_is_no_command_of_a_person_who_has_not_waited() {
    let mut scenario = chat_of_two();
    scenario.play("bob", "disconnect");
    scenario.topic.sent.clear();
    scenario.play("ann", "wait");
    assert_eq!(scenario.received("ann"), [NO_PEER]);
}

#[test]
fn idle_chat_is_nudged_once_and_ended() {
    let mut scenario = chat_of_two();
    pass(&mut scenario, 12 * HOUR);
    assert_eq!(scenario.received("ann"), NOTHING, "the last text may be a tenth younger");
    pass(&mut scenario, 72 * MINUTE);
    for name in ["ann", "bob"] {
        assert_eq!(scenario.received(name), [NUDGE]);
    }
    pass(&mut scenario, Duration::from_secs(12 * 3600 - 1));
    assert!(scenario.are_paired("ann", "bob"));
    pass(&mut scenario, SECOND);
    for name in ["ann", "bob"] {
        assert_eq!(scenario.received(name), [IDLE_ENDED]);
        assert!(!scenario.plays(name));
    }
    pass(&mut scenario, 100 * HOUR);
    assert!(scenario.topic.sent.is_empty());
}

#[test]
fn chat_in_which_one_side_writes_now_and_then_is_not_idle() {
    let mut scenario = chat_of_two();
    for text in 0..40 {
        pass(&mut scenario, 6 * HOUR);
        scenario.play("ann", &text.to_string());
    }
    assert_eq!(scenario.received("bob").len(), 40);
    assert_eq!(scenario.received("ann"), NOTHING);
}

#[test]
fn text_after_a_nudge_keeps_the_chat() {
    let mut scenario = chat_of_two();
    pass(&mut scenario, 14 * HOUR);
    scenario.topic.sent.clear();
    scenario.play("bob", "I am here");
    assert_eq!(scenario.received("ann"), ["Stranger: I am here"]);
    pass(&mut scenario, 12 * HOUR);
    assert_eq!(scenario.received("ann"), NOTHING);
    pass(&mut scenario, 2 * HOUR);
    assert_eq!(scenario.received("ann"), [NUDGE], "it may become idle again");
}

#[test]
fn chat_without_a_nudge_ends_when_it_is_idle() {
    let properties = json!({"idle_nudge": "0s", "idle_end": "100m"});
    let mut scenario = Scenario::with(properties).meet();
    pass(&mut scenario, 110 * MINUTE);
    for name in ["ann", "bob"] {
        assert_eq!(scenario.received(name), [IDLE_ENDED]);
    }
}

#[test]
fn chat_ends_at_its_longest_time_however_lively_it_is() {
    let mut scenario = Scenario::with(json!({"max_chat": "30m"})).meet();
    for text in 0..29 {
        pass(&mut scenario, MINUTE);
        scenario.play("ann", &text.to_string());
    }
    assert_eq!(scenario.received("bob").len(), 29);
    pass(&mut scenario, MINUTE);
    for name in ["ann", "bob"] {
        assert_eq!(scenario.received(name), [CHAT_OVER]);
    }
}

#[test]
fn times_of_an_earlier_chat_do_not_end_the_next_one() {
    let mut scenario = Scenario::with(json!({"max_chat": "30m"})).meet();
    pass(&mut scenario, 20 * MINUTE);
    scenario.play("ann", "refresh");
    scenario.play("bob", "connect");
    assert!(scenario.are_paired("ann", "bob"));
    pass(&mut scenario, 29 * MINUTE);
    assert!(scenario.are_paired("ann", "bob"));
}

#[test]
fn summary_follows_the_text_that_ends_a_chat() {
    const SUMMARY: &str = "Your chat lasted 0:05:00 and had 3 messages.";
    let mut scenario = Scenario::with(json!({"summary": true})).meet();
    for (name, text) in [("ann", "one"), ("bob", "two"), ("ann", "three")] {
        scenario.play(name, text);
    }
    pass(&mut scenario, 5 * MINUTE);
    scenario.topic.sent.clear();
    scenario.play("ann", "disconnect");
    assert_eq!(scenario.received("ann"), [format!("{DISCONNECTED} {SUMMARY}")]);
    assert_eq!(scenario.received("bob"), [format!("{PEER_LEFT} {SUMMARY}")]);
    scenario.play("ann", "disconnect");
    assert_eq!(scenario.received("ann"), [DISCONNECTED], "there is nothing to sum up");
}

#[test]
fn summary_is_sent_to_a_person_who_looks_for_another_stranger() {
    let mut scenario = Scenario::with(json!({"summary": true})).meet();
    scenario.play("ann", "refresh");
    let summary = "Your chat lasted 0:00:00 and had 0 messages.";
    assert_eq!(scenario.received("ann"), [summary, WAIT]);
    assert_eq!(scenario.received("bob"), [format!("{PEER_LEFT} {summary}")]);
}
