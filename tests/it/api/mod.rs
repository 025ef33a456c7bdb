//! The HTTP API for programs, with the real processes and a fake Twilio.

mod command;
mod docs;
mod hostile;
mod openapi;
mod overload;

use serde_json::Value;

use crate::support::{Answer, Deployment, Setup};

const TOPICS: &str = r#"
    [topics.news]
    handler = "echo"
    accept_response = ""
    partitions = 2

    [topics.news.validators]
    length = { max = 100 }

    [topics.other]
    handler = "echo"
    accept_response = ""

    [api.tokens.cron]
    token_env = "CRON_TOKEN"
    scopes = ["send", "read", "inbound"]

    [api.tokens.reader]
    token_env = "READER_TOKEN"
    scopes = ["read"]
    topics = ["news"]
"#;
const CRON_TOKEN: &str = "cron-5f1c93e07ab24d68bfe2a913";
const READER_TOKEN: &str = "reader-0d97b3c1e8454fa6972b";
const ALICE: &str = "+14155550101";

async fn start() -> Deployment {
    let setup = Setup::new(TOPICS).env("CRON_TOKEN", CRON_TOKEN).env("READER_TOKEN", READER_TOKEN);
    let deployment = setup.start().await.with_bearer(CRON_TOKEN);
    deployment.keep_secret(READER_TOKEN);
    deployment.keep_secret(ALICE);
    deployment
}

async fn call(request: reqwest::RequestBuilder) -> Answer {
    Answer::read(request.send().await.unwrap()).await.unwrap()
}

async fn post(deployment: &Deployment, path: &str, body: &Value) -> Answer {
    call(deployment.call("POST", path).json(body)).await
}

fn json(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{answer:?}"))
}

/// Returns the last part of the type of a problem.
fn problem(answer: &Answer) -> String {
    assert_eq!(answer.content_type(), "application/problem+json", "{answer:?}");
    let problem = json(answer);
    assert_eq!(problem["status"], answer.status, "{answer:?}");
    let kind = problem["type"].as_str().and_then(|it| it.strip_prefix("urn:crosswire:problem:"));
    kind.unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}
