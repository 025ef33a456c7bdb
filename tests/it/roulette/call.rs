//! CALL: a number is shown on the code of a question that was asked, and on nothing else.

use std::time::Duration;

use rstest::rstest;

use super::scenario::{Scenario, person};
use super::{NOTHING, chat_of_two};

const SHARED: &str = "The other person has shared their number: +1-ann";
const MINUTE: Duration = Duration::from_mins(1);

/// Returns a scenario in which Ann was asked to confirm, and the code.
fn asked() -> (Scenario, String) {
    let mut scenario = chat_of_two();
    scenario.play("ann", "call");
    let code = scenario.question("ann");
    (scenario, code)
}

#[test]
fn number_is_shared_once_by_the_code_despite_texts_in_between() {
    let (mut scenario, code) = asked();
    assert_eq!(scenario.received("bob"), NOTHING);
    scenario.play("ann", "hello");
    scenario.wait(2 * MINUTE);
    scenario.play("ann", &format!("Share {code}."));
    assert_eq!(scenario.received("ann"), NOTHING);
    assert_eq!(scenario.received("bob"), ["Stranger: hello", SHARED]);
    scenario.play("ann", &format!("call {code}"));
    assert_ne!(scenario.question("ann"), code, "a copy of the confirmation asks anew");
    scenario.play("ann", &format!("call {code}"));
    assert_eq!(scenario.received("bob"), NOTHING, "a used code confirms nothing");
}

#[test]
fn two_quick_calls_ask_for_one_code_and_share_nothing() {
    let mut scenario = chat_of_two();
    scenario.send("ann", "call");
    scenario.send("ann", "call");
    scenario.run_until_idle();
    let questions = scenario.received("ann");
    assert_eq!((questions.len(), &questions[0]), (2, &questions[1]));
    assert_eq!(scenario.received("bob"), NOTHING);
}

#[test]
fn code_that_was_received_before_its_question_shares_nothing() {
    let mut scenario = chat_of_two();
    let ann = scenario.topic.group(&person("ann"));
    scenario.send("ann", "call");
    // A guess of every code waits behind the CALL, and is handled after the question.
    for code in 10..100 {
        scenario.send("ann", &format!("call {code}"));
    }
    scenario.wait(Duration::from_secs(1));
    for _ in 0..91 {
        scenario.step(&ann);
    }
    scenario.run_until_idle();
    assert_eq!(scenario.received("bob"), NOTHING);
}

#[test]
fn question_expires_and_the_next_one_has_another_code() {
    let (mut scenario, code) = asked();
    scenario.wait(2 * MINUTE + Duration::from_secs(1));
    scenario.play("ann", &format!("call {code}"));
    assert_ne!(scenario.question("ann"), code);
    scenario.play("ann", &format!("call {code}"));
    assert_eq!(scenario.received("bob"), NOTHING, "a late copy confirms no later question");
}

#[test]
fn code_ends_with_its_chat() {
    let (mut scenario, code) = asked();
    scenario.play("bob", "refresh");
    scenario.play("ann", "connect");
    assert!(scenario.are_paired("ann", "bob"));
    scenario.topic.sent.clear();
    scenario.play("ann", &format!("call {code}"));
    assert_ne!(scenario.question("ann"), code);
    assert_eq!(scenario.received("bob"), NOTHING);
}

#[rstest]
#[case::wrong_code(1)]
#[case::another_wrong_code(7)]
fn wrong_code_is_asked_for_again(#[case] distance: u8) {
    let (mut scenario, code) = asked();
    let wrong = (code.parse::<u8>().unwrap() - 10 + distance) % 90 + 10;
    scenario.play("ann", &format!("call {wrong}"));
    assert_eq!(scenario.question("ann"), code);
    assert_eq!(scenario.received("bob"), NOTHING);
    scenario.play("ann", &format!("call {code}"));
    assert_eq!(scenario.received("bob"), [SHARED]);
}
