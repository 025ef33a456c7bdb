//! The runner's failures, word for word.

use crosswire::tester::script::{Failures, Script, ScriptHarness};

use super::handlers::timer;
use super::{names, run, run_on, run_on_redis, services};
use crate::support::redis::RedisServer;

/// Failures of a script, each after its line number.
async fn failures(script: &str) -> Vec<String> {
    listed(run(script).await)
}

fn listed(outcome: Result<(), Failures>) -> Vec<String> {
    let failures = outcome.expect_err("something fails").0;
    failures.iter().map(|failure| format!("{}: {}", failure.line, failure.message)).collect()
}

#[tokio::test]
async fn unanswered_message_is_reported_as_ignored() {
    let script = "111 > connect\n111 < Please wait, you will be connected to a random person...\n\
                  111 > stop\n111 < Goodbye.";
    let expected = "4: Message was ignored.\nMessage: 'stop'\nExpecting: 'Goodbye.'";
    assert_eq!(failures(script).await, [expected]);
    let expected = "1: Message was ignored.\nMessage: ''\nExpecting: 'Hello?'";
    assert_eq!(failures("111 < Hello?").await, [expected]);
}

#[tokio::test]
async fn reply_to_another_number_is_reported_with_both_numbers() {
    let expected = "3: Expected to respond to 222, but message was sent to 111.\n\
                    Message: 'ping'\nReceived text: pong\nExpected text: pong";
    assert_eq!(failures("topic echo\n111 > ping\n222 < pong").await, [expected]);
}

#[tokio::test]
async fn different_text_is_reported_beside_the_expected_one() {
    let expected = "3: Message: ping\nReceived text: pong\nExpected text: Pong";
    assert_eq!(failures("topic echo\n111 > ping\n111 < Pong").await, [expected]);
}

#[tokio::test]
async fn different_picture_is_reported_beside_the_expected_one() {
    let script = "111 > connect\n222 > connect\nattach https://e.com/a image/png\n111 > Look!\n\
                  attach https://e.com/b image/png\n222 < Stranger: Look!";
    let expected = "6: Message: Look!\nReceived text: Stranger: Look!\n\
                    Expected text: Stranger: Look!\n\
                    Received media: https://e.com/a image/png\n\
                    Expected media: https://e.com/b image/png";
    assert_eq!(failures(script).await, [expected]);
}

#[tokio::test]
async fn expectations_match_in_any_order_and_each_once() {
    let script = "topic echo\n111 > ping\n222 > echo two\n111 > echo three\n\
                  111 < three\n222 < two\n111 < pong\n";
    assert_eq!(run(script).await, Ok(()));
    assert_eq!(failures(&format!("{script}111 < pong")).await.len(), 1);
}

#[tokio::test]
async fn lines_after_a_failure_still_run() {
    let script = "topic echo\n111 > ping\n111 < no\n111 < pong\n111 > ping\n111 < nor this";
    let found = failures(script).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[1].starts_with("6: Message: ping\nReceived text: pong"), "{found:?}");
}

#[tokio::test]
async fn unexpected_message_fails_only_in_strict_mode() {
    let talk = "topic echo\n111 > ping\n222 > ping\n111 < pong\n222 > echo more\n222 < more";
    assert_eq!(run(talk).await, Ok(()));
    let expected = "4: Unexpected message to 222.\nReceived text: pong";
    assert_eq!(failures(&format!("strict\n{talk}")).await, [expected]);
    assert_eq!(run(&format!("strict\nlenient\n{talk}")).await, Ok(()));
    // Messages from before `strict` need not be expected.
    assert_eq!(run(&talk.replace("111 < pong", "strict")).await, Ok(()));
    let at_the_end = "strict\ntopic echo\n111 > ping";
    let expected = "3: Unexpected message to 111.\nReceived text: pong";
    assert_eq!(failures(at_the_end).await, [expected]);
}

#[tokio::test]
async fn run_takes_strictness_and_topic_as_arguments() {
    let services = services();
    let topics = names(&services);
    let script = Script::parse("a", "111 > ping", &topics).unwrap();
    for (strict, failures) in [(false, 0), (true, 1)] {
        let mut harness = ScriptHarness::embedded(&services).await.unwrap();
        let outcome = script.run(&mut harness, Some(&topics[1]), strict).await;
        assert_eq!(outcome.map_or_else(|found| found.0.len(), |()| 0), failures);
    }
}

#[tokio::test]
async fn message_date_advances_the_clock_but_never_turns_it_back() {
    let script = "\
        1 > when
        1 < received 2000-01-01 00:00, handled 2000-01-01 00:00
        1@200804150730 > when
        1 < received 2008-04-15 07:30, handled 2008-04-15 07:30
        1@199912312359 > when
        1 < received 1999-12-31 23:59, handled 2008-04-15 07:30
        advance 1h 30m
        1 > when
        1 < received 2008-04-15 09:00, handled 2008-04-15 09:00";
    assert_eq!(run_on(&timer(), script).await, Ok(()));
}

const TIMERS: &str = "\
    strict
    1 > 30 50
    advance 29m 59s
    2 > when
    2 < received 2000-01-01 00:29, handled 2000-01-01 00:29
    advance 1h
    1 < 30 minutes, at 00:30
    1 < 50 minutes, at 00:50
    1 > 30
    1@200001010230 > when
    1 < 30 minutes, at 02:00
    1 < received 2000-01-01 02:30, handled 2000-01-01 02:30";

#[tokio::test]
async fn timers_fire_at_their_due_times_on_the_embedded_store() {
    assert_eq!(run_on(&timer(), TIMERS).await, Ok(()));
}

#[tokio::test]
async fn timers_fire_at_their_due_times_on_redis() {
    assert_eq!(run_on_redis(&RedisServer::volatile(), &timer(), TIMERS).await, Ok(()));
}

#[tokio::test]
async fn handler_error_is_reported_with_the_unmet_expectation() {
    let found = listed(run_on(&timer(), "1 > fail\n1 < done").await);
    let expected = "2: Message was ignored.\nMessage: 'fail'\nExpecting: 'done'\n\
                    retried: the dog ate it";
    assert_eq!(found, [expected]);
    let found = listed(run_on(&timer(), "1 > panic\n1 < done").await);
    assert!(found[0].ends_with("\nretried: the handler panicked"), "{found:?}");
    let found = listed(run_on(&timer(), "1 > a bad wake\nadvance 1m\n1 < done").await);
    assert!(found[0].ends_with("\nthe wake \"bad\" failed: no bell"), "{found:?}");
}

#[tokio::test]
async fn dead_letter_is_a_failure_whatever_is_expected() {
    let apology = "1 < It seems like an error has occurred...please try again later.";
    let found = listed(run_on(&timer(), &format!("1 > fail\nadvance 1h\n{apology}")).await);
    let expected =
        "2: A message was moved to the dead letters: the dog ate it\nMessage: 'fail'\nFrom: 1";
    assert_eq!(found, [expected]);
    let found = listed(run_on(&timer(), "1 > a bad wake\nadvance 1h").await);
    assert_eq!(found, ["2: A message was moved to the dead letters: no bell\nWake: \"bad\""]);
    let found = failures("topic echo\nprovider failing\n1 > ping\nadvance 7days").await;
    let expected = "4: A message was moved to the dead letters: not sent: the provider is down\n\
                    Message: 'pong'\nTo: 1";
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn handler_that_wakes_itself_forever_is_a_failure() {
    let found = listed(run_on(&timer(), "1 > for ever").await);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("1: the app does not come to rest"), "{found:?}");
}

#[tokio::test]
async fn message_sent_twice_must_be_expected_twice() {
    let retries = "[topics.t]\nhandler = \"echo\"\naccept_response = \"\"\n\
                   sending.on_ambiguous = \"retry\"\nsending.max_attempts = 2";
    let services = super::services_of(&crosswire::app::registry::Registry::shipped(), retries);
    let script = "strict\nprovider lossy\n1 > ping\n1 < pong\nprovider lossy\nadvance 1h\n1 < pong";
    let found = listed(run_on(&services, script).await);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("6: A message was moved to the dead letters: outcome unknown"),
        "{found:?}"
    );
}

#[tokio::test]
async fn delivery_report_requires_an_earlier_message() {
    let found = failures("topic echo\ndelivered 1\n1 > ping\ndelivered 1\nfailed 1 30003").await;
    assert_eq!(found, ["2: 1 has received nothing yet that could be reported"]);
}
