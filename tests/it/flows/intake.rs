//! Responses to webhooks, and deduplication.

use futures_util::future::join_all;

use super::ROULETTE;
use super::texts::{CONNECTED, WAIT};
use crate::support::Setup;

const STRICT: &str = r#"
    [topics.strict]
    handler = "echo"
    accept_response = "Got it."
    max_message_length = 20
    [topics.strict.validators]
    length = "Too long, or nothing at all."
    parseable = "Letters and digits only, please."
"#;

#[tokio::test]
async fn public_pages_answer() {
    let deployment = Setup::new(ROULETTE).start().await;
    for path in ["/", "/healthz", "/readyz"] {
        let answer = deployment.get(path).await.unwrap();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    let greeting = deployment.get("/").await.unwrap();
    assert!(!greeting.body.is_empty());
}

#[tokio::test]
async fn signature_covers_the_raw_query() {
    let deployment = Setup::new(STRICT).own_redis().start().await;
    // Parsing and encoding such a query again changes it.
    for query in ["", "?a=%27", "?a=%2F&b=//c", "?a=b+c%20d", "?", "?b=1&a=2&a=1", "?a=%e9&A=%E9"] {
        let phone = deployment.phone("+14155550101", &format!("/queue/strict{query}"));
        assert_eq!(phone.text("naïve").await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn unknown_topic_or_transport_is_not_found() {
    let deployment = Setup::new(ROULETTE).start().await;
    for path in ["/queue/roulet", "/queue/roulette/twilo", "/queue/roulette/twilio/more"] {
        let phone = deployment.phone("+14155550101", path);
        for webhook in [phone.webhook("connect"), phone.webhook("connect").get()] {
            assert_eq!(webhook.send().await.unwrap().status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn transport_has_a_webhook_of_its_own() {
    let deployment = Setup::new(STRICT).own_redis().start().await;
    for (count, path) in [(1, "/queue/strict/twilio"), (2, "/status/strict/twilio")] {
        let phone = deployment.phone("+14155550101", path);
        assert_eq!(phone.text("hello").await.said().as_deref(), Some("Got it."), "{path}");
        assert_eq!(phone.wait_for(count).await.len(), count, "{path}");
    }
}

#[tokio::test]
async fn rejected_message_gets_the_validators_text_and_is_not_queued() {
    let deployment = Setup::new(STRICT).own_redis().start().await;
    let phone = deployment.phone("+14155550101", "/queue/strict");
    let refused = [
        ("a text of more than twenty characters", "Too long, or nothing at all."),
        ("naïve", "Letters and digits only, please."),
    ];
    for (text, reason) in refused {
        assert_eq!(phone.text(text).await.said().as_deref(), Some(reason));
        let other = deployment.phone("+14155550102", "/queue/strict").webhook(text).get();
        assert_eq!(other.send().await.unwrap().said().as_deref(), Some(reason));
    }
    assert_eq!(phone.text("fine").await.said().as_deref(), Some("Got it."));
    assert_eq!(phone.wait_for(1).await.len(), 1, "only what was accepted is answered");
}

#[tokio::test]
async fn duplicate_webhook_gets_the_same_response_and_counts_once() {
    let deployment = Setup::new(STRICT).own_redis().start().await;
    let phone = deployment.phone("+14155550101", "/queue/strict");
    let call = phone.webhook("just once");
    let answers = join_all((0..8).map(|_| call.send())).await;
    let first = answers[0].as_ref().unwrap();
    assert_eq!(first.said().as_deref(), Some("Got it."));
    for answer in &answers {
        let answer = answer.as_ref().unwrap();
        assert_eq!((answer.status, &answer.body), (first.status, &first.body));
    }
    phone.text("and another").await;
    assert_eq!(phone.wait_for(2).await.len(), 2, "one for each text");
    let refused = phone.webhook("naïve");
    let (once, twice) = (refused.send().await.unwrap(), refused.send().await.unwrap());
    assert_eq!((once.status, once.body), (twice.status, twice.body));
}

#[tokio::test]
async fn late_duplicate_is_not_relayed_again() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let anna = deployment.phone("+14155550101", "/sms");
    let ben = deployment.phone("+14155550102", "/sms");
    anna.text("connect").await;
    assert_eq!(anna.wait_for(1).await, [WAIT]);
    ben.text("connect").await;
    ben.wait_for(1).await;
    let call = anna.webhook("only one of me");
    call.send().await.unwrap();
    assert_eq!(ben.wait_for(2).await, [CONNECTED, "Stranger: only one of me"]);
    call.send().await.unwrap();
    anna.text("the next one").await;
    assert_eq!(ben.wait_for(3).await[2..], ["Stranger: the next one"]);
}
