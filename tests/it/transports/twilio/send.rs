//! What goes to Twilio when a message is sent, and what its answers mean.

use std::time::Duration;

use crosswire::contracts::transport::{SendError, SentReceipt, Transport};
use crosswire::model::message::{Cause, Media, MessageId, Outbound};
use crosswire::transports::twilio::{Twilio, TwilioConfig};
use rstest::rstest;
use secrecy::SecretString;

use super::provider::{Move, Provider};
use super::{ACCOUNT, FORM, outbound, settings};

const CREATED: &str = r#"{"sid":"SMfedcba9876543210fedcba9876543210","status":"queued"}"#;

fn created() -> Move {
    Move::Answer(201, "Content-Type: application/json\r\n", CREATED.to_owned())
}

fn sent() -> SentReceipt {
    SentReceipt { provider_id: "SMfedcba9876543210fedcba9876543210".to_owned() }
}

fn twilio_at(base: &str) -> Twilio {
    Twilio::new(TwilioConfig { api_base: base.to_owned(), ..settings() }).unwrap()
}

async fn answered(next: Move) -> Result<SentReceipt, SendError> {
    let provider = Provider::start([next]);
    twilio_at(&provider.base).send(&outbound("hi")).await
}

/// The one request that these settings make of this message.
async fn requested(message: &Outbound, settings: TwilioConfig) -> (Vec<(String, String)>, String) {
    let provider = Provider::start([created()]);
    let twilio = Twilio::new(TwilioConfig { api_base: provider.base.clone(), ..settings }).unwrap();
    assert_eq!(twilio.send(message).await, Ok(sent()));
    let [request] = &provider.requests()[..] else { panic!("exactly one request") };
    assert_eq!(request.line, format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    assert_eq!(request.header("content-type"), FORM);
    let form = form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
    (form, request.header("authorization").to_owned())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_message_is_posted_from_the_line_that_was_texted() {
    let (form, authorization) = requested(&outbound("It's me & you, + café 😀 "), settings()).await;
    let expected =
        [("To", "+14158675309"), ("From", "+15005550006"), ("Body", "It's me & you, + café 😀 ")];
    assert_eq!(form, pairs(&expected));
    // AC0123456789abcdef0123456789abcdef:12345
    assert_eq!(authorization, "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjoxMjM0NQ==");
}

#[tokio::test]
async fn everything_that_can_go_with_a_message_goes() {
    let mut message = outbound("");
    message.to.line = crosswire::model::address::Identity::new("");
    message.cause = Some(Cause { id: MessageId::new("in&1"), only: true });
    for url in ["https://a.example/1", "https://a.example/2?x=y"] {
        message.media.push(Media::new(url, "image/png"));
    }
    let settings = TwilioConfig {
        api_key: Some("SK1".to_owned()),
        api_secret: Some(SecretString::from("secret")),
        from_number: Some("+15005550000".to_owned()),
        messaging_service_sid: Some("MG1".to_owned()),
        status_callback: Some("https://example.com/status?topic=a#rc=2".to_owned()),
        ..settings()
    };
    let (form, authorization) = requested(&message, settings).await;
    let expected = [
        ("To", "+14158675309"),
        ("From", "+15005550000"),
        ("MessagingServiceSid", "MG1"),
        ("MediaUrl", "https://a.example/1"),
        ("MediaUrl", "https://a.example/2?x=y"),
        ("StatusCallback", "https://example.com/status?topic=a&message=out-1&cause=in%261#rc=2"),
    ];
    assert_eq!(form, pairs(&expected));
    assert_eq!(authorization, "Basic U0sxOnNlY3JldA==");
}

#[tokio::test]
async fn what_is_not_configured_is_asked_for_without_a_request() {
    let twilio = Twilio::new(TwilioConfig { auth_token: None, ..settings() }).unwrap();
    let refused = twilio.send(&outbound("hi")).await;
    assert!(matches!(refused, Err(SendError::Account { code: 20003, .. })), "{refused:?}");
    let mut nowhere = outbound("hi");
    nowhere.to.line = crosswire::model::address::Identity::new("");
    let refused = Twilio::new(settings()).unwrap().send(&nowhere).await;
    assert!(matches!(refused, Err(SendError::Line { code: 21603, .. })), "{refused:?}");
}

/// The error in short: its kind, and its code or pause.
fn short(outcome: Result<SentReceipt, SendError>) -> String {
    match outcome {
        Ok(sent) => format!("sent {}", sent.provider_id),
        Err(SendError::Throttled { retry_after: None }) => "throttled".to_owned(),
        Err(SendError::Throttled { retry_after: Some(pause) }) => {
            format!("throttled {}", pause.as_secs())
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
async fn a_refusal_says_what_to_do_next(
    #[case] status: u16,
    #[case] code: u32,
    #[case] expected: &str,
) {
    let body = format!(r#"{{"code":{code},"message":"+14158675309 said no","status":{status}}}"#);
    let outcome = answered(Move::Answer(status, "", body)).await;
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
async fn an_answer_that_is_not_twilio_s_own_is_read_by_its_status(
    #[case] status: u16,
    #[case] body: &str,
    #[case] expected: &str,
) {
    assert_eq!(short(answered(Move::Answer(status, "", body.to_owned())).await), expected);
}

#[rstest]
#[case("Retry-After: 7\r\n", "throttled 7")]
#[case("Retry-After: 18446744073709551615\r\n", "throttled 86400")]
#[case(
    "Date: Sat, 21 Nov 2026 10:00:00 GMT\r\nRetry-After: Sat, 21 Nov 2026 10:00:30 GMT\r\n",
    "throttled 30"
)]
#[case("Retry-After: Sat, 21 Nov 2026 10:00:30 GMT\r\n", "throttled")]
#[case("Retry-After: soon\r\n", "throttled")]
#[case("Retry-After: -1\r\n", "throttled")]
#[tokio::test]
async fn a_pause_that_is_named_is_kept(#[case] headers: &'static str, #[case] expected: &str) {
    assert_eq!(short(answered(Move::Answer(429, headers, String::new())).await), expected);
}

#[rstest]
#[case::closed_after_reading(Move::Close, "ambiguous")]
#[case::reset_while_reading(Move::Reset, "ambiguous")]
#[case::success_that_breaks_off(Move::Break(201, CREATED.to_owned()), "ambiguous")]
#[case::failure_that_breaks_off(Move::Break(500, r#"{"code":20503}"#.to_owned()), "ambiguous")]
#[case::refusal_that_breaks_off(Move::Break(400, r#"{"code":21610}"#.to_owned()), "not sent")]
#[tokio::test]
async fn a_broken_exchange_is_not_sent_only_if_that_is_certain(
    #[case] next: Move,
    #[case] expected: &str,
) {
    assert_eq!(short(answered(next).await), expected);
}

#[tokio::test]
async fn silence_after_the_request_is_ambiguous() {
    let provider = Provider::start([Move::Hang]);
    let timeout = Duration::from_millis(300);
    let twilio =
        Twilio::new(TwilioConfig { api_base: provider.base.clone(), timeout, ..settings() })
            .unwrap();
    assert_eq!(short(twilio.send(&outbound("hi")).await), "ambiguous");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let provider = Provider::start([Move::Close]);
    let no_tls = provider.base.replace("http:", "https:");
    for base in [format!("http://{closed}"), "http://nobody.invalid".to_owned(), no_tls] {
        let outcome = twilio_at(&base).send(&outbound("hi")).await;
        assert!(!format!("{outcome:?}").contains("415867"), "a reason quotes a number");
        assert_eq!(short(outcome), "not sent", "{base}");
    }
}

#[tokio::test]
async fn nothing_is_written_twice_on_a_connection_that_was_kept() {
    let provider = Provider::start([created(), Move::Close, created()]);
    let twilio = twilio_at(&provider.base);
    assert_eq!(twilio.send(&outbound("one")).await, Ok(sent()));
    assert_eq!(short(twilio.send(&outbound("two")).await), "ambiguous");
    assert_eq!(provider.requests().len(), 2);
    assert_eq!(twilio.send(&outbound("three")).await, Ok(sent()));
}

#[tokio::test]
async fn a_connection_that_was_closed_in_the_pool_never_doubles_a_message() {
    let close = || Move::AnswerAndClose(201, CREATED.to_owned());
    let provider = Provider::start(std::iter::repeat_with(close).take(50));
    let twilio = twilio_at(&provider.base);
    for turn in 0..50 {
        let before = provider.requests().len();
        let outcome = twilio.send(&outbound(&turn.to_string())).await;
        let written = provider.requests().len() - before;
        match short(outcome).as_str() {
            "ambiguous" => assert!(written <= 1),
            outcome => {
                assert_eq!((outcome, written), ("sent SMfedcba9876543210fedcba9876543210", 1));
            }
        }
    }
}

#[rstest]
#[case(301)]
#[case(303)]
#[case(307)]
#[case(308)]
#[tokio::test]
async fn the_credentials_follow_no_redirect(#[case] status: u16) {
    let elsewhere = Move::Answer(status, "Location: /elsewhere\r\n", String::new());
    let provider = Provider::start([elsewhere, created()]);
    let outcome = twilio_at(&provider.base).send(&outbound("hi")).await;
    assert_eq!(short(outcome), format!("account {status}"));
    assert_eq!(provider.requests().len(), 1);
}
