//! Vonage: signed webhooks, messages, delivery reports and requests.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, SendError, SentReceipt, WebhookRequest,
};
use crosswire::model::address::{Address, Identity};
use crosswire::model::message::MessageId;
use hmac::{Hmac, KeyInit, Mac};
use rstest::rstest;
use sha2::{Digest, Sha256};

use super::{JSON, SECRET, answer_to, gateway, message, outbound, posted, with_header};
use crate::transports::twilio::provider::{Action, Provider};

const INBOUND: &str = r#"{"channel": "sms", "message_uuid": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    "to": "15005550006", "from": "14158675309", "timestamp": "2025-02-03T12:14:25Z",
    "text": "Hello from Vonage!", "sms": {"num_messages": "1"}, "message_type": "text"}"#;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_740_000_000, 0).unwrap()
}

fn token(header: &str, claims: &serde_json::Value, secret: &str) -> String {
    let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", part(header.as_bytes()), part(claims.to_string().as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", part(&mac.finalize().into_bytes()))
}

fn claims(body: &str, issued: DateTime<Utc>) -> serde_json::Value {
    serde_json::json!({
        "iat": issued.timestamp(), "jti": "4a5f8c0e", "iss": "Vonage", "api_key": "abcd1234",
        "payload_hash": hex::encode(Sha256::digest(body.as_bytes())),
    })
}

fn with_token(body: &str, token: &str) -> WebhookRequest {
    let request = with_header(posted(JSON, body), "authorization", &format!("Bearer {token}"));
    WebhookRequest { received_at: now(), ..request }
}

fn signed(body: &str) -> WebhookRequest {
    with_token(body, &token(r#"{"alg":"HS256","typ":"JWT"}"#, &claims(body, now()), SECRET))
}

fn received(request: &WebhookRequest) -> Result<Received, ReceiveError> {
    gateway("preset = \"vonage\"").receive(request)
}

#[test]
fn signed_message_is_received() {
    let incoming = message(received(&signed(INBOUND)));
    assert_eq!(incoming.id.as_str(), "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab");
    assert_eq!(incoming.sender, Address::new("gateway", "+14158675309", "+15005550006"));
    assert_eq!(incoming.text.reveal(), "Hello from Vonage!");
    let picture = r#"{"message_uuid": "m2", "to": "15005550006", "from": "14158675309",
        "message_type": "image", "image": {"url": "https://e.example/a.jpg", "caption": "look"}}"#;
    let incoming = message(received(&signed(picture)));
    assert_eq!(incoming.media[0].url, "https://e.example/a.jpg");
    assert_eq!(incoming.text.reveal(), "look");
}

#[test]
fn token_that_never_ends_is_genuine_and_sender_is_required() {
    let mut claims = claims(INBOUND, now());
    claims["exp"] = 8_210_266_876_799_i64.into();
    let endless = token(r#"{"alg":"HS256"}"#, &claims, SECRET);
    assert!(received(&with_token(INBOUND, &endless)).is_ok());
    let nobody = r#"{"message_uuid": "m3", "to": "15005550006", "from": "  ", "text": "hi"}"#;
    assert_eq!(received(&signed(nobody)), Err(ReceiveError::Missing(vec!["from", "to"])));
}

#[test]
fn token_of_another_secret_body_or_algorithm_is_forged() {
    let header = r#"{"alg":"HS256"}"#;
    let good = claims(INBOUND, now());
    let good_token = token(header, &good, SECRET);
    let none = good_token.rsplit_once('.').unwrap().0;
    let forgeries = [
        String::new(),
        "a.b.c".to_owned(),
        format!("{none}."),
        format!("{}.", token(r#"{"alg":"none"}"#, &good, SECRET).rsplit_once('.').unwrap().0),
        token(r#"{"alg":"none"}"#, &good, SECRET),
        token(r#"{"alg":"HS512"}"#, &good, SECRET),
        token(header, &good, "another secret"),
        token(header, &good, ""),
        token(header, &claims("{}", now()), SECRET),
        token(header, &serde_json::json!({ "iat": now().timestamp() }), SECRET),
        format!("{good_token}{}", "A".repeat(5_000)),
    ];
    for forgery in forgeries {
        let refused = received(&with_token(INBOUND, &forgery));
        assert!(matches!(refused, Err(ReceiveError::Forged { .. })), "{forgery}: {refused:?}");
    }
    let altered = INBOUND.replace("Hello", "hello");
    assert!(received(&with_token(&altered, &good_token)).is_err());
    assert!(received(&posted(JSON, INBOUND)).is_err());
}

#[rstest]
#[case(0, None, true)]
#[case(299, None, true)]
#[case(-299, None, true)]
#[case(301, None, false)]
#[case(-301, None, false)]
#[case(0, Some(-301), false)]
#[case(0, Some(60), true)]
fn token_is_valid_for_some_minutes(
    #[case] age: i64,
    #[case] expires: Option<i64>,
    #[case] is_valid: bool,
) {
    let mut claims = claims(INBOUND, now() - TimeDelta::seconds(age));
    if let Some(expires) = expires {
        claims["exp"] = (now().timestamp() + expires).into();
    }
    let request = with_token(INBOUND, &token(r#"{"alg":"HS256"}"#, &claims, SECRET));
    assert_eq!(received(&request).is_ok(), is_valid);
}

#[tokio::test]
async fn request_returns_its_ids_with_every_report() {
    let provider = Provider::start([Action::Answer(202, "", r#"{"message_uuid":"v1"}"#.into())]);
    let table = format!("preset = \"vonage\"\napi_base = \"{}\"", provider.base);
    let vonage = gateway(&table);
    let receipt = vonage.send(&answer_to("gateway:in-1", "hello")).await;
    assert_eq!(receipt, Ok(SentReceipt::new("v1")));
    let [request] = &provider.requests()[..] else { panic!("one request") };
    assert_eq!(request.line, "POST /v1/messages");
    let basic = BASE64_STANDARD.encode(format!("abcd1234:{SECRET}"));
    assert_eq!(request.header("authorization"), format!("Basic {basic}"));
    let json: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let expected = serde_json::json!({
        "message_type": "text", "channel": "sms", "to": "14158675309", "from": "15005550006",
        "text": "hello", "client_ref": "out-1,:in-1",
    });
    assert_eq!(json, expected);

    for (state, status, code) in [
        ("submitted", DeliveryStatus::Sent, None),
        ("delivered", DeliveryStatus::Delivered, None),
        ("read", DeliveryStatus::Delivered, None),
        ("rejected", DeliveryStatus::Failed, Some(1380)),
        ("undeliverable", DeliveryStatus::Failed, Some(1380)),
    ] {
        let error = code.map_or(
            serde_json::Value::Null,
            |code| serde_json::json!({ "title": format!("{code}"), "type": "https://…" }),
        );
        let body = serde_json::json!({
            "message_uuid": "v1", "status": state, "client_ref": json["client_ref"],
            "error": error, "to": "14158675309", "from": "15005550006",
        });
        let mut report = Report::new("v1", status);
        report.message = Some(MessageId::new("out-1"));
        report.cause = Some(MessageId::new("gateway:in-1"));
        report.code = code;
        assert_eq!(received(&signed(&body.to_string())), Ok(Received::Report(report)), "{state}");
    }
}

#[tokio::test]
async fn cause_of_another_transport_is_named_in_full_when_it_fits() {
    let provider =
        Provider::start((0..2).map(|_| Action::Answer(202, "", r#"{"message_uuid":"v"}"#.into())));
    let vonage = gateway(&format!("preset = \"vonage\"\napi_base = \"{}\"", provider.base));
    for id in ["twilio:SM1".to_owned(), format!("twilio:{}", "x".repeat(100))] {
        vonage.send(&answer_to(&id, "hi")).await.unwrap();
    }
    let [short, long] = &provider.requests()[..] else { panic!("two requests") };
    assert!(short.body.contains(r#""client_ref":"out-1,twilio:SM1""#), "{}", short.body);
    assert!(long.body.contains(r#""client_ref":"out-1""#), "{}", long.body);
}

#[tokio::test]
async fn message_without_a_line_waits_for_an_operator() {
    let mut message = outbound("hi");
    message.to.line = Identity::new("");
    let sent = gateway("preset = \"vonage\"").send(&message).await;
    assert!(matches!(sent, Err(SendError::Line { .. })), "{sent:?}");
}
