//! Attacks at the door: opt-outs that are swallowed, flooders, loops and forged calls.

use std::time::Duration;

use futures_util::future::join_all;

use super::ROULETTE;
use super::texts::{CONNECTED, PEER_LEFT, WAIT};
use crate::support::{LINE, Setup};

/// A topic that accepts digits alone.
const DIGITS: &str = r#"
    [topics.digits]
    handler = "echo"
    accept_response = "Got it."
    [topics.digits.validators]
    pattern = { must_match = "^echo [0-9]+$", text = "Digits, please." }
"#;

const PATH: &str = "/queue/digits";
const ANNA: &str = "+14155550101";
const BEN: &str = "+14155550102";

#[tokio::test]
async fn validator_swallows_no_stop_and_nothing_is_sent_after_it() {
    let deployment = Setup::new(DIGITS).own_redis().start().await;
    let anna = deployment.phone(ANNA, PATH);
    assert_eq!(anna.text("Stop all!").await.said(), None);
    for text in ["echo 123", "no digits at all", "yes, please"] {
        let answer = anna.text(text).await;
        assert_eq!((answer.status, answer.said()), (200, None), "{text}");
    }
    // Somebody else's text shows that everything before it is done.
    let ben = deployment.phone(BEN, PATH);
    assert_eq!(ben.text("echo 456").await.said().as_deref(), Some("Got it."));
    assert_eq!(ben.wait_for(1).await, ["456"]);
    assert_eq!(anna.inbox(), [""; 0]);
    assert_eq!(
        anna.text("Yes").await.said(),
        None,
        "an answer of its own would be `start_response`"
    );
    assert_eq!(anna.text("echo 789").await.said().as_deref(), Some("Got it."));
    assert_eq!(anna.wait_for(1).await, ["789"]);
    assert_eq!(ben.text("Yes").await.said().as_deref(), Some("Digits, please."), "a word");
    let events = deployment.crosswire(&["events", "--topic", "digits"]);
    let events = String::from_utf8(events.stdout).unwrap();
    assert!(events.contains("the sender has opted out, or is barred"), "{events}");
}

#[tokio::test]
async fn stop_ends_the_chat_and_connect_pairs_nobody_until_start() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let (anna, ben) = (deployment.phone(ANNA, "/sms"), deployment.phone(BEN, "/sms"));
    anna.text("connect").await;
    anna.wait_for(1).await;
    ben.text("connect").await;
    assert_eq!(anna.wait_for(2).await, [WAIT, CONNECTED]);
    anna.text("ARRÊT.").await;
    assert_eq!(ben.wait_for(2).await, [CONNECTED, PEER_LEFT]);
    anna.text("connect").await;
    ben.text("connect").await;
    assert_eq!(ben.wait_for(3).await[2], WAIT);
    assert_eq!(anna.inbox().len(), 2);
}

#[tokio::test]
async fn texts_of_our_own_answer_stop_start_and_help_once() {
    let texts = r#"
        [topics.digits]
        handler = "echo"
        accept_response = ""
        stop_response = "You get no more texts."
        start_response = "Welcome back."
        help_response = "Text anything and it comes back."
    "#;
    let deployment = Setup::new(texts).own_redis().start().await;
    let anna = deployment.phone(ANNA, PATH);
    for text in ["help", "INFO", "stop", "STOP", "Unsubscribe", "echo hello"] {
        anna.text(text).await;
    }
    let two = ["Text anything and it comes back.", "You get no more texts."];
    assert_eq!(anna.wait_for(2).await, two);
    anna.text("Yes!").await;
    anna.text("echo hello").await;
    let inbox = anna.wait_for(4).await;
    assert_eq!(inbox[..2], two);
    assert!(inbox[2..].contains(&"Welcome back.".to_owned()), "{inbox:?}");
    assert!(inbox[2..].contains(&"hello".to_owned()), "{inbox:?}");
}

#[tokio::test]
async fn flooder_buys_no_more_texts_than_the_rate_and_one_notice() {
    let limited = DIGITS.replace(
        "handler =",
        "sender_rate = 1\nsender_burst = 5\nsender_notice = \"Too fast.\"\nhandler =",
    );
    let deployment = Setup::new(&limited).own_redis().start().await;
    let anna = deployment.phone(ANNA, PATH);
    let calls: Vec<_> = (0..60).map(|number| anna.webhook(&format!("echo {number}"))).collect();
    let rejected: Vec<_> = (0..60).map(|_| anna.webhook("no digits at all")).collect();
    let answers = join_all(calls.iter().map(crate::support::Webhook::send)).await;
    let refused = join_all(rejected.iter().map(crate::support::Webhook::send)).await;
    let texts = |answers: Vec<reqwest::Result<crate::support::Answer>>| {
        let answers = answers.into_iter().map(Result::unwrap);
        answers.inspect(|it| assert_eq!(it.status, 200)).filter(|it| it.said().is_some()).count()
    };
    assert_eq!((texts(answers), texts(refused)), (5, 0));
    let inbox = anna.wait_for(6).await;
    assert_eq!(inbox.iter().filter(|text| *text == "Too fast.").count(), 1, "{inbox:?}");
    let ben = deployment.phone(BEN, PATH);
    assert_eq!(ben.text("echo 1").await.said().as_deref(), Some("Got it."));
    assert_eq!(ben.wait_for(1).await, ["1"]);
    assert_eq!(anna.text("stop").await.status, 200);
    assert_eq!(anna.inbox().len(), 6, "120 texts have bought 5 answers, 5 echoes and a notice");
}

#[tokio::test]
async fn newcomers_get_in_while_one_floods() {
    let small = DIGITS.replace("handler =", "max_depth = 40\nhandler =");
    let deployment = Setup::new(&small).own_redis().start().await;
    deployment.kill_worker(0);
    let anna = deployment.phone(ANNA, PATH);
    for number in 0..60 {
        assert_eq!(anna.text(&format!("echo {number}")).await.status, 200);
    }
    let newcomers: Vec<_> =
        (0..5).map(|number| deployment.phone(&format!("+1415555020{number}"), PATH)).collect();
    for newcomer in &newcomers {
        assert_eq!(newcomer.text("echo 1").await.status, 200);
    }
    deployment.start_worker(0);
    for newcomer in &newcomers {
        assert_eq!(newcomer.wait_for(1).await, ["1"]);
    }
    assert_eq!(anna.wait_for(30).await.len(), 30, "three quarters of the room");
}

#[tokio::test]
async fn message_of_one_of_our_own_lines_is_dropped_and_recorded() {
    let deployment = Setup::new(DIGITS).own_redis().start().await;
    let other_line = "+14155559999";
    deployment.keep_secret(&other_line[1..]);
    assert_eq!(deployment.phone(LINE, PATH).text("echo 1").await.said(), None);
    let other = deployment.webhook(PATH, [ANNA, other_line, "echo 2"]);
    assert_eq!(other.send().await.unwrap().said().as_deref(), Some("Got it."));
    let answer = deployment.phone(other_line, PATH).text("echo 3").await;
    assert_eq!((answer.status, answer.said()), (200, None));
    assert_eq!(deployment.phone(ANNA, PATH).wait_for(1).await, ["2"]);
    let events = deployment.crosswire(&["events", "--topic", "digits"]);
    let events = String::from_utf8(events.stdout).unwrap();
    let dropped = events.lines().filter(|line| line.contains(" dropped "));
    let own = dropped.filter(|line| line.ends_with("the sender is one of our own lines"));
    assert_eq!(own.count(), 2, "{events}");
    assert_eq!(deployment.twilio().count(), 1);
}

#[tokio::test]
async fn network_of_forged_calls_is_shut_out_and_fills_no_log() {
    let topics = format!("{DIGITS}\n[profiles.prod]\ntrust_forwarded = true\n");
    let deployment = Setup::new(&topics).own_redis().start().await;
    let anna = deployment.phone(ANNA, PATH);
    let (stranger, provider) = ("8.8.8.8", "8.8.4.4");
    let forged = anna.webhook("echo 1").token("wrong").header("X-Forwarded-For", stranger);
    let mut statuses = Vec::new();
    for _ in 0..200 {
        statuses.push(forged.send().await.unwrap().status);
    }
    let count = |status| statuses.iter().filter(|it| **it == status).count();
    assert_eq!(count(403) + count(429), 200, "{statuses:?}");
    assert!((60..160).contains(&count(403)), "{statuses:?}");
    let genuine = anna.webhook("echo 2").header("X-Forwarded-For", provider);
    assert_eq!(genuine.send().await.unwrap().said().as_deref(), Some("Got it."));
    let lines = deployment.logs().matches("signature does not match").count();
    assert!((1..=3).contains(&lines), "{lines} lines");
    // One call of a network that is shut out is looked at every second.
    let again = anna.webhook("echo 3").header("X-Forwarded-For", stranger);
    let let_in = async {
        while again.send().await.unwrap().status != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, let_in).await.expect("it is let in again");
    assert_eq!(forged.send().await.unwrap().status, 403, "a genuine call has come from it");
    anna.wait_for(2).await;
}
