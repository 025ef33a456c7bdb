//! Answers that cannot be used: the message is tried again, and then buried.

use crosswire::App;
use rstest::rstest;

use super::failures;
use crate::support::{Behaviour, FakeApp};

/// Beginning of the only failure of a script whose first message is buried.
const BURIED: &str = "webhook:4: A message was moved to the dead letters: the app ";

fn answer(body: &str) -> Behaviour {
    Behaviour::Answer(body.to_owned())
}

#[rstest]
#[case::refused(Behaviour::Status(400), "refused the request with 400")]
#[case::unauthorized(Behaviour::Status(401), "refused the request with 401")]
#[case::not_found(Behaviour::Status(404), "refused the request with 404")]
#[case::no_json(
    answer("<html>"),
    "answered what cannot be used: is no JSON: expected value (line 1, column 1)"
)]
#[case::no_object(answer("[]"), "answered what cannot be used: is not an object")]
#[case::unknown_key(
    answer(r#"{"reply": ["hi"]}"#),
    "answered what cannot be used: reply: unknown field `reply`, expected one of"
)]
#[case::half_an_answer(
    answer(r#"{"replies": ["hi"]"#),
    "answered what cannot be used: is no JSON: EOF while parsing an object"
)]
#[case::empty_text(answer(r#"{"replies": [""]}"#), "answers with an empty replies[0]")]
#[case::unknown_transport(
    answer(r#"{"sends": [{"to": {"identity": "1", "transport": "x"}, "text": "a"}]}"#),
    "answers with sends[0].to.transport, which is none of the topic's"
)]
#[case::nobody(
    answer(r#"{"sends": [{"to": "", "text": "a"}]}"#),
    "answers with an empty sends[0].to"
)]
#[case::file_as_media(
    answer(r#"{"replies": [{"media": ["file:///etc/passwd"]}]}"#),
    "answers with replies[0].media[0].url, which is no web address"
)]
#[case::endless_pause(answer(r#"{"pause": "2days"}"#), "answers with pause above 1day")]
#[case::endless_timer(
    answer(r#"{"timers": [{"after": "1000y", "name": "n"}]}"#),
    "answers with timers[0].after above 1year"
)]
#[case::overflowing_timer(
    answer(r#"{"timers": [{"after": "99999999999999999999y", "name": "n"}]}"#),
    "answered what cannot be used: timers[0].after: is not a duration"
)]
#[case::nameless_timer(
    answer(r#"{"timers": [{"after": "1s", "name": ""}]}"#),
    "answers with timers[0].name of a length"
)]
#[case::too_many_texts(answer(&format!(r#"{{"replies": [{}"a"]}}"#, "\"a\",".repeat(100))), "answers with 101 texts; send at most 100")]
#[case::too_long(answer(&format!(r#"{{"state": "{}"}}"#, "x".repeat(256 * 1024))), "answered with more than 262144 bytes")]
#[case::too_deep(answer(&format!(r#"{{"state": {}"#, "[".repeat(100_000))), "answered what cannot be used: state: is no JSON: recursion limit exceeded")]
#[case::no_utf8(Behaviour::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\"\xff\"\n".to_vec()), "answered what cannot be used")]
#[case::endless_chunks(Behaviour::Bytes([&b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"[..], &[&b"400\r\n"[..], &[b' '; 1024], b"\r\n"].concat().repeat(300)].concat()), "answered with more than 262144 bytes")]
fn unusable_answer_is_tried_again_and_then_buried(#[case] defect: Behaviour, #[case] reason: &str) {
    let app = FakeApp::start(move |number, _| match number {
        0 | 1 => defect.clone(),
        _ => answer(r#"{"replies": ["good"]}"#),
    });
    let script = "strict\n111 > a\n111 > b\nadvance 1m\n111 < Sorry.\n111 < good";
    let found = failures(&app, script);
    assert!(found.starts_with(&format!("{BURIED}{reason}")), "{found}");
    assert_eq!(found.matches("webhook:").count(), 1, "{found}");
    let requests = app.requests();
    assert_eq!(requests.len(), 3);
    let attempts: Vec<_> =
        requests.iter().map(|request| request.json()["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 2, 1]);
    assert_eq!(requests[0].id(), requests[1].id());
}

#[test]
fn answer_with_a_defect_has_no_effect_at_all() {
    let app = FakeApp::start(|number, _| match number {
        0 | 1 => {
            answer(r#"{"replies": ["half"], "state": 1, "timers": [{"after": "1s", "name": ""}]}"#)
        }
        _ => answer("{}"),
    });
    let found = failures(&app, "strict\n111 > a\n111 > b\nadvance 1m\n111 < Sorry.");
    assert!(found.starts_with(BURIED), "{found}");
    assert_eq!(app.requests()[2].json()["state"], serde_json::Value::Null);
}

#[rstest]
#[case("url = \"http://127.0.0.1:1/\"", "url: is a private address")]
#[case("url = \"http://169.254.169.254/\"", "url: is a private address")]
#[case("url = \"ftp://example.com/\"", "url: is no web address")]
#[case("url = \"https://user:word@example.com/\"", "url: holds a user or a password")]
#[case("", "url: is missing")]
#[case(
    "url = \"https://example.com\"\ntimeout = \"5s\"",
    "timeout: is not below the topic's handler_timeout"
)]
#[case("url = \"https://example.com\"\nretries = 3", "retries: unknown field")]
#[case("url = \"https://example.com\"\nbreaker.failures = 0", "breaker.failures: is 0")]
#[case("url = \"https://example.com\"\nstate_ttl = \"1ms\"", "state_ttl: is too short")]
fn setting_that_cannot_work_is_reported_with_its_key(
    #[case] settings: &str,
    #[case] expected: &str,
) {
    let topics = format!("[topics.t]\nhandler = \"webhook\"\n[topics.t.properties]\n{settings}");
    let errors = App::new().topics(&topics).script("webhook", "1 > a").unwrap_err().to_string();
    assert!(errors.contains(&format!("topics.t.properties.{expected}")), "{errors}");
}
