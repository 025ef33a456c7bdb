//! Presets that are settings: Vumi and Junebug.

use crosswire::contracts::transport::{DeliveryStatus, MediaPolicy, Received, Report, SentReceipt};
use crosswire::model::address::Address;
use crosswire::model::message::MessageId;

use super::{JSON, answer_to, gateway, message, posted};
use crate::transports::twilio::provider::{Action, Provider};

/// Sends an answer to the message `in-1`, and returns the JSON of the request.
async fn answered(preset: &str, response: &str) -> (serde_json::Value, SentReceipt) {
    let provider = Provider::start([Action::Answer(201, "", response.to_owned())]);
    let table = format!(
        "preset = \"{preset}\"\nincoming.allow = [\"::/0\"]\n\
         outgoing = {{ url = \"{}/\", fields = {{ endpoint = \"default\" }}, \
         auth = {{ user = \"me\", password_env = \"GATEWAY_SECRET\" }} }}",
        provider.base
    );
    let message = answer_to("gateway:in-1", "hello");
    let receipt = gateway(&table).send(&message).await.unwrap();
    let [request] = &provider.requests()[..] else { panic!("one request") };
    assert!(request.header("authorization").starts_with("Basic "));
    (serde_json::from_str(&request.body).unwrap(), receipt)
}

#[tokio::test]
async fn vumi_gets_its_json() {
    let (json, receipt) = answered("vumi", r#"{"message_id": "vumi-1"}"#).await;
    let expected = serde_json::json!({
        "content": "hello", "to_addr": "+14158675309", "from_addr": "+15005550006",
        "session_event": null, "metadata": { "rapidsms_msg_id": "out-1" },
        "in_reply_to": "in-1", "endpoint": "default",
    });
    assert_eq!(json, expected);
    assert_eq!(receipt.provider_id, "vumi-1");
}

#[test]
fn message_of_vumi_is_answered_without_a_body() {
    let vumi = gateway("preset = \"vumi\"\nincoming.allow = [\"0.0.0.0/0\"]");
    let body = r#"{"message_id": "m1", "to_addr": "+15005550006", "from_addr": "+14158675309",
        "in_reply_to": null, "session_event": "new", "content": null, "transport_name": "smpp",
        "transport_type": "sms", "group": null}"#;
    let incoming = message(vumi.receive(&posted(JSON, body)));
    assert_eq!(incoming.id.as_str(), "m1");
    assert_eq!(incoming.sender, Address::new("gateway", "+14158675309", "+15005550006"));
    assert_eq!(incoming.text.reveal(), "", "a session begins without a text");
    assert_eq!(incoming.parameters.get("session_event"), Some("new"));
    let answer = vumi.answer(None);
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

#[tokio::test]
async fn junebug_gets_its_json_and_reports_delivery() {
    let response = r#"{"status": 201, "result": {"message_id": "jb-1"}}"#;
    let (json, receipt) = answered("junebug", response).await;
    assert_eq!(receipt.provider_id, "jb-1");
    assert_eq!(json["to"], "+14158675309");
    assert_eq!(json["from"], "+15005550006");
    assert_eq!(json["content"], "hello");
    assert_eq!(json["reply_to"], "in-1");
    let url = json["event_url"].as_str().unwrap();
    let target = url.strip_prefix("https://example.com").unwrap();

    let junebug = gateway("preset = \"junebug\"\nincoming.allow = [\"0.0.0.0/0\"]");
    for (event, status) in [
        ("submitted", Some(DeliveryStatus::Sent)),
        ("delivery_succeeded", Some(DeliveryStatus::Delivered)),
        ("delivery_failed", Some(DeliveryStatus::Failed)),
        ("rejected", Some(DeliveryStatus::Failed)),
        ("delivery_pending", None),
    ] {
        let body = format!(r#"{{"event_type": "{event}", "message_id": "jb-1"}}"#);
        let mut request = posted(JSON, &body);
        target.clone_into(&mut request.target);
        let expected = status.map_or(Received::Nothing, |status| {
            let mut report = Report::new("jb-1", status);
            report.message = Some(MessageId::new("out-1"));
            report.cause = Some(MessageId::new("gateway:in-1"));
            Received::Report(report)
        });
        assert_eq!(junebug.receive(&request), Ok(expected), "{event}");
    }
}

#[test]
fn pictures_of_a_provider_are_passed_on_only_by_configuration() {
    for preset in ["telnyx", "vonage"] {
        let table = format!("preset = \"{preset}\"\nline = \"+15005550006\"");
        assert_eq!(gateway(&table).media_policy(), MediaPolicy::Refused, "{preset}");
        let direct = gateway(&format!("{table}\nmedia = \"direct\""));
        assert_eq!(direct.media_policy(), MediaPolicy::Direct, "{preset}");
    }
}
