//! The tester's page, by the calls that it makes.

mod access;
mod calls;
mod hostile;
mod live;
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

/// One process, which keeps everything in a file of its own; no log of it may name anybody.
async fn dev() -> Deployment {
    silent(Setup::dev(TOPICS).embedded().start().await)
}

fn silent(deployment: Deployment) -> Deployment {
    for number in [ANNA, BEN] {
        deployment.keep_secret(number.trim_start_matches('+'));
    }
    deployment
}

/// Sends these from a phone, and answers what became of each.
async fn send(deployment: &Deployment, topic: &str, number: &str, texts: &[&str]) -> Vec<Value> {
    // A command is a word that a log may well hold; several words are the sender's own.
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

/// Two phones in a chat, and somebody who looks.
async fn chatting(deployment: &Deployment) -> Live {
    let mut live = Live::open(deployment, None).await;
    live.until_ready().await;
    send(deployment, "roulette", ANNA, &["connect"]).await;
    live.until_arrived(ANNA, super::texts::WAIT).await;
    send(deployment, "roulette", BEN, &["connect"]).await;
    let mut connected = 0;
    live.until(|event| {
        let told = [ANNA, BEN].iter().any(|who| event.is("out", who, super::texts::CONNECTED));
        connected += usize::from(told && event.data["state"] == "delivered");
        connected == 2
    })
    .await;
    live
}
