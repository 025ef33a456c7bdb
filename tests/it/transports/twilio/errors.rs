//! Classification of error responses and broken exchanges.

use crosswire::contracts::transport::{SendError, SentReceipt, Transport};
use rstest::rstest;

use super::outbound;
use super::provider::{Action, Provider};
use super::send::{CREATED, twilio_at};

async fn answered(next: Action) -> Result<SentReceipt, SendError> {
    let provider = Provider::start([next]);
    twilio_at(&provider.base).send(&outbound("hi")).await
}

/// Summary of an outcome: its class, with the code or the pause.
pub(super) fn short(outcome: Result<SentReceipt, SendError>) -> String {
    match outcome {
        Ok(sent) => format!("sent {}", sent.provider_id),
        Err(SendError::Throttled { retry_after: None }) => "throttled".to_owned(),
        Err(SendError::Throttled { retry_after: Some(pause) }) => {
            format!("throttled {}", pause.as_secs())
        }
        Err(SendError::AccountThrottled { retry_after }) => {
            format!("account throttled {}", retry_after.as_secs())
        }
        Err(SendError::NotSent(_)) => "not sent".to_owned(),
        Err(SendError::Ambiguous(_)) => "ambiguous".to_owned(),
        Err(SendError::Recipient { code, .. }) => format!("recipient {code}"),
        Err(SendError::Message { code, .. }) => format!("message {code}"),
        Err(SendError::Line { code, .. }) => format!("line {code}"),
        Err(SendError::Account { code, .. }) => format!("account {code}"),
        Err(other) => panic!("a new kind of error: {other:?}"),
    }
}

#[rstest]
#[case(401, 20003, "account 20003")]
#[case(403, 20005, "account 20005")]
#[case(404, 20404, "account 20404")]
#[case(403, 30002, "account 30002")]
#[case(400, 21212, "line 21212")]
#[case(400, 21603, "line 21603")]
#[case(400, 21606, "line 21606")]
#[case(400, 21607, "line 21607")]
#[case(400, 21659, "line 21659")]
#[case(400, 21660, "line 21660")]
#[case(400, 21701, "line 21701")]
#[case(400, 21705, "line 21705")]
#[case(403, 30032, "line 30032")]
#[case(400, 30034, "line 30034")]
#[case(400, 21661, "line 21661")]
#[case(400, 21609, "account 21609")]
#[case(400, 30003, "not sent")]
#[case(400, 30008, "not sent")]
#[case(400, 30500, "not sent")]
#[case(400, 30018, "recipient 30018")]
#[case(400, 21621, "message 21621")]
#[case(400, 63007, "line 63007")]
#[case(400, 21211, "recipient 21211")]
#[case(403, 21408, "recipient 21408")]
#[case(400, 21608, "recipient 21608")]
#[case(400, 21610, "recipient 21610")]
#[case(400, 21614, "recipient 21614")]
#[case(400, 63033, "recipient 63033")]
#[case(400, 21602, "message 21602")]
#[case(400, 21617, "message 21617")]
#[case(400, 63016, "message 63016")]
#[case(400, 99999, "message 99999")]
#[case(401, 99999, "account 99999")]
#[case(429, 20429, "throttled")]
#[case(429, 99999, "throttled")]
#[case(429, 21611, "throttled 60")]
#[case(400, 21611, "throttled 60")]
#[case(400, 30023, "throttled 3600")]
#[case(400, 63010, "not sent")]
#[case(503, 20503, "not sent")]
#[case(500, 20503, "not sent")]
#[case(500, 20500, "ambiguous")]
#[case(400, 20500, "ambiguous")]
#[case(503, 20500, "ambiguous")]
#[case(500, 21610, "ambiguous")]
#[tokio::test]
async fn error_code_decides_what_follows(
    #[case] status: u16,
    #[case] code: u32,
    #[case] expected: &str,
) {
    let body = format!(r#"{{"code":{code},"message":"+14158675309 refused","status":{status}}}"#);
    let outcome = answered(Action::Answer(status, "", body)).await;
    assert!(!format!("{outcome:?}").contains("415867"), "a reason quotes a number");
    assert_eq!(short(outcome), expected);
}

#[rstest]
#[case(201, "garbage", "ambiguous")]
#[case(201, "{}", "ambiguous")]
#[case(201, r#"{"sid":""}"#, "ambiguous")]
#[case(201, "", "ambiguous")]
#[case(200, CREATED, "sent SMfedcba9876543210fedcba9876543210")]
#[case(302, "", "account 302")]
#[case(400, "<html>", "message 400")]
#[case(413, "", "message 413")]
#[case(401, "", "account 401")]
#[case(403, "<html>", "account 403")]
#[case(404, "", "account 404")]
#[case(407, "", "account 407")]
#[case(408, "", "ambiguous")]
#[case(429, "slow down", "throttled")]
#[case(500, "", "ambiguous")]
#[case(502, "<html>", "ambiguous")]
#[case(503, "20503", "ambiguous")]
#[case(504, r#"{"code":"20503"}"#, "ambiguous")]
#[tokio::test]
async fn response_without_a_twilio_code_is_classified_by_its_status(
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: &str,
) {
    assert_eq!(short(answered(Action::Answer(status, "", body.to_owned())).await), expected);
}

#[rstest]
#[case("Retry-After: 7\r\n", "account throttled 7")]
#[case("Retry-After: 18446744073709551615\r\n", "account throttled 86400")]
#[case(
    "Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 10:00:30 GMT\r\n",
    "account throttled 30"
)]
#[case("Retry-After: Sat, 21 Nov 2026 10:00:30 GMT\r\n", "throttled")]
#[case("Retry-After: soon\r\n", "throttled")]
#[case("Retry-After: -1\r\n", "throttled")]
#[tokio::test]
async fn retry_after_is_honoured(#[case] headers: &'static str, #[case] expected: &str) {
    assert_eq!(short(answered(Action::Answer(429, headers, String::new())).await), expected);
}

#[rstest]
#[case::closed_after_reading(Action::Close, "ambiguous")]
#[case::reset_while_reading(Action::Reset, "ambiguous")]
#[case::success_that_breaks_off(Action::Break(201, CREATED.to_owned()), "ambiguous")]
#[case::failure_that_breaks_off(Action::Break(500, r#"{"code":20503}"#.to_owned()), "ambiguous")]
#[case::refusal_that_breaks_off(Action::Break(400, r#"{"code":21610}"#.to_owned()), "not sent")]
#[tokio::test]
async fn broken_exchange_is_ambiguous_unless_provably_not_sent(
    #[case] next: Action,
    #[case] expected: &str,
) {
    assert_eq!(short(answered(next).await), expected);
}
