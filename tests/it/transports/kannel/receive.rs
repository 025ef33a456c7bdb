//! Messages as Kannel's `get-url` brings them.

use crosswire::contracts::transport::{ReceiveError, Received, Transport, WebhookRequest};
use crosswire::model::address::Address;
use crosswire::model::message::{Incoming, MessageId, Parameters};
use proptest::prelude::*;
use rstest::rstest;

use super::{SECRET, called, kannel, request};

const PATH: &str = "/backend/my-kannel/";

fn message(query: &str) -> Incoming {
    match called(PATH, query) {
        Ok(Received::Message(incoming)) => *incoming,
        other => panic!("not a message: {other:?}"),
    }
}

#[test]
fn documented_get_url_is_a_message() {
    let incoming = message("id=%2B14158675309&text=Hello+caf%C3%A9&charset=UTF-8&coding=0");
    let sender = Address::new("my-kannel", "+14158675309", "1234");
    let mut expected = Incoming::without_id(sender, "Hello café");
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let parameters = [("charset", "UTF-8"), ("coding", "0")].map(pair);
    expected.parameters = Parameters(parameters.to_vec());
    assert_eq!(incoming, expected);
}

#[test]
fn every_escape_of_the_full_get_url_is_used() {
    let incoming = message(
        "id=%2B14158675309&text=%D8%3C%DF%B2%09%15&charset=UTF-16BE&coding=2&to=5678\
         &message_id=5b5f3b7e-9d0c-4e2f-8f3c-0a1b2c3d4e5f&time=2026-11-22+00%3A10%3A20&smsc=modem",
    );
    assert_eq!(incoming.id, MessageId::new("5b5f3b7e-9d0c-4e2f-8f3c-0a1b2c3d4e5f"));
    assert_eq!(incoming.sender, Address::new("my-kannel", "+14158675309", "5678"));
    assert_eq!(incoming.text.reveal(), "🎲क");
    assert_eq!(incoming.parameters.get("time"), Some("2026-11-22 00:10:20"));
    assert_eq!(incoming.parameters.get("smsc"), Some("modem"));
    for hidden in ["secret", "id", "text", "to", "message_id", "text_problem"] {
        assert_eq!(incoming.parameters.get(hidden), None, "{hidden}");
    }
}

#[test]
fn empty_text_is_a_message() {
    assert_eq!(message("id=1234&text=").text.reveal(), "");
    assert_eq!(message("id=1234&text").text.reveal(), "");
}

#[test]
fn text_that_cannot_be_decoded_is_taken_with_its_problem() {
    let incoming = message("id=1&text=%D8%3C%00h&charset=UTF-16BE&coding=2&text_problem=none");
    assert_eq!(incoming.text.reveal(), "\u{fffd}h");
    assert_eq!(incoming.parameters.get("text_problem"), Some("replaced characters"));
    let incoming = message("id=1&text=hi&charset=klingon");
    assert_eq!(incoming.text.reveal(), "hi");
    assert_eq!(incoming.parameters.get("text_problem"), Some("unknown charset"));
}

#[rstest]
#[case("%2B14158675309")]
#[case("+14158675309")]
#[case("14158675309")]
#[case("0014158675309")]
fn sender_is_one_person_in_every_spelling(#[case] id: &str) {
    assert_eq!(message(&format!("id={id}&text=")).sender.identity.reveal(), "+14158675309");
}

#[rstest]
#[case("", &["id", "text"])]
#[case("id=1", &["text"])]
#[case("id=&text=hi", &["id"])]
#[case("ID=1&TEXT=hi", &["id", "text"])]
fn missing_parameters_are_named_together(#[case] query: &str, #[case] missing: &[&'static str]) {
    assert_eq!(called(PATH, query), Err(ReceiveError::Missing(missing.to_vec())));
}

#[rstest]
#[case("id=1&id=2&text=hi")]
#[case("id=1&text=hi&text=ho")]
#[case("id=1&text=hi&to=1&to=2")]
#[case("id=1&text=hi&charset=GSM&charset=UTF-8")]
#[case("id=1&text=hi&message_id=1&message_id=2")]
#[case("id=%FF&text=hi")]
#[case("id=%2B1%0D%0AX&text=hi")]
#[case("id=a%00b&text=hi")]
#[case("id=+&text=hi")]
#[case("id=12345678901234567890123456789012345678901234567890123456789012345&text=hi")]
#[case("id=1&text=hi&to=%07")]
#[case("id=1&text=hi&charset=%FF")]
#[case("id=1&text=hi&message_id=a+b")]
#[case("id=1&text=hi&message_id=a%0Ab")]
#[case("id=1&text=hi&message_id=1234567890123456789012345678901234567890123456789012345678901234x")]
fn malformed_call_is_refused(#[case] query: &str) {
    let received = called(PATH, query);
    assert!(matches!(received, Err(ReceiveError::Malformed(_))), "{received:?}");
}

#[rstest]
#[case("a&".repeat(101))]
#[case("text=".to_owned() + &"%41".repeat(6_000))]
fn oversized_call_is_refused_before_its_secret(#[case] query: String) {
    let received = kannel().receive(&request(&format!("{PATH}?{query}")));
    assert!(matches!(received, Err(ReceiveError::TooLarge(_))), "{received:?}");
}

#[rstest]
#[case("POST")]
#[case("HEAD")]
#[case("get")]
fn method_other_than_get_is_refused(#[case] method: &str) {
    let target = format!("{PATH}?id=1&text=hi&secret={SECRET}");
    let request = WebhookRequest { method: method.to_owned(), ..request(&target) };
    assert_eq!(kannel().receive(&request), Err(ReceiveError::Method("GET")));
}

#[test]
fn call_without_the_secret_is_refused_and_learns_nothing() {
    for query in ["id=1&text=hi", "id=1", "", "secret=0123456789abcdee&id=1&text=hi"] {
        for path in [PATH, "/status/poll", "/queue/poll"] {
            let received = kannel().receive(&request(&format!("{path}?{query}")));
            assert!(
                matches!(received, Err(ReceiveError::Denied(_))),
                "{path}?{query} {received:?}"
            );
        }
    }
}

#[test]
fn message_is_answered_without_a_body() {
    let kannel = kannel();
    for answer in [kannel.answer(Some("would become an SMS")), kannel.answer(None)] {
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn call_never_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                "[%&=+A-Z0-9\\PC]{0,12}",
                "(id|text|to|charset|coding|message_id|status|cause)=\\PC{0,9}",
                "charset=(UTF-16BE|GSM|8-BIT|utf-7|iso-2022-kr)",
                Just("id=%2B1&text=%D8%00".to_owned()),
                Just("status=16&message_id=out-1&status_text=NACK%2F0x".to_owned()),
            ],
            0..12,
        ),
        is_report in any::<bool>(),
    ) {
        let path = if is_report { "/status/poll" } else { PATH };
        let received = called(path, &pieces.join("&"));
        let is_denied = matches!(received, Err(ReceiveError::Denied(_) | ReceiveError::Method(_)));
        prop_assert!(!is_denied);
    }
}
