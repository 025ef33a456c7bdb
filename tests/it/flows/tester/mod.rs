//! The tester's HTTP routes.

mod access;
mod hostile;
mod legacy;
mod live;
mod pages;
mod phones;

use serde_json::{Value, json};

use crate::support::{Answer, Deployment, Live, Setup};

const ANNA: &str = "+14155550101";
const BEN: &str = "+14155550102";

const TOPICS: &str = r#"
    [topics.roulette]
    handler = "roulette"
    paths = ["/sms"]
    accept_response = ""
    properties.loop_guard = false

    [topics.strict]
    handler = "echo"
    accept_response = "Got it."
    max_message_length = 20
    [topics.strict.validators]
    length = "Too long, or nothing at all."
"#;

async fn post(deployment: &Deployment, path: &str, body: &Value) -> Answer {
    Answer::read(deployment.call("POST", path).json(body).send().await.unwrap()).await.unwrap()
}

/// A development process on the embedded store.
async fn dev() -> Deployment {
    without_numbers_in_logs(Setup::dev(TOPICS).embedded().start().await)
}

/// Fails at the end when a log holds one of the phones' numbers.
fn without_numbers_in_logs(deployment: Deployment) -> Deployment {
    for number in [ANNA, BEN] {
        deployment.keep_secret(number.trim_start_matches('+'));
    }
    deployment
}

/// Sends texts from a phone, and returns the result of each.
async fn send(deployment: &Deployment, topic: &str, number: &str, texts: &[&str]) -> Vec<Value> {
    // A single word may be a command, which logs may hold; several words are a private text.
    texts.iter().filter(|text| text.contains(' ')).for_each(|text| deployment.keep_secret(text));
    let body = json!({ "topic": topic, "number": number, "messages": texts });
    let answer = post(deployment, "/tester/send", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["number"], number);
    let results = answer["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), texts.len());
    results
}

/// Connects two phones in a chat, and follows the board.
async fn chatting(deployment: &Deployment) -> Live {
    let mut live = Live::open(deployment, None).await;
    live.until_ready().await;
    send(deployment, "roulette", ANNA, &["connect"]).await;
    live.until_arrived(ANNA, super::texts::WAIT).await;
    send(deployment, "roulette", BEN, &["connect"]).await;
    let mut connected = 0;
    live.until(|event| {
        let is_told =
            [ANNA, BEN].iter().any(|number| event.is("out", number, super::texts::CONNECTED));
        connected += usize::from(is_told && event.data["state"] == "delivered");
        connected == 2
    })
    .await;
    live
}
