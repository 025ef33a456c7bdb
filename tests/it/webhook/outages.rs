//! Apps that are away: nothing is lost, nothing is doubled, and the order stays.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::json;

use super::{play, topics};
use crate::support::{AppRequest, Behaviour, FakeApp, free_port};

/// Requests that fail before the app is back: more than a topic's attempts, and than the breaker's.
const FAILURES: usize = 8;

fn echo(request: &AppRequest) -> Behaviour {
    Behaviour::json(&json!({"replies": [request.json()["message"]["text"]]}))
}

fn bytes(answer: &str) -> Behaviour {
    Behaviour::Bytes(answer.as_bytes().to_vec())
}

#[rstest]
#[case::server_error(Behaviour::Status(500))]
#[case::no_gateway(Behaviour::Status(502))]
#[case::request_timeout(Behaviour::Status(408))]
#[case::too_early(Behaviour::Status(425))]
#[case::too_many(bytes("HTTP/1.1 429 Slow\r\nRetry-After: 20\r\nContent-Length: 0\r\n\r\n"))]
#[case::redirect(bytes("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"))]
#[case::other_protocol(bytes(
    "HTTP/1.1 101 Switching\r\nUpgrade: h\r\nConnection: upgrade\r\n\r\n"
))]
#[case::only_early_hints(bytes("HTTP/1.1 103 Early Hints\r\n\r\n"))]
#[case::no_answer(Behaviour::Close)]
#[case::no_http(bytes("SSH-2.0-OpenSSH_9.6\r\n"))]
#[case::broken_head(bytes("HTTP/1.1 200 O"))]
#[case::broken_body(bytes("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"replies\": [\"half"))]
#[case::broken_chunk(bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"rep"))]
#[case::hangs(Behaviour::Hang)]
#[case::drips(Behaviour::Drip)]
fn messages_wait_in_order_until_the_app_is_back(#[case] failure: Behaviour) {
    let app = FakeApp::start(move |number, request| match number {
        0..FAILURES => failure.clone(),
        _ => echo(request),
    });
    play(&app, "strict\n111 > a\n111 > b\nadvance 30m\n111 < a\n111 < b");
    let requests = app.requests();
    assert_eq!(requests.len(), FAILURES + 2);
    let ids: BTreeSet<&str> = requests[..=FAILURES].iter().map(AppRequest::id).collect();
    assert_eq!(ids.len(), 1, "every repetition has the id of the first");
    assert_ne!(requests[FAILURES + 1].id(), requests[0].id());
}

#[test]
fn app_that_is_not_there_is_waited_for() {
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}/");
    // A day without an app, which costs a script no time.
    let script = "strict\n111 > a\nadvance 1day";
    crosswire::App::new().topics(&topics(&url)).script("webhook", script).unwrap();
}

#[test]
fn breaker_spares_an_app_that_is_away() {
    let app = FakeApp::start(|_, _| Behaviour::Status(503));
    let people = (0..50).map(|number| format!("{number} > hi\n")).collect::<String>();
    play(&app, &format!("{people}advance 10m"));
    // Five until it closes; then one about every minute, where 50 messages wait.
    let requests = app.requests().len();
    assert!((10..=30).contains(&requests), "{requests}");
}

#[test]
fn redirect_is_not_followed() {
    let private = FakeApp::start(|_, _| Behaviour::Answer("{}".to_owned()));
    let location = format!("Location: {}\r\nContent-Length: 0\r\n\r\n", private.url());
    let app = FakeApp::start(move |_, _| bytes(&format!("HTTP/1.1 307 Moved\r\n{location}")));
    play(&app, "strict\n111 > a\nadvance 1m");
    assert!(app.requests().len() > 1);
    assert_eq!(private.requests().len(), 0);
}
