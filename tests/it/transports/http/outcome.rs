//! Meaning of a gateway's responses.

use crosswire::contracts::transport::{SendError, SentReceipt};
use rstest::rstest;

use super::{gateway, outbound};
use crate::transports::twilio::provider::{Action, Provider};

async fn outcome(settings: &str, action: Action) -> String {
    let provider = Provider::start([action]);
    let table =
        format!("incoming.allow = [\"::/0\"]\noutgoing.url = \"{}/\"\n{settings}", provider.base);
    match gateway(&table).send(&outbound("hi")).await {
        Ok(SentReceipt { provider_id, .. }) => format!("sent {provider_id}"),
        Err(SendError::Throttled { retry_after }) => format!("throttled {retry_after:?}"),
        Err(SendError::NotSent(_)) => "not sent".to_owned(),
        Err(SendError::Ambiguous(_)) => "ambiguous".to_owned(),
        Err(SendError::Message { code, .. }) => format!("message {code}"),
        Err(SendError::Account { code, .. }) => format!("account {code}"),
        Err(other) => format!("{other:?}"),
    }
}

#[rstest]
#[case(200, "", "sent out-1")]
#[case(204, "", "sent out-1")]
#[case(302, "Location: /\r\n", "account 302")]
#[case(400, "", "message 400")]
#[case(401, "", "account 401")]
#[case(402, "", "account 402")]
#[case(403, "", "account 403")]
#[case(404, "", "account 404")]
#[case(408, "", "ambiguous")]
#[case(422, "", "message 422")]
#[case(429, "", "throttled None")]
#[case(429, "Retry-After: 7\r\n", "throttled Some(7s)")]
#[case(500, "", "ambiguous")]
#[case(502, "", "ambiguous")]
#[case(503, "", "ambiguous")]
#[case(503, "Retry-After: 7\r\n", "throttled Some(7s)")]
#[tokio::test]
async fn status_decides(
    #[case] status: u16,
    #[case] headers: &'static str,
    #[case] expected: &str,
) {
    assert_eq!(outcome("", Action::Answer(status, headers, String::new())).await, expected);
}

#[rstest]
#[case("outgoing.retry = [502, 503]", 502, "not sent")]
#[case("outgoing.retry = [400]", 400, "not sent")]
#[case("outgoing.success_status = [202]", 202, "sent out-1")]
#[case("outgoing.success_status = [202]", 200, "ambiguous")]
#[case("outgoing.success = \"accepted\"", 200, "sent out-1")]
#[case("outgoing.success = \"queued\"", 200, "message 200")]
#[case("outgoing.response_id = \"data.0.id\"", 200, "sent 77")]
#[case("outgoing.response_id = \"data.id\"", 200, "sent out-1")]
#[tokio::test]
async fn configuration_decides(
    #[case] settings: &str,
    #[case] status: u16,
    #[case] expected: &str,
) {
    let body = r#"{"result": "accepted", "data": [{"id": 77}]}"#.to_owned();
    assert_eq!(outcome(settings, Action::Answer(status, "", body)).await, expected);
}

#[tokio::test]
async fn broken_or_endless_body_is_no_proof_of_a_refusal() {
    let success = "outgoing.success = \"accepted\"";
    let broken = Action::Break(200, "acc".to_owned());
    assert_eq!(outcome(success, broken).await, "ambiguous");
    let endless = Action::Answer(200, "", "x".repeat(300 * 1024));
    assert_eq!(outcome(success, endless).await, "ambiguous");
}

#[test]
fn gateway_is_idempotent_when_it_is_said_to_be() {
    let table = "incoming.allow = [\"::/0\"]\noutgoing = { id = \"ref\", idempotent = true }";
    assert!(gateway(table).is_idempotent());
    assert!(!gateway("incoming.allow = [\"::/0\"]").is_idempotent());
}
