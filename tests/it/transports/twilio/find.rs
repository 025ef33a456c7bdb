//! Search of Twilio's message list for a message whose response was lost.

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::transport::{SendError, Transport};
use crosswire::transports::twilio::{Twilio, TwilioConfig};
use rstest::rstest;

use super::provider::{Action, Provider};
use super::{ACCOUNT, outbound, test_config};

fn since() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

/// Listed message, created so many seconds after `since`.
fn listed(sid: &str, body: &str, after: i64) -> serde_json::Value {
    serde_json::json!({
        "sid": sid,
        "direction": "outbound-api",
        "body": body,
        "date_created": (since() + TimeDelta::seconds(after)).to_rfc2822(),
        "date_sent": null,
        "status": "queued",
    })
}

fn page(messages: &[serde_json::Value], next: Option<&str>) -> Action {
    let page = serde_json::json!({ "messages": messages, "next_page_uri": next });
    Action::Answer(200, "", page.to_string())
}

fn next(number: usize) -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json?To=x&Page={number}&PageToken=y")
}

fn at(provider: &Provider) -> Twilio {
    Twilio::new(TwilioConfig { api_base: provider.base.clone(), ..test_config() }).unwrap()
}

async fn found(provider: &Provider) -> Vec<String> {
    let found = at(provider).find(&outbound("hi"), since()).await.unwrap().unwrap();
    found.into_iter().map(|sent| sent.provider_id).collect()
}

#[tokio::test]
async fn possible_matches_are_found_newest_first() {
    let with = |mut message: serde_json::Value, name: &str, value: &str| {
        message[name] = value.into();
        message
    };
    let provider = Provider::start([page(
        &[
            listed("SM-second", "hi", 5),
            listed("SM-first", "hi", 9),
            listed("SM-trial", "Sent from your Twilio trial account - hi", 4),
            with(listed("SM-failed", "hi", 3), "status", "failed"),
            listed("SM-another-text", "hi there", 3),
            with(listed("SM-theirs", "hi", 3), "direction", "inbound"),
            with(listed("SM-answer", "hi", 3), "direction", "outbound-reply"),
            listed("SM-just-in-time", "hi", 0),
            listed("SM-too-old", "hi", -1),
        ],
        Some(&next(1)),
    )]);
    assert_eq!(
        found(&provider).await,
        ["SM-first", "SM-second", "SM-trial", "SM-failed", "SM-just-in-time"]
    );
    let [request] = &provider.requests()[..] else { panic!("the first page was enough") };
    assert_eq!(
        request.line,
        format!(
            "GET /2010-04-01/Accounts/{ACCOUNT}/Messages.json\
            ?To=%2B14158675309&PageSize=100&From=%2B15005550006"
        )
    );
    assert_eq!(
        request.header("authorization"),
        "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjoxMjM0NQ=="
    );
}

#[tokio::test]
async fn listing_stops_at_the_first_page_that_is_too_old() {
    let provider = Provider::start([
        page(&[listed("SM1", "other", 9)], Some(&next(1))),
        page(&[listed("SM2", "hi", 5)], Some(&next(2))),
        page(&[listed("SM3", "hi", -90)], Some(&next(3))),
    ]);
    assert_eq!(found(&provider).await, ["SM2"]);
    let lines: Vec<_> = provider.requests().into_iter().map(|request| request.line).collect();
    assert_eq!(lines[1..], [format!("GET {}", next(1)), format!("GET {}", next(2))]);
}

#[tokio::test]
async fn text_is_found_as_it_was_sent() {
    let provider = Provider::start([page(&[listed("SM1", "it's", 5)], None)]);
    let mut settings = TwilioConfig { api_base: provider.base.clone(), ..test_config() };
    settings.options.smart_encoding = true;
    let twilio = Twilio::new(settings).unwrap();
    let found = twilio.find(&outbound("it\u{2019}s"), since()).await.unwrap().unwrap();
    assert_eq!(found[0].provider_id, "SM1");
}

#[tokio::test]
async fn empty_list_finds_nothing() {
    assert!(found(&Provider::start([page(&[], None)])).await.is_empty());
}

#[tokio::test]
async fn search_with_a_messaging_service_covers_every_line() {
    let provider = Provider::start([page(&[], None)]);
    let messaging_service_sid = Some("MG1".to_owned());
    let settings =
        TwilioConfig { api_base: provider.base.clone(), messaging_service_sid, ..test_config() };
    let found = Twilio::new(settings).unwrap().find(&outbound("hi"), since()).await;
    assert_eq!(found, Ok(Some(Vec::new())));
    assert!(provider.requests()[0].line.ends_with("?To=%2B14158675309&PageSize=100"));
}

#[tokio::test]
async fn endless_list_is_ambiguous() {
    let endless = |body: &str| {
        let page = page(&[listed("SM1", body, 9)], Some(&next(1)));
        Provider::start(std::iter::repeat_n(page, 5))
    };
    // A match on the pages that were read may be another message with the same text.
    for body in ["hi", "other"] {
        let unsure = at(&endless(body)).find(&outbound("hi"), since()).await;
        assert!(matches!(unsure, Err(SendError::Ambiguous(_))), "{unsure:?}");
    }
}

#[rstest]
#[case("https://evil.example/2010-04-01/Accounts/x/Messages.json?Page=1")]
#[case("//evil.example/")]
#[case("@evil.example/")]
#[case("/elsewhere?Page=1")]
#[tokio::test]
async fn credentials_stay_on_the_configured_list(#[case] next: &str) {
    let provider = Provider::start([page(&[listed("SM1", "hi", 9)], Some(next))]);
    let outcome = at(&provider).find(&outbound("hi"), since()).await;
    assert!(matches!(outcome, Err(SendError::Ambiguous(_))), "{outcome:?}");
    assert_eq!(provider.requests().len(), 1);
}

#[tokio::test]
async fn failed_listing_is_classified_like_a_failed_send() {
    let refused = |next: Action| async {
        at(&Provider::start([next])).find(&outbound("hi"), since()).await.unwrap_err()
    };
    let answer = |status, body: &str| Action::Answer(status, "", body.to_owned());
    assert!(matches!(refused(answer(200, "garbage")).await, SendError::Ambiguous(_)));
    assert!(matches!(refused(answer(200, "{}")).await, SendError::Ambiguous(_)));
    assert!(matches!(refused(answer(500, "")).await, SendError::Ambiguous(_)));
    assert!(matches!(refused(answer(429, "")).await, SendError::Throttled { .. }));
    assert!(matches!(
        refused(answer(401, r#"{"code":20003}"#)).await,
        SendError::Account { code: 20003, .. }
    ));
    let closed = refused(Action::Close).await;
    assert!(matches!(closed, SendError::Ambiguous(_)));
    assert!(!closed.to_string().contains("415867"), "{closed}");
}
