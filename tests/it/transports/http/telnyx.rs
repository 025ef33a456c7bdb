//! Telnyx: signed webhooks, messages, delivery reports and requests.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use crosswire::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, SendError, SentReceipt, WebhookRequest,
};
use crosswire::model::address::Address;
use crosswire::model::message::{Media, MessageId};
use ring::signature::{Ed25519KeyPair, KeyPair};
use rstest::rstest;

use super::{JSON, SECRET, answer_to, gateway, message, outbound, posted, with_header};
use crate::transports::twilio::provider::{Action, Provider};

const INBOUND: &str = r#"{"data": {"event_type": "message.received", "id": "e1",
    "occurred_at": "2025-02-19T21:20:00.000+00:00", "record_type": "event", "payload": {
    "id": "84cca175-9755-4859-b67f-4730d7f58aa3", "direction": "inbound", "type": "MMS",
    "from": {"phone_number": "+14158675309", "carrier": "", "line_type": ""},
    "to": [{"phone_number": "+15005550006", "status": "webhook_delivered"}],
    "text": "Hello from Telnyx!", "media": [{"url": "https://e.example/a.png",
    "content_type": "image/png", "sha256": "0", "size": 1}], "errors": []}},
    "meta": {"attempt": 1, "delivered_to": "https://example.com"}}"#;

fn pair(byte: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[byte; 32]).unwrap()
}

pub(super) fn public_key() -> String {
    BASE64_STANDARD.encode(pair(7).public_key())
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_740_000_000, 0).unwrap()
}

fn signed_by(byte: u8, body: &str, time: i64) -> WebhookRequest {
    let signature = pair(byte).sign(format!("{time}|{body}").as_bytes());
    let signature = BASE64_STANDARD.encode(signature);
    let request = with_header(posted(JSON, body), "telnyx-signature-ed25519", &signature);
    let request = with_header(request, "telnyx-timestamp", &time.to_string());
    WebhookRequest { received_at: now(), ..request }
}

fn signed(body: &str) -> WebhookRequest {
    signed_by(7, body, now().timestamp())
}

fn received(request: &WebhookRequest) -> Result<Received, ReceiveError> {
    gateway("preset = \"telnyx\"").receive(request)
}

#[test]
fn signed_message_is_received() {
    let incoming = message(received(&signed(INBOUND)));
    assert_eq!(incoming.id.as_str(), "84cca175-9755-4859-b67f-4730d7f58aa3");
    assert_eq!(incoming.sender, Address::new("gateway", "+14158675309", "+15005550006"));
    assert_eq!(incoming.text.reveal(), "Hello from Telnyx!");
    assert_eq!(incoming.media, [Media::new("https://e.example/a.png", "image/png")]);
}

#[test]
fn signature_of_another_key_body_or_time_is_forged() {
    let good = signed(INBOUND);
    let with = |name: &str, value: &str| {
        let mut request = good.clone();
        for (known, old) in &mut request.headers {
            if known == name {
                value.clone_into(old);
            }
        }
        request
    };
    let mut altered = good.clone();
    altered.body = INBOUND.replace("Hello", "hello").into();
    for forged in [
        posted(JSON, INBOUND),
        altered,
        signed_by(8, INBOUND, now().timestamp()),
        with("telnyx-timestamp", "1740000001"),
        with("telnyx-timestamp", ""),
        with("telnyx-timestamp", "9223372036854775807"),
        with("telnyx-signature-ed25519", ""),
        with("telnyx-signature-ed25519", "%%"),
        with("telnyx-signature-ed25519", &BASE64_STANDARD.encode([0; 64])),
    ] {
        let refused = received(&forged);
        assert!(matches!(refused, Err(ReceiveError::Forged { .. })), "{refused:?}");
    }
}

#[rstest]
#[case(300, true)]
#[case(-300, true)]
#[case(301, false)]
#[case(-301, false)]
fn signature_is_valid_for_five_minutes(#[case] age: i64, #[case] is_valid: bool) {
    let request = signed_by(7, INBOUND, now().timestamp() - age);
    assert_eq!(received(&request).is_ok(), is_valid);
}

#[tokio::test]
async fn request_returns_its_ids_with_every_report() {
    let answer = r#"{"data": {"id": "t1", "to": [{"status": "queued"}]}}"#;
    let provider = Provider::start([Action::Answer(200, "", answer.to_owned())]);
    let table = format!("preset = \"telnyx\"\napi_base = \"{}\"", provider.base);
    let receipt = gateway(&table).send(&answer_to("gateway:in-1", "hello")).await;
    assert_eq!(receipt, Ok(SentReceipt::new("t1")));
    let [request] = &provider.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /v2/messages");
    assert_eq!(request.header("authorization"), format!("Bearer {SECRET}"));
    let json: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let url = "https://example.com/status/t?message=out-1&cause=gateway%3Ain-1";
    let expected = serde_json::json!({
        "to": "+14158675309", "from": "+15005550006", "text": "hello", "webhook_url": url,
    });
    assert_eq!(json, expected);

    for (event, state, status) in [
        ("message.sent", "sent", Some(DeliveryStatus::Sent)),
        ("message.finalized", "delivered", Some(DeliveryStatus::Delivered)),
        ("message.finalized", "delivery_failed", Some(DeliveryStatus::Failed)),
        ("message.finalized", "delivery_unconfirmed", Some(DeliveryStatus::Sent)),
        ("message.sent", "queued", None),
        ("message.read", "delivered", None),
    ] {
        let body = serde_json::json!({ "data": { "event_type": event, "payload": {
            "id": "t1", "from": { "phone_number": "+15005550006" },
            "to": [{ "phone_number": "+14158675309", "status": state }],
            "errors": [{ "code": "40001", "title": "…" }],
        } } });
        let mut request = signed(&body.to_string());
        request.target = url.strip_prefix("https://example.com").unwrap().to_owned();
        let expected = status.map_or(Received::Nothing, |status| {
            let mut report = Report::new("t1", status);
            report.message = Some(MessageId::new("out-1"));
            report.cause = Some(MessageId::new("gateway:in-1"));
            report.code = Some(40_001);
            Received::Report(report)
        });
        assert_eq!(received(&request), Ok(expected), "{event} {state}");
    }
}

#[rstest]
#[case(400, "40300", "recipient")]
#[case(422, "40310", "recipient")]
#[case(400, "40305", "line")]
#[case(403, "20100", "account")]
#[case(401, "10009", "account")]
#[case(422, "10015", "message")]
#[case(500, "40300", "ambiguous")]
#[tokio::test]
async fn error_code_decides(#[case] status: u16, #[case] code: &str, #[case] expected: &str) {
    let body = format!(r#"{{"errors": [{{"code": "{code}", "title": "…"}}]}}"#);
    let provider = Provider::start([Action::Answer(status, "", body)]);
    let table = format!("preset = \"telnyx\"\napi_base = \"{}\"", provider.base);
    let class = match gateway(&table).send(&outbound("hi")).await.unwrap_err() {
        SendError::Recipient { .. } => "recipient",
        SendError::Line { .. } => "line",
        SendError::Account { .. } => "account",
        SendError::Message { .. } => "message",
        SendError::Ambiguous(_) => "ambiguous",
        other => panic!("{other:?}"),
    };
    assert_eq!(class, expected);
}
