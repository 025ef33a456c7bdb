//! Effects of an app's answer.

use serde_json::{Value, json};

use super::play;
use crate::support::{AppRequest, Behaviour, FakeApp};

/// An app that answers each text with the JSON that this returns for it.
fn app(answer: impl Fn(&str, &Value) -> Value + Send + Sync + 'static) -> FakeApp {
    FakeApp::start(move |_, request| {
        let request = request.json();
        let text = request["message"]["text"].as_str().unwrap_or_default();
        Behaviour::json(&answer(text, &request))
    })
}

#[test]
fn replies_and_sends_reach_their_recipients_in_order() {
    let app = app(|_, _| {
        json!({
            "replies": ["one", {"text": "two", "media": [{"url": "https://e.example/1.png", "content_type": "image/png"}]}],
            "sends": [
                {"to": "222", "text": "by number"},
                {"to": {"identity": "333", "transport": "tester", "line": "t"}, "text": "by address"},
            ],
        })
    });
    play(
        &app,
        "strict\n111 > hi\n111 < one\nattach https://e.example/1.png image/png\n111 < two\n222 < by number\n333 < by address",
    );
}

#[test]
fn request_holds_the_message_and_the_state() {
    let app = app(|text, _| match text {
        "forget" => json!({"state": null}),
        "nothing" => json!({}),
        _ => json!({"state": {"last": text}}),
    });
    play(&app, "111 > a\n111 > nothing\n111 > b\n111 > forget\n111 > c\n222 > d");
    let requests: Vec<Value> = app.requests().iter().map(AppRequest::json).collect();
    let states: Vec<_> = requests.iter().map(|request| request["state"].clone()).collect();
    let a = json!({"last": "a"});
    assert_eq!(states, [Value::Null, a.clone(), a, json!({"last": "b"}), Value::Null, Value::Null]);
    let first = &requests[0];
    assert_eq!(
        (&first["type"], &first["topic"], &first["attempt"]),
        (&json!("message"), &json!("t"), &json!(1))
    );
    assert_eq!(
        first["message"]["sender"],
        json!({"transport": "tester", "identity": "111", "line": "t"})
    );
    assert_eq!(first["id"], app.requests()[0].id());
}

#[test]
fn timer_fires_at_its_time_and_its_replies_reach_the_person() {
    let app = app(|text, request| match request["type"].as_str() {
        Some("timer") => json!({"replies": [format!("Remember: {}", request["timer"]["data"])]}),
        _ => json!({"timers": [{"after": "5m", "name": text, "data": text.len()}]}),
    });
    let script = "strict\n111 > tea\nadvance 4m 59s\n111 > coffee\nadvance 1s\n111 < Remember: 3\n\
                  advance 4m 59s\n111 < Remember: 6";
    play(&app, script);
}

#[test]
fn later_timer_of_a_name_replaces_the_earlier_one() {
    let app = app(|_, request| match request["type"].as_str() {
        Some("timer") => json!({"replies": ["You are silent."]}),
        _ => json!({"timers": [{"after": "5m", "name": "silence"}]}),
    });
    play(
        &app,
        "strict\n111 > a\nadvance 4m\n111 > b\nadvance 4m\n111 > c\nadvance 5m\n111 < You are silent.\nadvance 1h",
    );
    assert_eq!(app.requests().len(), 4);
}

#[test]
fn paused_person_is_not_handed_to_the_app_before_the_time() {
    let app = app(|text, _| match text {
        "sleep" => json!({"pause": "30s"}),
        _ => json!({"replies": [text]}),
    });
    let script = "strict\n111 > sleep\n111 > a\n111 > b\n222 > c\n222 < c\nadvance 29s\nadvance 1s\n111 < a\n111 < b";
    play(&app, script);
    assert_eq!(app.requests().len(), 4);
}

#[test]
fn opt_out_reaches_the_app_as_one() {
    let app = app(|_, request| json!({"sends": [{"to": "222", "text": request["type"]}]}));
    play(&app, "strict\n111 > STOP\n222 < opted_out");
}

#[test]
fn empty_answers_ask_for_nothing() {
    let app = FakeApp::start(|number, _| match number {
        0 => Behaviour::Status(204),
        1 => Behaviour::Answer(String::new()),
        2 => Behaviour::Answer("\n".to_owned()),
        _ => Behaviour::Answer("{}".to_owned()),
    });
    play(&app, "strict\n111 > a\n111 > b\n111 > c\n111 > d");
    assert_eq!(app.requests().len(), 4);
}
