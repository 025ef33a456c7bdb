//! Protocols of sockets: the form of every frame, in both directions.

use std::time::Duration;

use crosswire::contracts::storage::FeedCursor;
use crosswire::contracts::transport::socket::{
    ClientFrame, ClientMessage, ErrorCode, Hello, Line, ServerFrame, SocketProtocol,
};
use crosswire::model::frame::Frame;
use crosswire::model::message::{MessageId, Parameters};
use crosswire::model::token::Token;
use crosswire::transports::websocket::{Json, PlainText};
use rstest::rstest;
use serde_json::{Value, json};

const JSON: Json = Json { is_offered: true };

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    let pair = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    Parameters(pairs.iter().map(pair).collect())
}

fn message(id: Option<&str>, text: &str, further: &[(&str, &str)]) -> ClientFrame {
    let (id, parameters) = (id.map(str::to_owned), parameters(further));
    ClientFrame::Message(ClientMessage { id, text: text.into(), parameters })
}

#[rstest]
#[case(json!({"type": "message", "text": "hi"}), message(None, "hi", &[]))]
#[case(json!({"type": "message", "text": "hi", "id": "1"}), message(Some("1"), "hi", &[]))]
#[case(json!({"type": "message", "text": null, "id": null}), message(None, "", &[]))]
#[case(json!({"type": "message", "text": "hi", "to": "b"}), message(None, "hi", &[("to", "b")]))]
#[case(json!({"type": "typing"}), message(None, "", &[("type", "typing")]))]
#[case(
    json!({"type": "mute", "text": "", "who": "Ann"}),
    message(None, "", &[("who", "Ann"), ("type", "mute")])
)]
#[case(json!({"type": "message", "text": "\u{202e}<b>\u{0}"}), message(None, "\u{202e}<b>\u{0}", &[]))]
#[case(json!({"type": "hello"}), ClientFrame::Hello(Hello::default()))]
#[case(
    json!({"type": "hello", "session": "s", "token": "t", "last": "5-1", "name": "Ann"}),
    ClientFrame::Hello(Hello {
        session: Some(Token::new("s")),
        token: Some(Token::new("t")),
        last: Some("5-1".to_owned()),
        parameters: parameters(&[("name", "Ann")]),
    })
)]
fn json_frame_is_parsed(#[case] frame: Value, #[case] expected: ClientFrame) {
    assert_eq!(JSON.decode(&frame.to_string()), Ok(expected));
}

#[rstest]
#[case::empty("")]
#[case::no_json("hello")]
#[case::half(r#"{"type":"message""#)]
#[case::two(r#"{"type":"message"}{"type":"message"}"#)]
#[case::array("[]")]
#[case::string("\"hello\"")]
#[case::number("1")]
#[case::null("null")]
#[case::no_type("{}")]
#[case::type_of_another_kind(r#"{"type":1}"#)]
#[case::text_of_another_kind(r#"{"type":"message","text":["hi"]}"#)]
#[case::id_of_another_kind(r#"{"type":"message","id":1}"#)]
#[case::empty_id(r#"{"type":"message","id":""}"#)]
#[case::field_of_another_kind(r#"{"type":"message","further":{"a":1}}"#)]
#[case::empty_field(r#"{"type":"message","further":null}"#)]
#[case::session_of_another_kind(r#"{"type":"hello","session":1}"#)]
#[case::token_of_another_kind(r#"{"type":"hello","token":{}}"#)]
#[case::last_of_another_kind(r#"{"type":"hello","last":5}"#)]
#[case::lone_surrogate(r#"{"type":"message","text":"\ud800"}"#)]
#[case::nested_too_deep(&format!("{}{}", r#"{"type":"#.repeat(200), "}".repeat(200)))]
fn malformed_json_frame_is_refused_with_a_sentence(#[case] frame: &str) {
    let reason = JSON.decode(frame).unwrap_err();
    assert!(reason.len() > 20, "{reason}");
}

#[rstest]
#[case::id("id", 64)]
#[case::parameter("x", 1023)]
fn lengths_of_json_fields_are_limited(#[case] name: &str, #[case] max: usize) {
    let frame = |length: usize| json!({"type": "message", name: "a".repeat(length)}).to_string();
    assert!(JSON.decode(&frame(max)).is_ok());
    assert!(JSON.decode(&frame(max + 1)).is_err());
}

#[test]
fn number_of_further_json_fields_is_limited() {
    let frame = |count: usize| {
        let mut frame = json!({"type": "message", "text": "hi", "id": "1"});
        for number in 0..count {
            frame[format!("f{number}")] = "x".into();
        }
        frame.to_string()
    };
    assert!(JSON.decode(&frame(16)).is_ok());
    assert!(JSON.decode(&frame(17)).is_err());
}

fn line(frame: Frame) -> Line {
    let id = MessageId::new("m");
    Line { id, to: "#a".to_owned(), text: frame.text, content: frame.content }
}

fn encoded(frame: &ServerFrame<'_>) -> Value {
    serde_json::from_str(&JSON.encode(frame).unwrap()).unwrap()
}

#[test]
fn json_forms_of_server_frames() {
    let session = Token::new("s");
    let (heartbeat, cursor) = (Duration::from_secs(10), Some("5-1"));
    let welcome = ServerFrame::Welcome { session: &session, heartbeat, is_complete: true, cursor };
    let expected =
        json!({"type": "welcome", "session": "s", "heartbeat": 10, "resumed": true, "id": "5-1"});
    assert_eq!(encoded(&welcome), expected);
    let ack = ServerFrame::Ack { reference: "1" };
    assert_eq!(encoded(&ack), json!({"type": "ack", "ref": "1"}));
    let code = ErrorCode::TooFast;
    let error = ServerFrame::Error { reference: Some("1"), code, text: "slow" };
    let expected = json!({"type": "error", "ref": "1", "code": "too_fast", "text": "slow"});
    assert_eq!(encoded(&error), expected);
    let error = ServerFrame::Error { reference: None, code: ErrorCode::Malformed, text: "what" };
    assert_eq!(encoded(&error), json!({"type": "error", "code": "malformed", "text": "what"}));
    let position = ServerFrame::Position("5-2");
    assert_eq!(encoded(&position), json!({"type": "position", "id": "5-2"}));
}

#[test]
fn own_fields_of_a_json_line_cannot_be_overwritten() {
    let cursor = FeedCursor::new("5-1");
    let frame = Frame::new("joined").text("hi").field("name", "Ann").field("id", "forged");
    let line = line(frame.field("type", "forged").field("text", "forged"));
    let line = ServerFrame::Line { cursor: cursor.as_str(), line: &line };
    let expected = json!({"type": "joined", "id": "5-1", "text": "hi", "name": "Ann"});
    assert_eq!(encoded(&line), expected);
}

#[test]
fn plain_text_has_messages_and_errors_only() {
    let sent = PlainText.decode("send,1,hi").unwrap();
    assert_eq!(sent, message(None, "send,1,hi", &[]));
    let session = Token::new("s");
    let (heartbeat, cursor) = (Duration::from_secs(10), None);
    for silent in [
        ServerFrame::Welcome { session: &session, heartbeat, is_complete: true, cursor },
        ServerFrame::Ack { reference: "1" },
        ServerFrame::Position("5-1"),
        ServerFrame::Error { reference: None, code: ErrorCode::Rejected, text: "" },
        ServerFrame::Line { cursor: "5-1", line: &line(Frame::new("typing")) },
    ] {
        assert_eq!(PlainText.encode(&silent), None, "{silent:?}");
    }
    let error = ServerFrame::Error { reference: None, code: ErrorCode::TooFast, text: "slow" };
    assert_eq!(PlainText.encode(&error), Some("slow".to_owned()));
    let line = line(Frame::message("1:hi"));
    let line = ServerFrame::Line { cursor: "5-1", line: &line };
    assert_eq!(PlainText.encode(&line), Some("1:hi".to_owned()));
}
