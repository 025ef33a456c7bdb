//! `sendsms` requests.

use crosswire::contracts::transport::{SendError, SentReceipt, Transport};
use crosswire::model::address::{Address, Identity};
use crosswire::model::message::{Cause, Media, MessageId, Outbound};
use crosswire::transports::kannel::config::Alphabet;
use crosswire::transports::kannel::{Kannel, KannelConfig};
use percent_encoding::percent_decode_str;
use rstest::rstest;

use super::{SECRET, outbound, test_config};
use crate::transports::twilio::provider::{Action, Provider};

const ACCEPTED: &str = "0: Accepted for delivery";

/// Sends a message to a Kannel that accepts it, and returns the query of the request.
async fn sent(change: impl FnOnce(&mut KannelConfig), message: &Outbound) -> String {
    let provider = Provider::start([Action::Answer(202, "", ACCEPTED.to_owned())]);
    let mut config = test_config(&format!("{}/cgi-bin/sendsms", provider.base));
    change(&mut config);
    let receipt = Kannel::new(config).unwrap().send(message).await;
    assert_eq!(receipt, Ok(SentReceipt::new("out-1")));
    let [request] = &provider.requests()[..] else { panic!("one request") };
    let target = request.line.strip_prefix("GET /cgi-bin/sendsms?").expect("a GET");
    target.split(' ').next().unwrap().to_owned()
}

fn value(query: &str, name: &str) -> Option<Vec<u8>> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
    let mut values = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    let value = values.next().map(|value| percent_decode_str(value).collect());
    assert_eq!(values.next(), None, "{name} occurs twice");
    value
}

fn text(query: &str, name: &str) -> Option<String> {
    value(query, name).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn plain_message_has_the_documented_parameters_and_no_more() {
    let query = sent(|_| (), &outbound("Hello & café: 5 €")).await;
    assert_eq!(
        query,
        "username=rapidsms&password=change%20me%26&to=%2B14158675309\
         &text=Hello%20%26%20caf%C3%A9%3A%205%20%E2%82%AC&charset=UTF-8&coding=0&from=1234"
    );
}

#[tokio::test]
async fn text_outside_of_gsm_is_sent_as_utf_16() {
    let query = sent(|_| (), &outbound("fête 🎲 क")).await;
    let units: Vec<u8> = "fête 🎲 क".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(value(&query, "text"), Some(units));
    assert_eq!(text(&query, "charset").as_deref(), Some("UTF-16BE"));
    assert_eq!(text(&query, "coding").as_deref(), Some("2"));
}

#[tokio::test]
async fn gsm7_drops_the_characters_outside_of_it() {
    let query = sent(|it| it.encoding = Alphabet::Gsm7, &outbound("fête 🎲!")).await;
    assert_eq!(text(&query, "text").as_deref(), Some("fte !"));
    assert_eq!(text(&query, "coding").as_deref(), Some("0"));
}

#[tokio::test]
async fn line_of_the_message_chooses_sender_and_smsc() {
    let routes = |config: &mut KannelConfig| {
        config.smsc = Some("usual".to_owned());
        config.smscs = [("5678".to_owned(), "smsc b".to_owned())].into();
        config.priority = Some(3);
    };
    let mut message = outbound("hi");
    let query = sent(routes, &message).await;
    assert_eq!(text(&query, "from").as_deref(), Some("1234"));
    assert_eq!(text(&query, "smsc").as_deref(), Some("usual"));
    assert_eq!(text(&query, "priority").as_deref(), Some("3"));
    message.to.line = Identity::new("5678");
    let query = sent(routes, &message).await;
    assert_eq!(text(&query, "from").as_deref(), Some("5678"));
    assert_eq!(text(&query, "smsc").as_deref(), Some("smsc b"));
    let query = sent(|it| it.from.clear(), &outbound("hi")).await;
    assert_eq!(text(&query, "from"), None);
}

#[tokio::test]
async fn media_are_sent_as_links() {
    let mut message = outbound("Look");
    message.media = vec![Media::new("https://example.com/a.png", "image/png")];
    let query = sent(|_| (), &message).await;
    assert_eq!(text(&query, "text").as_deref(), Some("Look\nhttps://example.com/a.png"));
    message.text = "".into();
    let query = sent(|_| (), &message).await;
    assert_eq!(text(&query, "text").as_deref(), Some("https://example.com/a.png"));
}

#[tokio::test]
async fn report_url_keeps_kannels_escapes_and_doubles_every_other_percent_sign() {
    let mut message = outbound("hi");
    let id = MessageId::new("my-kannel:a%d&b é");
    message.cause = Some(Cause { id, only: true });
    let route = "https://example.com/status/poll/my-kannel";
    let query = sent(|it| it.report_route = Some(route.to_owned()), &message).await;
    assert_eq!(text(&query, "dlr-mask").as_deref(), Some("31"));
    let url = format!(
        "{route}?message_id=out-1&cause=my-kannel%%3Aa%%25d%%26b%%20%%C3%%A9&secret={SECRET}\
         &status=%d&status_text=%A&smsc=%i&sms_id=%I&foreign_id=%F&date_sent=%t&identity=%p"
    );
    assert_eq!(text(&query, "dlr-url"), Some(url));
}

#[tokio::test]
async fn parameters_of_the_configured_url_are_kept() {
    let provider = Provider::start([Action::Answer(202, "", ACCEPTED.to_owned())]);
    let config = test_config(&format!("{}/send?account=poll%26more", provider.base));
    Kannel::new(config).unwrap().send(&outbound("hi")).await.unwrap();
    let line = &provider.requests()[0].line;
    assert!(line.starts_with("GET /send?account=poll%26more&username="), "{line}");
}

#[rstest]
#[case("")]
#[case("+14158675309 +14158675310")]
#[case("+14158675309\n+14158675310")]
#[case("a\u{a0}b")]
#[tokio::test]
async fn recipient_that_kannel_would_split_is_refused(#[case] identity: &str) {
    let mut message = outbound("hi");
    message.to = Address::new("my-kannel", identity, "");
    let sent = Kannel::new(test_config("http://127.0.0.1:9/")).unwrap().send(&message).await;
    assert!(matches!(sent, Err(SendError::Recipient { .. })), "{sent:?}");
}

/// Returns the class of a failure, without its sentence.
fn class(outcome: &Result<SentReceipt, SendError>) -> &'static str {
    match outcome {
        Err(SendError::NotSent(_)) => "not sent",
        Err(SendError::Ambiguous(_)) => "ambiguous",
        Err(SendError::Account { .. }) => "account",
        _ => "other",
    }
}

#[rstest]
#[case(Action::Close, "ambiguous")]
#[case(Action::Reset, "ambiguous")]
#[case(Action::Break(503, "Temporal".to_owned()), "ambiguous")]
#[case(Action::Answer(503, "", "Temporal failure, try again later.".to_owned()), "not sent")]
#[case(Action::Answer(403, "", "Authorization failed for sendsms".to_owned()), "account")]
#[case(Action::Answer(302, "location: http://127.0.0.1:9/\r\n", String::new()), "account")]
#[tokio::test]
async fn failure_is_classified(#[case] action: Action, #[case] expected: &str) {
    let provider = Provider::start([action]);
    let kannel = Kannel::new(test_config(&provider.base)).unwrap();
    let outcome = kannel.send(&outbound("hi")).await;
    assert_eq!(class(&outcome), expected, "{outcome:?}");
    let shown = format!("{outcome:?}");
    for secret in ["change", "rapidsms", "14158675309"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn timeout_is_ambiguous_and_a_refused_connection_is_not_sent() {
    let provider = Provider::start([Action::Hang]);
    let mut config = test_config(&provider.base);
    config.limits.timeout = std::time::Duration::from_millis(200);
    let outcome = Kannel::new(config).unwrap().send(&outbound("hi")).await;
    assert_eq!(class(&outcome), "ambiguous", "{outcome:?}");
    let kannel = Kannel::new(test_config("http://127.0.0.1:9/")).unwrap();
    let outcome = kannel.send(&outbound("hi")).await;
    assert_eq!(class(&outcome), "not sent", "{outcome:?}");
}

#[tokio::test]
async fn message_waits_until_credentials_are_configured() {
    let mut config = test_config("http://127.0.0.1:9/");
    config.credentials = None;
    let kannel = Kannel::new(config).unwrap();
    assert!(kannel.missing().unwrap().contains("KANNEL_USERNAME"));
    assert_eq!(class(&kannel.send(&outbound("hi")).await), "account");
}
