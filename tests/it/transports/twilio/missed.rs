//! Messages in Twilio's list whose webhook may have been lost.

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::transport::{SendError, Transport};
use crosswire::model::clock::{Clock, SystemClock};
use crosswire::transports::twilio::{Twilio, TwilioConfig};
use serde_json::{Value, json};

use super::provider::{Action, Provider};
use super::{ACCOUNT, test_config};

const LINE: &str = "+15005550006";

fn answer(body: &Value) -> Action {
    Action::Answer(200, "", body.to_string())
}

/// Numbers of the account, each with its webhook.
fn numbers(webhooks: &[(&str, Option<&str>)]) -> Action {
    let number =
        |(number, url): &(&str, Option<&str>)| json!({"phone_number": number, "sms_url": url});
    let numbers: Vec<_> = webhooks.iter().map(number).collect();
    answer(&json!({"incoming_phone_numbers": numbers, "next_page_uri": null}))
}

fn page(messages: &[Value]) -> Action {
    answer(&json!({"messages": messages, "next_page_uri": null}))
}

/// Message to the line, received so many seconds ago.
fn listed(sid: &str, body: &str, ago: i64) -> Value {
    json!({
        "sid": sid,
        "direction": "inbound",
        "from": "+1 415 867 5309",
        "to": LINE,
        "body": body,
        "num_media": "0",
        "date_created": (SystemClock.now() - TimeDelta::seconds(ago)).to_rfc2822(),
    })
}

fn since() -> DateTime<Utc> {
    SystemClock.now() - TimeDelta::minutes(3)
}

fn at(provider: &Provider) -> Twilio {
    let mut config = TwilioConfig { api_base: provider.base.clone(), ..test_config() };
    config.options.webhooks = vec!["https://e.example/queue/t".to_owned()];
    Twilio::new(config).unwrap()
}

#[tokio::test]
async fn missed_messages_of_the_topics_own_lines_are_listed_oldest_first() {
    let mut theirs = listed("SM-outbound", "no", 60);
    theirs["direction"] = "outbound-api".into();
    let provider = Provider::start([
        numbers(&[
            ("+15005550001", Some("https://other.example/queue/t")),
            ("+15005550002", Some("https://e.example/queue/t-other")),
            ("+15005550003", None),
            (LINE, Some("https://e.example/queue/t#rc=5&rp=all")),
        ]),
        page(&[
            listed("SM-new", "too new", 5),
            listed("SM-second", "two", 40),
            theirs,
            listed("SM-first", "one", 90),
            listed("SM-old", "too old", 300),
        ]),
    ]);
    let missed = at(&provider).missed(since()).await.unwrap().unwrap();
    let texts: Vec<_> = missed.iter().map(|it| (it.id.as_str(), it.text.reveal())).collect();
    assert_eq!(texts, [("SM-first", "one"), ("SM-second", "two")]);
    assert_eq!(missed[0].sender.identity.reveal(), "+14158675309");
    assert_eq!(missed[0].sender.line.reveal(), LINE);
    let lines: Vec<_> = provider.requests().into_iter().map(|request| request.line).collect();
    let account = format!("GET /2010-04-01/Accounts/{ACCOUNT}");
    let expected = [
        format!("{account}/IncomingPhoneNumbers.json?PageSize=1000"),
        format!("{account}/Messages.json?To=%2B15005550006&PageSize=1000"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn media_of_a_missed_message_are_those_of_its_list() {
    let mut picture = listed("MM1", "", 40);
    picture["num_media"] = "1".into();
    let file = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1");
    let media = json!({"content_type": "image/png", "sid": "ME1"});
    let provider = Provider::start([
        numbers(&[(LINE, Some("https://e.example/queue/t"))]),
        page(&[picture]),
        answer(&json!({"media_list": [media]})),
    ]);
    let missed = at(&provider).missed(since()).await.unwrap().unwrap();
    let [medium] = &missed[0].media[..] else { panic!("one picture: {missed:?}") };
    assert_eq!(medium.url, format!("{}{file}", provider.base));
    assert_eq!(medium.content_type, "image/png");
    assert!(missed[0].sent_at.is_some_and(|at| at < SystemClock.now() - TimeDelta::seconds(30)));
}

#[tokio::test]
async fn media_that_cannot_be_listed_cost_their_message_alone_its_media() {
    let mut picture = listed("MM1", "look", 90);
    picture["num_media"] = "1".into();
    let provider = Provider::start([
        numbers(&[(LINE, Some("https://e.example/queue/t"))]),
        page(&[listed("SM2", "two", 40), picture]),
        Action::Answer(500, "", String::new()),
    ]);
    let missed = at(&provider).missed(since()).await.unwrap().unwrap();
    let texts: Vec<_> = missed.iter().map(|it| (it.text.reveal(), it.media.len())).collect();
    assert_eq!(texts, [("look", 0), ("two", 0)]);
}

#[tokio::test]
async fn list_with_more_pages_than_are_read_is_an_error() {
    let next = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1");
    let messages = [listed("SM1", "one", 60)];
    let page = || answer(&json!({"messages": messages, "next_page_uri": next}));
    let mut answers = vec![numbers(&[(LINE, Some("https://e.example/queue/t"))])];
    answers.extend((0..20).map(|_| page()));
    let provider = Provider::start(answers);
    let outcome = at(&provider).missed(since()).await;
    assert!(matches!(outcome, Err(SendError::Ambiguous(_))), "{outcome:?}");
    assert_eq!(provider.requests().len(), 21);
}

#[tokio::test]
async fn account_without_a_line_of_ours_is_not_listed() {
    let provider = Provider::start([numbers(&[(LINE, Some("https://other.example/"))])]);
    assert_eq!(at(&provider).missed(since()).await, Ok(Some(Vec::new())));
    assert_eq!(provider.requests().len(), 1);
    let private = Twilio::new(test_config()).unwrap();
    assert_eq!(private.missed(since()).await, Ok(None));
    assert_eq!(private.sweep_interval(), None);
}

#[tokio::test]
async fn list_that_cannot_be_read_is_an_error() {
    let refused = Action::Answer(401, "", r#"{"code":20003}"#.to_owned());
    let outcome = at(&Provider::start([refused])).missed(since()).await;
    assert!(matches!(outcome, Err(SendError::Account { code: 20003, .. })), "{outcome:?}");
}
