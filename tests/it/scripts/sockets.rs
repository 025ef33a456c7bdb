//! Socket clients in scripts: their failures word for word, and what time and losses do to them.

use std::sync::Mutex;

use crosswire::app::registry::Registry;
use crosswire::engine::topic::TopicRuntime;
use crosswire::model::connection::{Connection, Disconnection};
use crosswire::prelude::*;
use crosswire::tester::script::Failures;

use super::{run, run_on, run_on_redis, services_of};
use crate::support::redis::RedisServer;

/// Failures of a script in the topic of echo, each after its line number. The script begins on line
/// 2.
async fn failures(script: &str) -> Vec<String> {
    listed(run(&format!("topic echo\n{script}")).await)
}

fn listed(outcome: Result<(), Failures>) -> Vec<String> {
    let failures = outcome.expect_err("something fails").0;
    failures.iter().map(|failure| format!("{}: {}", failure.line, failure.message)).collect()
}

#[tokio::test]
async fn topic_without_sockets_is_named_at_the_line_that_needs_one() {
    let expected = "topic phones has no sockets; add \"websocket\" to its transports";
    let found = listed(run("topic phones\nws:a > connect\nopen ws:b").await);
    assert_eq!(found, [format!("2: {expected}"), format!("3: {expected}")]);
}

#[tokio::test]
async fn unmet_expectation_of_a_socket_is_reported_as_that_of_a_phone() {
    let expected = "3: Message: ping\nReceived text: pong\nExpected text: Pong";
    assert_eq!(failures("ws:a > ping\nws:a < Pong").await, [expected]);
    let expected = "3: Expected to respond to ws:b, but message was sent to ws:a.\n\
                    Message: 'ping'\nReceived text: pong\nExpected text: pong";
    assert_eq!(failures("ws:a > ping\nws:b < pong").await, [expected]);
    let expected = "4: Message was ignored.\nMessage: 'ping'\nExpecting: 'pong'";
    assert_eq!(failures("ws:a > ping\nws:a < pong\nws:a < pong").await, [expected]);
}

#[tokio::test]
async fn unmet_fields_are_reported_beside_those_of_the_nearest_frame() {
    let found = failures("ws:a > ping\nws:a < {\"type\": \"message\", \"text\": \"Pong\"}").await;
    let [failure] = &found[..] else { panic!("{found:?}") };
    assert!(failure.starts_with("3: Message: ping\nReceived text: {\"id\":\""), "{failure}");
    let end = ",\"text\":\"pong\",\"type\":\"message\"}\n\
               Expected text: {\"type\": \"message\", \"text\": \"Pong\"}";
    assert!(failure.ends_with(end), "{failure}");
}

#[tokio::test]
async fn frame_is_matched_once_by_its_text_or_by_fields() {
    let script = "strict\nws:a > ping\nws:a < {\"text\": \"pong\"}\nws:a < pong";
    let expected = "5: Message was ignored.\nMessage: 'ping'\nExpecting: 'pong'";
    assert_eq!(failures(script).await, [expected]);
    // An empty text is not that of a frame without one.
    assert_eq!(failures("open ws:a\nws:a <").await.len(), 1);
}

#[tokio::test]
async fn strict_script_must_expect_texts_and_closes_but_no_other_frames() {
    let script = "strict\nopen ws:a\nws:a > ping\nresume ws:a\nws:a < pong";
    let expected = "5: Unexpected close. ws:a was closed with 4409: connected elsewhere";
    assert_eq!(failures(script).await, [expected]);
    let expected = "3: Unexpected message to ws:a.\nReceived text: pong";
    assert_eq!(failures("strict\nws:a > ping").await, [expected]);
}

#[tokio::test]
async fn close_that_did_not_come_is_reported_with_the_one_that_did() {
    let script = "ws:a > ping\nws:a closed 4410\nresume ws:a\nws:a closed 4410\nws:a closed 4409";
    let expected = [
        "3: ws:a was not closed with 4410.\nMessage: 'ping'",
        "5: ws:a was not closed with 4410.\nMessage: 'ping'\n\
         ws:a was closed with 4409: connected elsewhere",
    ];
    assert_eq!(failures(script).await, expected);
}

#[tokio::test]
async fn action_of_a_socket_in_the_wrong_state_is_refused_with_the_fix() {
    let script = "open ws:a\nopen ws:a\nclose ws:a\nclose ws:a\nlose ws:a\nws:a > ping\n\
                  open ws:b {\"session\": \"no token\"}\nresume ws:b\nopen ws:b\nresume ws:b";
    let expected = [
        "3: ws:a is open already; write close ws:a or resume ws:a",
        "5: ws:a has no open socket to close",
        "6: ws:a has no open socket to lose",
        "7: ws:a is closed; write open ws:a or resume ws:a above",
        "9: ws:b was never welcomed, and has no session; write open ws:b",
    ];
    assert_eq!(failures(script).await, expected);
    // The topic was never right, so the client has never connected.
    let found = listed(run("topic phones\nopen ws:a\nclose ws:a").await);
    assert_eq!(found[1], "3: ws:a has not connected yet");
}

#[tokio::test]
async fn pattern_that_finds_nothing_is_reported_with_the_newest_message() {
    let script = "keep CODE x\n1 > ping\nws:a > echo hello\nkeep CODE join ([A-Z]+)\n\
                  1 < pong\nkeep CODE pong!\n1 > echo $CODE\n1 < $CODE";
    let expected = [
        "2: CODE was not kept, because no message has been received.",
        "5: CODE was not kept, because the pattern is not in the newest message.\n\
         Message to ws:a: hello\nPattern: join ([A-Z]+)",
        "7: CODE was not kept, because the pattern is not in the newest message.\n\
         Message to 1: pong\nPattern: pong!",
    ];
    assert_eq!(failures(script).await, expected);
}

#[tokio::test]
async fn kept_value_that_breaks_the_fields_of_an_opening_is_reported() {
    let script = "1 > echo \"\nkeep QUOTE .+\nopen ws:a {\"name\": \"$QUOTE\"}";
    let found = failures(script).await;
    assert!(found[0].starts_with("4: {\"name\": \"\"\"} is no JSON object"), "{found:?}");
}

#[tokio::test]
async fn rejected_message_of_a_socket_is_reported_with_its_reason() {
    let topics = "[topics.t]\nhandler = \"echo\"\ntransport = \"websocket\"\nvalidators.length = { max = 5 }";
    let services = services_of(&Registry::shipped(), topics);
    let found = listed(run_on(&services, "ws:a > echo too long\nws:a < too long").await);
    assert!(found[0].contains("Received text: ") && found[0].contains("\nrejected: "), "{found:?}");
    let script = "ws:a > echo too long\nws:a < {\"type\": \"error\", \"code\": \"rejected\"}";
    assert_eq!(run_on(&services, script).await, Ok(()));
}

#[tokio::test]
async fn dated_message_of_a_socket_advances_the_clock() {
    let script = "ws:a@200804150730 > when\n\
                  ws:a < received 2008-04-15 07:30, handled 2008-04-15 07:30\n\
                  ws:a@199912312359 > when\n\
                  ws:a < received 1999-12-31 23:59, handled 2008-04-15 07:30";
    let mut registry = Registry::shipped();
    registry.handler("timer", super::handlers::Timer);
    let topics = format!("{}\ntransport = \"websocket\"", super::handlers::TIMER);
    assert_eq!(run_on(&services_of(&registry, &topics), script).await, Ok(()));
}

/// Handler that greets each session, and tells a phone of changes.
#[derive(Default)]
struct Doorman(Mutex<Option<Address>>);

impl Doorman {
    fn tell(&self, tx: &mut Transaction, text: &str) {
        if let Some(phone) = self.0.lock().unwrap().clone() {
            tx.send(&phone, text);
        }
    }
}

impl Handler for Doorman {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        if message.sender.is_socket() {
            let room = message.text.reveal();
            cx.subscribe(&message.sender, room).await?;
        } else if message.text.reveal() == "watch" {
            *self.0.lock().unwrap() = Some(message.sender.clone());
        } else {
            cx.send_to_room("hall", Frame::message(message.text.clone()).field("n", 1));
        }
        Ok(())
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        let name = connection.parameters.get("name").unwrap_or("stranger");
        let text = if connection.is_resumed { "Back" } else { "Hello" };
        cx.reply(format!("{text}, {name}."));
        self.tell(cx, "came");
        Ok(())
    }

    async fn disconnected(&self, tx: &mut Transaction, end: &Disconnection) -> Result {
        self.tell(tx, if end.was_lost { "lost" } else { "left" });
        Ok(())
    }
}

fn doorman() -> Vec<TopicRuntime> {
    let mut registry = Registry::shipped();
    registry.handler("doorman", Doorman::default());
    let topics = "[topics.t]\nhandler = \"doorman\"\ntransports = [\"twilio\", \"websocket\"]\n\
                  accept_response = \"\"";
    services_of(&registry, topics)
}

const PRESENCE: &str = "\
    strict
    1 > watch
    open ws:a {\"name\": \"<Ann>\"}
    ws:a < Hello, <Ann>.
    1 < came
    ws:a > hall
    open ws:b
    ws:b < Hello, stranger.
    1 < came
    ws:b > hall

    close ws:b
    1 < left
    1 > one
    1 > two
    ws:a < one
    ws:a < {\"n\": 1, \"text\": \"two\"}
    resume ws:b
    1 < came
    ws:b < one
    ws:b < two
    ws:b < Back, stranger.

    lose ws:b
    advance 5s
    1 > three
    ws:a < three
    advance 5s
    1 < lost
    resume ws:b
    1 < came
    ws:b < three
    ws:b < Back, stranger.

    lose ws:b
    resume ws:b
    1 < came
    ws:b < Back, stranger.
    advance 1h
    1 > four
    ws:a < four
    ws:b < four";

#[tokio::test]
async fn closed_and_lost_sockets_resume_and_presence_is_reported_on_the_embedded_store() {
    assert_eq!(run_on(&doorman(), PRESENCE).await, Ok(()));
}

#[tokio::test]
async fn closed_and_lost_sockets_resume_and_presence_is_reported_on_redis() {
    assert_eq!(run_on_redis(&RedisServer::volatile(), &doorman(), PRESENCE).await, Ok(()));
}
