//! What a genuine call is understood to say.

use crosswire::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report, Transport};
use crosswire::model::address::Address;
use crosswire::model::message::{Incoming, Media, MessageId, OptOut, Parameters};
use crosswire::transports::twilio::{NAME, Twilio, TwilioConfig};
use proptest::prelude::*;
use rstest::rstest;

use super::{ACCOUNT, call, settings, twilio};

const SID: &str = "SM0123456789abcdef0123456789abcdef";
const MESSAGE: &str = "MessageSid=SM0123456789abcdef0123456789abcdef&Body=hi\
    &From=%2B14158675309&To=%2B15005550006";

fn posted(form: &str) -> Result<Received, ReceiveError> {
    twilio().receive(&call("https://example.com", "/queue/echo", Some(form)))
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

fn is_malformed(received: &Result<Received, ReceiveError>) -> bool {
    matches!(received, Err(ReceiveError::Malformed(_)))
}

#[test]
fn a_whole_message_is_understood_to_the_letter() {
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
fn a_get_says_the_same_as_a_post() {
    let request = call("https://example.com", &format!("/sms?{MESSAGE}#rc=1"), None);
    let signed_without_fragment = call("https://example.com", &format!("/sms?{MESSAGE}"), None);
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
fn everything_that_is_missing_is_named_at_once(
    #[case] form: &str,
    #[case] missing: &[&'static str],
) {
    assert_eq!(posted(form), Err(ReceiveError::Missing(missing.to_vec())));
}

#[test]
fn a_line_that_is_not_named_is_the_configured_one() {
    let from_number = Some("+15005550000".to_owned());
    let twilio = Twilio::new(TwilioConfig { from_number, ..settings() }).unwrap();
    for (to, line) in [("", "+15005550000"), ("&To=", "+15005550000"), ("&To=%2B1", "+1")] {
        let form = format!("Body=&From=%2B14158675309&MessageSid={SID}{to}");
        match twilio.receive(&call("https://example.com", "/in", Some(&form))) {
            Ok(Received::Message(it)) => assert_eq!(it.sender.line.reveal(), line),
            other => panic!("not a message: {other:?}"),
        }
    }
}

#[rstest]
#[case("SmsMessageSid")]
#[case("SmsSid")]
fn the_id_has_older_names(#[case] name: &str) {
    assert_eq!(message(&MESSAGE.replace("MessageSid", name)).id, MessageId::new(SID));
}

#[rstest]
#[case::a_doubled_body("Body=hi")]
#[case::a_doubled_sender("From=%2B1")]
#[case::a_doubled_line("To=%2B1")]
#[case::a_doubled_id("MessageSid=SM0123456789abcdef0123456789abcdef")]
#[case::a_doubled_account("AccountSid=AC0123456789abcdef0123456789abcdef&AccountSid=AC1")]
#[case::another_account("AccountSid=AC00000000000000000000000000000000")]
#[case::no_account("AccountSid=")]
#[case::media_in_words("NumMedia=one")]
#[case::negative_media("NumMedia=-1")]
#[case::signed_media("NumMedia=%2B1&MediaUrl0=https%3A%2F%2Fa")]
#[case::media_that_are_not_there("NumMedia=2&MediaUrl0=https%3A%2F%2Fa")]
#[case::no_utf_8_in_any_value("Other=%FF")]
#[case::no_utf_8_in_a_name("%C3%28=1")]
fn a_contradiction_is_refused(#[case] more: &str) {
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
fn a_field_out_of_shape_is_refused(#[case] name: &str, #[case] value: &str) {
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
fn an_id_may_be_of_sms_or_mms_in_any_case(#[case] sid: &str) {
    assert_eq!(message(&MESSAGE.replace(SID, sid)).id.as_str(), sid);
}

#[rstest]
#[case::parameters("a=&".repeat(197), false)]
#[case::media("NumMedia=11".to_owned(), false)]
#[case::very_many_media("NumMedia=99999999999999999999999999".to_owned(), false)]
#[case::bytes("a".repeat(64 * 1024), false)]
#[case::as_many_as_allowed("a=&".repeat(196), true)]
#[case::as_long_as_allowed("a".repeat(60 * 1024), true)]
fn what_is_too_much_is_refused(#[case] more: String, #[case] fits: bool) {
    match with(&more) {
        Ok(Received::Message(_)) => assert!(fits),
        Err(ReceiveError::TooLarge(_)) => assert!(!fits),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_text_is_for_the_validators_to_judge() {
    let text = "x".repeat(1_601);
    assert_eq!(message(&MESSAGE.replace("hi", &text)).text.reveal(), text);
}

#[rstest]
#[case("STOP", Some(OptOut::Stop))]
#[case("start", Some(OptOut::Start))]
#[case("HELP", Some(OptOut::Help))]
#[case("", None)]
#[case("OTHER", None)]
fn an_opt_out_that_twilio_has_answered_is_known(
    #[case] named: &str,
    #[case] expected: Option<OptOut>,
) {
    assert_eq!(message(&format!("{MESSAGE}&OptOutType={named}")).opt_out, expected);
}

#[rstest]
#[case("accepted", DeliveryStatus::Underway)]
#[case("scheduled", DeliveryStatus::Underway)]
#[case("queued", DeliveryStatus::Underway)]
#[case("sending", DeliveryStatus::Underway)]
#[case("sent", DeliveryStatus::Sent)]
#[case("partially_delivered", DeliveryStatus::Sent)]
#[case("delivered", DeliveryStatus::Delivered)]
#[case("read", DeliveryStatus::Delivered)]
#[case("undelivered", DeliveryStatus::Failed)]
#[case("failed", DeliveryStatus::Failed)]
#[case("canceled", DeliveryStatus::Failed)]
fn a_delivery_report_says_how_far_a_message_has_come(
    #[case] named: &str,
    #[case] status: DeliveryStatus,
) {
    for name in ["MessageStatus", "SmsStatus"] {
        let form = format!("SmsSid={SID}&MessageSid={SID}&{name}={named}&ErrorCode=30005&To=x");
        let request =
            call("https://example.com", "/status?message=out%3A1&cause=in-1", Some(&form));
        let report = Report {
            message: Some(MessageId::new("out:1")),
            cause: Some(MessageId::new("in-1")),
            provider_id: SID.to_owned(),
            status,
            code: Some(30005),
        };
        assert_eq!(twilio().receive(&request), Ok(Received::Report(report)));
    }
}

#[rstest]
#[case("")]
#[case("&ErrorCode=")]
#[case("&ErrorCode=0")]
#[case("&ErrorCode=none")]
fn a_report_may_say_little(#[case] more: &str) {
    let report = Report {
        message: None,
        cause: None,
        provider_id: SID.to_owned(),
        status: DeliveryStatus::Sent,
        code: None,
    };
    let form = format!("MessageSid={SID}&MessageStatus=sent{more}");
    assert_eq!(posted(&form), Ok(Received::Report(report)));
}

#[test]
fn a_report_in_words_that_are_new_changes_nothing() {
    let form = format!("MessageSid={SID}&MessageStatus=teleported");
    assert_eq!(posted(&form), Ok(Received::Nothing));
    assert_eq!(posted("MessageStatus=sent"), Err(ReceiveError::Missing(vec!["MessageSid"])));
    assert!(is_malformed(&posted("MessageStatus=sent&MessageSid=SM1")));
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
    fn no_genuine_call_makes_it_panic(
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
            call("https://example.com", &format!("/in?{}", form.replace('#', "")), None)
        } else {
            call("https://example.com", "/in", Some(&form))
        };
        let received = twilio().receive(&request);
        let is_forged = matches!(received, Err(ReceiveError::Forged { .. }));
        prop_assert!(!is_forged);
    }
}
