//! What a script finds, word for word.

use crosswire::tester::script::Script;
use crosswire::tester::script::Stage;

use super::handlers::timer;
use super::{names, play, play_on, play_on_redis, services};
use crate::support::redis::RedisServer;

/// What is said of a script that fails, each failure behind its line.
async fn failures(script: &str) -> Vec<String> {
    said(play(script).await)
}

fn said(outcome: Result<(), crosswire::tester::script::Failures>) -> Vec<String> {
    let failures = outcome.expect_err("something fails").0;
    failures.iter().map(|failure| format!("{}: {}", failure.line, failure.what)).collect()
}

#[tokio::test]
async fn a_message_that_nobody_answers_was_ignored() {
    let script = "111 > connect\n111 < Please wait, you will be connected to a random person...\n\
                  111 > stop\n111 < Goodbye.";
    let expected = "4: Message was ignored.\nMessage: 'stop'\nExpecting: 'Goodbye.'";
    assert_eq!(failures(script).await, [expected]);
    let expected = "1: Message was ignored.\nMessage: ''\nExpecting: 'Hello?'";
    assert_eq!(failures("111 < Hello?").await, [expected]);
}

#[tokio::test]
async fn an_answer_to_somebody_else_says_to_whom() {
    let expected = "3: Expected to respond to 222, but message was sent to 111.\n\
                    Message: 'ping'\nReceived text: pong\nExpected text: pong";
    assert_eq!(failures("topic echo\n111 > ping\n222 < pong").await, [expected]);
}

#[tokio::test]
async fn another_answer_is_shown_beside_the_expected_one() {
    let expected = "3: Message: ping\nReceived text: pong\nExpected text: Pong";
    assert_eq!(failures("topic echo\n111 > ping\n111 < Pong").await, [expected]);
}

#[tokio::test]
async fn another_picture_is_shown_beside_the_expected_one() {
    let script = "111 > connect\n222 > connect\nattach https://e.com/a image/png\n111 > Look!\n\
                  attach https://e.com/b image/png\n222 < Stranger: Look!";
    let expected = "6: Message: Look!\nReceived text: Stranger: Look!\n\
                    Expected text: Stranger: Look!\n\
                    Received media: https://e.com/a image/png\n\
                    Expected media: https://e.com/b image/png";
    assert_eq!(failures(script).await, [expected]);
}

#[tokio::test]
async fn messages_match_in_any_order_and_each_once() {
    let script = "topic echo\n111 > ping\n222 > echo two\n111 > echo three\n\
                  111 < three\n222 < two\n111 < pong\n";
    assert_eq!(play(script).await, Ok(()));
    assert_eq!(failures(&format!("{script}111 < pong")).await.len(), 1);
}

#[tokio::test]
async fn the_lines_behind_a_failure_are_played_too() {
    let script = "topic echo\n111 > ping\n111 < no\n111 < pong\n111 > ping\n111 < nor this";
    let found = failures(script).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[1].starts_with("6: Message: ping\nReceived text: pong"), "{found:?}");
}

#[tokio::test]
async fn what_nobody_asked_for_is_a_failure_where_it_is_strict_and_nowhere_else() {
    let talk = "topic echo\n111 > ping\n222 > ping\n111 < pong\n222 > echo more\n222 < more";
    assert_eq!(play(talk).await, Ok(()));
    let expected = "4: Nobody expected a message to 222.\nReceived text: pong";
    assert_eq!(failures(&format!("strict\n{talk}")).await, [expected]);
    assert_eq!(play(&format!("strict\nlenient\n{talk}")).await, Ok(()));
    // What came before it was strict need not have been expected.
    assert_eq!(play(&talk.replace("111 < pong", "strict")).await, Ok(()));
    let at_the_end = "strict\ntopic echo\n111 > ping";
    let expected = "3: Nobody expected a message to 111.\nReceived text: pong";
    assert_eq!(failures(at_the_end).await, [expected]);
}

#[tokio::test]
async fn a_play_can_be_strict_from_outside_and_begin_with_another_topic() {
    let services = services();
    let topics = names(&services);
    let script = Script::parse("a", "111 > ping", &topics).unwrap();
    for (strict, failures) in [(false, 0), (true, 1)] {
        let mut stage = Stage::embedded(&services).await.unwrap();
        let outcome = script.play(&mut stage, Some(&topics[1]), strict).await;
        assert_eq!(outcome.map_or_else(|found| found.0.len(), |()| 0), failures);
    }
}

#[tokio::test]
async fn a_date_moves_the_clock_on_and_never_back() {
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
    assert_eq!(play_on(&timer(), script).await, Ok(()));
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
async fn timers_fire_at_their_own_times_on_the_embedded_store() {
    assert_eq!(play_on(&timer(), TIMERS).await, Ok(()));
}

#[tokio::test]
async fn timers_fire_at_their_own_times_on_redis() {
    assert_eq!(play_on_redis(&RedisServer::volatile(), &timer(), TIMERS).await, Ok(()));
}

#[tokio::test]
async fn why_a_handler_failed_is_said_with_what_is_missing() {
    let found = said(play_on(&timer(), "1 > fail\n1 < done").await);
    let expected = "2: Message was ignored.\nMessage: 'fail'\nExpecting: 'done'\n\
                    retried: the dog ate it";
    assert_eq!(found, [expected]);
    let found = said(play_on(&timer(), "1 > panic\n1 < done").await);
    assert!(found[0].ends_with("\nretried: the handler panicked"), "{found:?}");
    let found = said(play_on(&timer(), "1 > a bad wake\nadvance 1m\n1 < done").await);
    assert!(found[0].ends_with("\nthe wake \"bad\" failed: no bell"), "{found:?}");
}

#[tokio::test]
async fn what_is_buried_is_a_failure_whatever_is_expected() {
    let apology = "1 < It seems like an error has occurred...please try again later.";
    let found = said(play_on(&timer(), &format!("1 > fail\nadvance 1h\n{apology}")).await);
    let expected = "2: A message was buried: the dog ate it\nMessage: 'fail'\nFrom: 1";
    assert_eq!(found, [expected]);
    let found = said(play_on(&timer(), "1 > a bad wake\nadvance 1h").await);
    assert_eq!(found, ["2: A message was buried: no bell\nWake: \"bad\""]);
    let found = failures("topic echo\nprovider failing\n1 > ping\nadvance 7days").await;
    let expected = "4: A message was buried: not sent: the provider is down\n\
                    Message: 'pong'\nTo: 1";
    assert_eq!(found, [expected]);
}

#[tokio::test]
async fn an_app_that_never_comes_to_rest_is_a_failure() {
    let found = said(play_on(&timer(), "1 > for ever").await);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("1: the app does not come to rest"), "{found:?}");
}

#[tokio::test]
async fn a_message_that_was_sent_twice_has_to_be_expected_twice() {
    let retries = "[topics.t]\nhandler = \"echo\"\naccept_response = \"\"\n\
                   sending.on_ambiguous = \"retry\"\nsending.max_attempts = 2";
    let services = super::services_of(&crosswire::app::registry::Registry::shipped(), retries);
    let script = "strict\nprovider lossy\n1 > ping\n1 < pong\nprovider lossy\nadvance 1h\n1 < pong";
    let found = said(play_on(&services, script).await);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("6: A message was buried: outcome unknown"), "{found:?}");
}

#[tokio::test]
async fn a_report_needs_a_message_that_it_can_be_about() {
    let found = failures("topic echo\ndelivered 1\n1 > ping\ndelivered 1\nfailed 1 30003").await;
    assert_eq!(found, ["2: 1 has received nothing yet that could be reported"]);
}
