//! A gateway over HTTP, end to end: messages in at the former address, answers out, repetitions to two
//! web processes.

use std::time::Duration;

use crate::support::{Answer, Deployment, Setup};
use crate::transports::twilio::provider::{Action, Provider};

fn topics(gateway: &Provider) -> String {
    format!(
        r#"
        [topics.poll]
        handler = "echo"
        transport = "simple-http"
        accept_response = ""
        [topics.poll.simple-http]
        kind = "http"
        dedupe = "10m"
        incoming.auth.secret_env = "GATEWAY_SECRET"
        outgoing.url = "{}/?identity=%(identity)s&text=%(text)s"
        [topics.poll.validators]
        length = {{ max = 20, text = "Shorter" }}
        "#,
        gateway.base
    )
}

const SECRET: &str = "a-secret-of-the-gateway";

async fn start(gateway: &Provider) -> Deployment {
    let setup = Setup::new(&topics(gateway)).own_redis().env("GATEWAY_SECRET", SECRET);
    let deployment = setup.start().await;
    deployment.keep_secret(SECRET);
    deployment
}

async fn post(port: u16, text: &str) -> Answer {
    let url = format!("http://127.0.0.1:{port}/http/simple-http/");
    let form = [("identity", "1112223333"), ("text", text), ("secret", SECRET)];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Answer::read(client.post(url).form(&form).send().await.unwrap()).await.unwrap()
}

/// Waits until the gateway has had this many requests, and returns their first lines.
async fn sent(gateway: &Provider, count: usize) -> Vec<String> {
    let arrived = async {
        while gateway.requests().len() < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, arrived).await.expect("the answers are sent");
    gateway.requests().into_iter().map(|request| request.line).collect()
}

#[tokio::test]
async fn repeated_call_of_a_gateway_counts_once_in_both_processes() {
    let gateway = Provider::start((0..2).map(|_| Action::Answer(200, "", "OK".to_owned())));
    let deployment = start(&gateway).await;
    deployment.start_other_web().await;
    assert!(deployment.stop_worker(0, crate::support::PATIENCE));
    for port in [deployment.port(), deployment.other_port(), deployment.port()] {
        let answer = post(port, "echo hello").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "OK"));
    }
    deployment.start_worker(0);
    let first = sent(&gateway, 1).await;
    assert!(first[0].starts_with("GET /?identity=1112223333&text="), "{first:?}");
    // The answer has ended the window: the same text is another message.
    post(deployment.other_port(), "echo hello").await;
    assert_eq!(sent(&gateway, 2).await.len(), 2);
}

#[tokio::test]
async fn rejection_and_its_repetition_are_one_message_to_the_sender() {
    let gateway = Provider::start((0..2).map(|_| Action::Answer(200, "", "OK".to_owned())));
    let deployment = start(&gateway).await;
    assert!(deployment.stop_worker(0, crate::support::PATIENCE));
    for text in ["a text that is longer than that", "a text that is longer than that", "echo hi"] {
        let answer = post(deployment.port(), text).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "OK"));
    }
    deployment.start_worker(0);
    let sent = sent(&gateway, 2).await;
    let texts: Vec<_> = sent.iter().map(|line| line.split("&text=").nth(1).unwrap()).collect();
    assert_eq!(texts, ["Shorter", "hi"]);
}

#[tokio::test]
async fn gateway_is_refused_without_its_secret_and_with_an_invalid_form() {
    let gateway = Provider::start([]);
    let deployment = start(&gateway).await;
    let call = |form: &[(&str, &str)]| {
        let call = deployment.call("POST", "/backend/simple-http/").form(form);
        async { Answer::read(call.send().await.unwrap()).await.unwrap() }
    };
    let denied = call(&[("identity", "1112223333"), ("text", "hello")]).await;
    assert_eq!(denied.status, 403);
    let invalid = call(&[("identity", "1112223333"), ("secret", SECRET)]).await;
    assert_eq!((invalid.status, invalid.body.trim_end()), (400, "form failed to validate"));
    let other = deployment.call("DELETE", "/backend/simple-http/").send().await.unwrap();
    assert_eq!(other.status(), 405);
    assert_eq!(deployment.get("/http/other/").await.unwrap().status, 404);
}
