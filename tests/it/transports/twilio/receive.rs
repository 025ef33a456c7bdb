//! Parsing of genuine messages.

use crosswire::contracts::transport::{ReceiveError, Received, Transport};
use crosswire::model::address::Address;
use crosswire::model::message::{Incoming, Media, MessageId, OptOut, Parameters};
use crosswire::transports::twilio::{NAME, Twilio, TwilioConfig};
use proptest::prelude::*;
use rstest::rstest;

use super::{ACCOUNT, signed_request, test_config, twilio};

pub(super) const SID: &str = "SM0123456789abcdef0123456789abcdef";
const MESSAGE: &str = "MessageSid=SM0123456789abcdef0123456789abcdef&Body=hi\
    &From=%2B14158675309&To=%2B15005550006";

pub(super) fn posted(form: &str) -> Result<Received, ReceiveError> {
    twilio().receive(&signed_request("https://example.com", "/queue/echo", Some(form)))
}

fn message(form: &str) -> Incoming {
    match posted(form) {
        Ok(Received::Message(incoming)) => *incoming,
        other => panic!("not a message: {other:?}"),
    }
}

/// The usual message, with a parameter more.
fn with(more: &str) -> Result<Received, ReceiveError> {
    posted(&format!("{MESSAGE}&{more}"))
}

pub(super) fn is_malformed(received: &Result<Received, ReceiveError>) -> bool {
    matches!(received, Err(ReceiveError::Malformed(_)))
}

#[test]
fn message_is_parsed_with_every_field() {
    let form = format!(
        "ToCountry=US&MediaContentType1=image%2Fgif&SmsMessageSid={SID}&NumMedia=2&ToCity=\
        &FromZip=94105&SmsSid={SID}&FromState=CA&SmsStatus=received&FromCity=SAN+FRANCISCO\
        &Body=+It%27s+caf%C3%A9+%F0%9F%98%80%0A+&FromCountry=&To=%2B15005550006&NumSegments=1\
        &MessageSid={SID}&AccountSid={ACCOUNT}&From=whatsapp%3A%2B14158675309\
        &MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fone&MediaContentType0=image%2Fpng\
        &MediaUrl1=https%3A%2F%2Fapi.twilio.com%2Ftwo&OptOutType=HELP&New=1&New=2"
    );
    let media = |path: &str, content_type: &str| {
        Media::new(format!("https://api.twilio.com/{path}"), content_type)
    };
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let sender = Address::new(NAME, "whatsapp:+14158675309", "+15005550006");
    let mut expected = Incoming::new(MessageId::new(SID), sender, " It's café 😀\n ");
    expected.media = vec![media("one", "image/png"), media("two", "image/gif")];
    expected.origin.city = Some("SAN FRANCISCO".to_owned());
    expected.origin.state = Some("CA".to_owned());
    expected.origin.zip = Some("94105".to_owned());
    expected.opt_out = Some(OptOut::Help);
    let parameters = [
        ("ToCountry", "US"),
        ("SmsMessageSid", SID),
        ("ToCity", ""),
        ("SmsSid", SID),
        ("SmsStatus", "received"),
        ("NumSegments", "1"),
        ("AccountSid", ACCOUNT),
        ("New", "1"),
        ("New", "2"),
    ];
    expected.parameters = Parameters(parameters.map(pair).to_vec());
    assert_eq!(message(&form), expected);
}

#[test]
fn get_is_parsed_like_a_post() {
    let request = signed_request("https://example.com", &format!("/sms?{MESSAGE}#rc=1"), None);
    let signed_without_fragment =
        signed_request("https://example.com", &format!("/sms?{MESSAGE}"), None);
    let request = crosswire::contracts::transport::WebhookRequest {
        headers: signed_without_fragment.headers,
        ..request
    };
    assert_eq!(twilio().receive(&request), posted(MESSAGE));
}

#[rstest]
#[case("", &["Body", "From", "MessageSid", "To"])]
#[case("Body=&To=%2B1", &["From", "MessageSid"])]
#[case("Body=hi&From=&To=&MessageSid=", &["From", "MessageSid", "To"])]
#[case("From=%2B1&To=%2B2&MessageSid=SM0123456789abcdef0123456789abcdef", &["Body"])]
fn missing_parameters_are_named_together(#[case] form: &str, #[case] missing: &[&'static str]) {
    assert_eq!(posted(form), Err(ReceiveError::Missing(missing.to_vec())));
}

#[test]
fn missing_line_is_the_configured_number() {
    let from_number = Some("+15005550000".to_owned());
    let twilio = Twilio::new(TwilioConfig { from_number, ..test_config() }).unwrap();
    for (to, line) in [("", "+15005550000"), ("&To=", "+15005550000"), ("&To=%2B1", "+1")] {
        let form = format!("Body=&From=%2B14158675309&MessageSid={SID}{to}");
        match twilio.receive(&signed_request("https://example.com", "/in", Some(&form))) {
            Ok(Received::Message(it)) => assert_eq!(it.sender.line.reveal(), line),
            other => panic!("not a message: {other:?}"),
        }
    }
}

#[rstest]
#[case("SmsMessageSid")]
#[case("SmsSid")]
fn message_id_has_older_names(#[case] name: &str) {
    assert_eq!(message(&MESSAGE.replace("MessageSid", name)).id, MessageId::new(SID));
}

#[rstest]
#[case::doubled_body("Body=hi")]
#[case::doubled_sender("From=%2B1")]
#[case::doubled_line("To=%2B1")]
#[case::doubled_id("MessageSid=SM0123456789abcdef0123456789abcdef")]
#[case::doubled_account("AccountSid=AC0123456789abcdef0123456789abcdef&AccountSid=AC1")]
#[case::another_account("AccountSid=AC00000000000000000000000000000000")]
#[case::no_account("AccountSid=")]
#[case::media_in_words("NumMedia=one")]
#[case::negative_media("NumMedia=-1")]
#[case::signed_media("NumMedia=%2B1&MediaUrl0=https%3A%2F%2Fa")]
#[case::media_that_are_not_there("NumMedia=2&MediaUrl0=https%3A%2F%2Fa")]
#[case::no_utf_8_in_any_value("Other=%FF")]
#[case::no_utf_8_in_a_name("%C3%28=1")]
fn contradictory_parameters_are_refused(#[case] more: &str) {
    assert!(is_malformed(&with(more)), "{:?}", with(more));
}

#[rstest]
#[case("MessageSid", "SM0123456789abcdef0123456789abcde")]
#[case("MessageSid", "SM0123456789abcdef0123456789abcdef0")]
#[case("MessageSid", "SM0123456789abcdef0123456789abcdeg")]
#[case("MessageSid", "CA0123456789abcdef0123456789abcdef")]
#[case("MessageSid", "sm0123456789abcdef0123456789abcdef")]
#[case("MessageSid", "SM0123456789abcdef0123456789abcdef%0A")]
#[case("From", "%2B1415%0D%0AX")]
#[case("From", "%2B1415%00")]
#[case("From", "%2B1%C2%A0415")]
#[case("From", "+")]
#[case("From", "12345678901234567890123456789012345678901234567890123456789012345")]
#[case("To", "%2B1415%07")]
#[case("Body", "a%00b")]
#[case("Body", "%ED%A0%80")]
#[case("Body", "%FF%FE")]
fn malformed_field_is_refused(#[case] name: &str, #[case] value: &str) {
    let pairs = MESSAGE.split('&').map(|pair| match pair.split_once('=') {
        Some((known, _)) if known == name => format!("{name}={value}"),
        _ => pair.to_owned(),
    });
    let form = pairs.collect::<Vec<_>>().join("&");
    assert!(is_malformed(&posted(&form)), "{:?}", posted(&form));
}

#[rstest]
#[case::mms("MM0123456789ABCDEF0123456789abcdef")]
#[case::sms("SM0123456789abcdef0123456789abcdef")]
fn message_id_is_sms_or_mms_in_either_case(#[case] sid: &str) {
    assert_eq!(message(&MESSAGE.replace(SID, sid)).id.as_str(), sid);
}

#[rstest]
#[case::parameters("a=&".repeat(197), false)]
#[case::media("NumMedia=11".to_owned(), false)]
#[case::very_many_media("NumMedia=99999999999999999999999999".to_owned(), false)]
#[case::bytes("a".repeat(64 * 1024), false)]
#[case::as_many_as_allowed("a=&".repeat(196), true)]
#[case::as_long_as_allowed("a".repeat(60 * 1024), true)]
fn oversized_request_is_refused(#[case] more: String, #[case] fits: bool) {
    match with(&more) {
        Ok(Received::Message(_)) => assert!(fits),
        Err(ReceiveError::TooLarge(_)) => assert!(!fits),
        other => panic!("{other:?}"),
    }
}

#[test]
fn long_text_is_left_to_the_validators() {
    let text = "x".repeat(1_601);
    assert_eq!(message(&MESSAGE.replace("hi", &text)).text.reveal(), text);
}

#[rstest]
#[case("STOP", Some(OptOut::Stop))]
#[case("start", Some(OptOut::Start))]
#[case("HELP", Some(OptOut::Help))]
#[case("", None)]
#[case("OTHER", None)]
fn opt_out_type_is_parsed(#[case] named: &str, #[case] expected: Option<OptOut>) {
    assert_eq!(message(&format!("{MESSAGE}&OptOutType={named}")).opt_out, expected);
}

#[rstest]
#[case("%2B14158675309", "%2B15005550006")]
#[case("14158675309", "15005550006")]
#[case("+14158675309", "0015005550006")]
#[case("%2B1+415-867-5309", "%2B1+(500)+555-0006")]
fn sender_and_line_are_the_same_person_in_every_spelling(#[case] from: &str, #[case] to: &str) {
    let form = MESSAGE.replace("%2B14158675309", from).replace("%2B15005550006", to);
    assert_eq!(message(&form).sender, Address::new(NAME, "+14158675309", "+15005550006"));
}

#[rstest]
#[case("24680")]
#[case("PIZZA")]
#[case("1112223333")]
#[case("messenger:14158675309")]
fn sender_that_is_no_international_number_stays_as_it_is(#[case] from: &str) {
    let form = MESSAGE.replace("%2B14158675309", from);
    assert_eq!(message(&form).sender.identity.reveal(), from);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn genuine_request_never_panics(
        pieces in proptest::collection::vec(
            prop_oneof![
                "[%&=+A-Z0-9\\PC]{0,12}",
                "(Body|From|To|MessageSid|NumMedia|MediaUrl[0-9]|MessageStatus|OptOutType)=\\PC{0,9}",
                Just(MESSAGE.to_owned()),
            ],
            0..12,
        ),
        in_query in any::<bool>(),
    ) {
        let form = pieces.join("&");
        let request = if in_query {
            signed_request("https://example.com", &format!("/in?{}", form.replace('#', "")), None)
        } else {
            signed_request("https://example.com", "/in", Some(&form))
        };
        let received = twilio().receive(&request);
        let is_forged = matches!(received, Err(ReceiveError::Forged { .. }));
        prop_assert!(!is_forged);
    }
}
