//! Requests of the API client, and the state of its connections.

use std::time::Duration;

use crosswire::contracts::transport::{SendError, SentReceipt, Transport};
use crosswire::model::message::{Cause, Media, MessageId, Outbound};
use crosswire::transports::twilio::{Twilio, TwilioConfig};
use rstest::rstest;
use secrecy::SecretString;

use super::errors::short;
use super::provider::{Action, Provider};
use super::{ACCOUNT, FORM, outbound, test_config};

pub(super) const CREATED: &str =
    r#"{"sid":"SMfedcba9876543210fedcba9876543210","status":"queued"}"#;

fn created() -> Action {
    Action::Answer(201, "Content-Type: application/json\r\n", CREATED.to_owned())
}

fn sent() -> SentReceipt {
    SentReceipt::new("SMfedcba9876543210fedcba9876543210")
}

pub(super) fn twilio_at(base: &str) -> Twilio {
    Twilio::new(TwilioConfig { api_base: base.to_owned(), ..test_config() }).unwrap()
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
async fn reply_leaves_from_the_line_that_was_texted() {
    let (form, authorization) =
        requested(&outbound("It's me & you, + café 😀 "), test_config()).await;
    let expected =
        [("To", "+14158675309"), ("From", "+15005550006"), ("Body", "It's me & you, + café 😀 ")];
    assert_eq!(form, pairs(&expected));
    // AC0123456789abcdef0123456789abcdef:12345
    assert_eq!(authorization, "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjoxMjM0NQ==");
}

#[tokio::test]
async fn message_is_posted_with_every_parameter() {
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
        ..test_config()
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

/// Body of the request for this text, with smart encoding, and its cost in segments.
async fn smart(text: &str) -> (String, u32) {
    let mut settings = test_config();
    settings.options.smart_encoding = true;
    let cost = Twilio::new(settings.clone()).unwrap().segments(&outbound(text));
    let (form, _) = requested(&outbound(text), settings).await;
    let body = form.into_iter().find(|(name, _)| name == "Body").unwrap().1;
    (body, cost)
}

#[tokio::test]
async fn smart_encoding_replaces_look_alikes_where_that_saves_segments() {
    let quoted = format!("{}\u{2019}", "a".repeat(99));
    assert_eq!(twilio_at("https://api.twilio.com").segments(&outbound(&quoted)), 2);
    assert_eq!(smart(&quoted).await, (format!("{}'", "a".repeat(99)), 1));
    // Without room for the three dots.
    let full = format!("{}\u{2026}", "a".repeat(1599));
    assert_eq!(smart(&full).await.0, full);
}

#[tokio::test]
async fn validity_period_is_sent_in_seconds() {
    let mut settings = test_config();
    settings.options.validity_period = Some(Duration::from_mins(90));
    let (form, _) = requested(&outbound("hi"), settings).await;
    assert_eq!(form.last().unwrap(), &("ValidityPeriod".to_owned(), "5400".to_owned()));
}

#[tokio::test]
async fn eleventh_medium_is_refused_without_a_request() {
    let mut message = outbound("hi");
    message.media = vec![Media::new("https://a.example/1", "image/png"); 11];
    let provider = Provider::start([]);
    assert_eq!(short(twilio_at(&provider.base).send(&message).await), "message 21623");
    assert!(provider.requests().is_empty());
}

#[tokio::test]
async fn sealed_reference_takes_the_place_of_the_ids_in_the_callback() {
    let mut message = outbound("hi");
    message.reference = Some("sealed".to_owned());
    let status_callback = Some("https://example.com/status/t".to_owned());
    let (form, _) = requested(&message, TwilioConfig { status_callback, ..test_config() }).await;
    let callback = "https://example.com/status/t?reference=sealed";
    assert!(form.contains(&("StatusCallback".to_owned(), callback.to_owned())), "{form:?}");
}

#[tokio::test]
async fn missing_configuration_fails_without_a_request() {
    let twilio = Twilio::new(TwilioConfig { auth_token: None, ..test_config() }).unwrap();
    let refused = twilio.send(&outbound("hi")).await;
    assert!(matches!(refused, Err(SendError::Account { code: 20003, .. })), "{refused:?}");
    let mut nowhere = outbound("hi");
    nowhere.to.line = crosswire::model::address::Identity::new("");
    let refused = Twilio::new(test_config()).unwrap().send(&nowhere).await;
    assert!(matches!(refused, Err(SendError::Line { code: 21603, .. })), "{refused:?}");
}

#[tokio::test]
async fn time_out_after_the_request_is_ambiguous() {
    let provider = Provider::start([Action::Hang]);
    let timeout = Duration::from_millis(300);
    let twilio =
        Twilio::new(TwilioConfig { api_base: provider.base.clone(), timeout, ..test_config() })
            .unwrap();
    assert_eq!(short(twilio.send(&outbound("hi")).await), "ambiguous");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn failed_connection_is_not_sent() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let provider = Provider::start([Action::Close]);
    let no_tls = provider.base.replace("http:", "https:");
    for base in [format!("http://{closed}"), "http://unresolvable.invalid".to_owned(), no_tls] {
        let outcome = twilio_at(&base).send(&outbound("hi")).await;
        assert!(!format!("{outcome:?}").contains("415867"), "a reason quotes a number");
        assert_eq!(short(outcome), "not sent", "{base}");
    }
}

#[tokio::test]
async fn kept_connection_never_repeats_a_request() {
    let provider = Provider::start([created(), Action::Close, created()]);
    let twilio = twilio_at(&provider.base);
    assert_eq!(twilio.send(&outbound("one")).await, Ok(sent()));
    assert_eq!(short(twilio.send(&outbound("two")).await), "ambiguous");
    assert_eq!(provider.requests().len(), 2);
    assert_eq!(twilio.send(&outbound("three")).await, Ok(sent()));
}

#[tokio::test]
async fn closed_pooled_connection_never_duplicates_a_message() {
    let close = || Action::AnswerAndClose(201, CREATED.to_owned());
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
async fn credentials_follow_no_redirect(#[case] status: u16) {
    let elsewhere = Action::Answer(status, "Location: /elsewhere\r\n", String::new());
    let provider = Provider::start([elsewhere, created()]);
    let outcome = twilio_at(&provider.base).send(&outbound("hi")).await;
    assert_eq!(short(outcome), format!("account {status}"));
    assert_eq!(provider.requests().len(), 1);
}
