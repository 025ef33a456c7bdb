//! Hostile calls of the API: without rights, malformed, oversized, and in masses.

use rstest::rstest;
use serde_json::{Value, json};

use super::{ALICE, READER_TOKEN, TOPICS, call, post, problem, start};
use crate::support::{Answer, Deployment, PATIENCE, Setup};

async fn raw(deployment: &Deployment, body: impl Into<reqwest::Body>) -> Answer {
    let request = deployment.call("POST", "/api/messages");
    call(request.header("content-type", "application/json").body(body)).await
}

async fn with_token(deployment: &Deployment, token: &str, method: &str, path: &str) -> Answer {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = reqwest::Client::new().request(method, deployment.url(path));
    call(request.bearer_auth(token).json(&json!({"topic": "news", "to": ALICE, "text": "x"}))).await
}

#[tokio::test]
async fn wrong_tokens_are_refused_and_then_delayed() {
    let deployment = start().await;
    for attempt in 0..5 {
        let token = format!("{}{attempt}", &READER_TOKEN[..10]);
        let answer = with_token(&deployment, &token, "POST", "/api/messages").await;
        assert_eq!(problem(&answer), "unauthorized");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"crosswire\"");
    }
    let answer = with_token(&deployment, READER_TOKEN, "GET", "/api/messages/x").await;
    assert_eq!(problem(&answer), "too-many-attempts");
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn token_has_its_scopes_and_topics_alone() {
    let deployment = start().await;
    let of_other = "/api/messages/other.0.0123456789abcdef0123456789abcdef";
    let of_news = "/api/messages/news.0.0123456789abcdef0123456789abcdef";
    for (method, path, expected) in [
        ("POST", "/api/messages", "forbidden"),
        ("DELETE", of_news, "forbidden"),
        ("POST", "/api/topics/news/inbound", "forbidden"),
        ("GET", of_other, "forbidden"),
        ("GET", of_news, "not-found"),
    ] {
        let answer = with_token(&deployment, READER_TOKEN, method, path).await;
        assert_eq!(problem(&answer), expected, "{method} {path}");
    }
}

#[rstest]
#[case::not_json("to=+14155550101", "malformed")]
#[case::empty("", "malformed")]
#[case::other_value("[]", "malformed")]
#[case::unknown_field(r#"{"topic":"news","to":"+14155550101","text":"x","txt":"y"}"#, "malformed")]
#[case::wrong_type(r#"{"topic":"news","to":14155550101,"text":"x"}"#, "malformed")]
#[case::two_values(r#"{"topic":"news","to":"+14155550101","text":"x"} {}"#, "malformed")]
#[case::bad_time(r#"{"topic":"news","to":"+14155550101","text":"x","at":"soon"}"#, "malformed")]
#[case::far_time(
    r#"{"topic":"news","to":"+14155550101","text":"x","at":"9999-12-31T23:59:59Z"}"#,
    "invalid"
)]
#[case::unknown_topic(r#"{"topic":"nes","to":"+14155550101","text":"x"}"#, "invalid")]
#[case::national(r#"{"topic":"news","to":"0171 123456","text":"x"}"#, "invalid")]
#[case::transport(
    r#"{"topic":"news","to":"+14155550101","text":"x","transport":"websocket"}"#,
    "invalid"
)]
#[case::media(
    r#"{"topic":"news","to":"+14155550101","media":[{"url":"file:///etc/passwd","content_type":"a/b"}]}"#,
    "invalid"
)]
#[tokio::test]
async fn bad_message_is_refused_and_nothing_is_sent(#[case] body: &str, #[case] expected: &str) {
    let deployment = start().await;
    assert_eq!(problem(&raw(&deployment, body.to_owned()).await), expected);
    assert_eq!(deployment.twilio().attempts(), 0);
}

#[tokio::test]
async fn extreme_bodies_are_refused() {
    let deployment = start().await;
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    assert_eq!(problem(&raw(&deployment, deep).await), "malformed");
    assert_eq!(problem(&raw(&deployment, vec![0xff; 100]).await), "malformed");
    assert_eq!(problem(&raw(&deployment, "x".repeat(65 * 1024)).await), "too-large");
    let long = json!({"topic": "news", "to": ALICE, "text": "x".repeat(17 * 1024)});
    assert_eq!(problem(&post(&deployment, "/api/messages", &long).await), "invalid");
    let plain = call(deployment.call("POST", "/api/messages").body("{}")).await;
    assert_eq!(problem(&plain), "content-type");
    let many = vec![json!({"to": ALICE}); 10_001];
    let batch = json!({"topic": "news", "text": "x", "messages": many});
    assert_eq!(problem(&post(&deployment, "/api/batches", &batch).await), "invalid");
    assert_eq!(deployment.twilio().attempts(), 0);
}

#[rstest]
#[case("x")]
#[case("..%2f..%2fetc")]
#[case("news.0.0123456789ABCDEF0123456789ABCDEF")]
#[case("news.9.0123456789abcdef0123456789abcdef")]
#[case("news.batch.0123456789abcdef0123456789abcdef")]
#[case("nope.0.0123456789abcdef0123456789abcdef")]
#[case("%00%ff")]
#[tokio::test]
async fn unknown_id_is_not_found(#[case] id: &str) {
    let deployment = start().await;
    for (method, path) in [("GET", "messages"), ("DELETE", "messages"), ("GET", "batches")] {
        let answer = call(deployment.call(method, &format!("/api/{path}/{id}"))).await;
        assert_eq!(answer.status, 404, "{method} {path} {answer:?}");
        assert!(answer.content_type().starts_with("application/problem"), "{answer:?}");
    }
}

#[tokio::test]
async fn key_belongs_to_one_request() {
    let deployment = start().await;
    let send = |key: &str, text: &str| {
        let request = deployment.call("POST", "/api/messages").header("idempotency-key", key);
        call(request.json(&json!({"topic": "news", "to": ALICE, "text": text})))
    };
    let first = send("7", "one").await;
    assert_eq!(first.status, 202, "{first:?}");
    assert_eq!(send("7", "one").await.body, first.body);
    assert_eq!(problem(&send("7", "two").await), "key-reused");
    assert_eq!(problem(&send(&"k".repeat(256), "one").await), "invalid");
    deployment.twilio().wait_for(1, PATIENCE).await;
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let deployment = start().await;
    let put = call(deployment.call("PUT", "/api/messages")).await;
    assert_eq!(problem(&put), "method-not-allowed");
    assert_eq!(put.headers["allow"], "POST");
    assert_eq!(problem(&call(deployment.call("GET", "/api/nothing")).await), "not-found");
}

#[tokio::test]
async fn there_is_no_api_without_a_token() {
    let (topics, _) = TOPICS.split_once("[api.").unwrap();
    let deployment = Setup::new(topics).start().await;
    let nowhere = deployment.get("/nowhere").await.unwrap();
    for path in ["/api/messages", "/api/openapi.json", "/api"] {
        let answer = deployment.get(path).await.unwrap();
        assert_eq!((answer.status, &answer.body), (404, &nowhere.body), "{path}");
    }
}

#[tokio::test]
async fn validators_check_what_is_written_in_the_place_of_a_person() {
    let deployment = start().await;
    let write = async |body: Value| {
        let answer = post(&deployment, "/api/topics/news/inbound", &body).await;
        super::json(&answer)["outcome"].as_str().map(str::to_owned)
    };
    let long = write(json!({"from": ALICE, "text": "x".repeat(101)})).await;
    assert_eq!(long.as_deref(), Some("rejected"));
    for id in [String::new(), "a\nb".to_owned(), "x".repeat(129)] {
        let draft = json!({"from": ALICE, "text": "ping", "id": id});
        let answer = post(&deployment, "/api/topics/news/inbound", &draft).await;
        assert_eq!(problem(&answer), "invalid");
    }
    let draft = json!({"from": ALICE, "text": "ping", "id": "mine"});
    assert_eq!(write(draft.clone()).await.as_deref(), Some("accepted"));
    assert_eq!(write(draft).await.as_deref(), Some("duplicate"));
    let sent = deployment.twilio().wait_for(1, PATIENCE).await;
    assert_eq!(sent[0].body, "pong");
}
