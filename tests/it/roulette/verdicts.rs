//! Verdicts of a provider that no message reaches a person.

use std::time::Duration;

use chrono::TimeDelta;
use crosswire::model::consent::{self, OptOutSource};

use super::scenario::{PEER_LEFT, Scenario, person};
use super::{NOTHING, chat_of_two};

const UNREACHABLE: u32 = 30003;

/// Reports that a message to Ann was refused which was handed over at this number of seconds before now.
fn refuse(scenario: &mut Scenario, seconds: Option<i64>) {
    let now = scenario.topic.memory().now;
    let since = seconds.map(|seconds| now - TimeDelta::seconds(seconds));
    scenario.topic.report_undeliverable_since(&person("ann"), UNREACHABLE, since);
    scenario.run_until_idle();
}

#[test]
fn verdict_on_a_message_of_the_chat_ends_it() {
    for seconds in [None, Some(0), Some(60)] {
        let mut scenario = chat_of_two();
        scenario.wait(Duration::from_mins(1));
        refuse(&mut scenario, seconds);
        assert_eq!(scenario.received("bob"), [PEER_LEFT], "{seconds:?}");
        assert!(!scenario.plays("ann"));
    }
}

#[test]
fn verdict_on_an_earlier_message_ends_neither_chat_nor_wait() {
    let mut scenario = chat_of_two();
    scenario.wait(Duration::from_mins(1));
    refuse(&mut scenario, Some(61));
    assert_eq!(scenario.received("bob"), NOTHING);
    assert!(scenario.are_paired("ann", "bob"));
    let mut scenario = Scenario::new();
    scenario.play("ann", "connect");
    refuse(&mut scenario, Some(1));
    assert!(scenario.plays("ann"));
    refuse(&mut scenario, Some(0));
    assert!(!scenario.plays("ann"));
}

#[test]
fn verdict_on_a_person_who_has_opted_out_holds_whenever_it_comes() {
    let mut scenario = chat_of_two();
    let now = scenario.topic.memory().now;
    let groups = scenario.topic.groups();
    let writes = consent::opt_out(groups, &person("ann"), now, OptOutSource::Refusal(21610));
    let since = Some(now - TimeDelta::days(1));
    scenario.topic.change(&person("ann"), &writes, "nothing");
    scenario.topic.report_undeliverable_since(&person("ann"), 21610, since);
    scenario.run_until_idle();
    assert_eq!(scenario.received("bob"), [PEER_LEFT]);
}
