//! Parsing of delivery reports.

use crosswire::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, Transport, Unreachable,
};
use crosswire::model::message::MessageId;
use rstest::rstest;

use super::receive::{SID, is_malformed, posted};
use super::{signed_request, twilio};

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
fn delivery_report_carries_the_state_of_a_message(
    #[case] named: &str,
    #[case] status: DeliveryStatus,
) {
    for name in ["MessageStatus", "SmsStatus"] {
        let form = format!("SmsSid={SID}&MessageSid={SID}&{name}={named}&ErrorCode=30005&To=x");
        let request = signed_request(
            "https://example.com",
            "/status?message=out%3A1&cause=in-1",
            Some(&form),
        );
        let mut report = Report::new(SID, status);
        report.message = Some(MessageId::new("out:1"));
        report.cause = Some(MessageId::new("in-1"));
        report.code = Some(30005);
        report.meaning = Some("an unknown recipient".to_owned());
        report.unreachable =
            (status == DeliveryStatus::Failed).then_some(Unreachable::Undeliverable);
        assert_eq!(twilio().receive(&request), Ok(Received::Report(report)));
    }
}

#[rstest]
#[case(30003, Some(Unreachable::Undeliverable))]
#[case(30006, Some(Unreachable::Undeliverable))]
#[case(21610, Some(Unreachable::OptedOut))]
#[case(30004, Some(Unreachable::OptedOut))]
#[case(30007, None)]
#[case(30034, None)]
#[case(99999, None)]
fn code_of_a_failed_delivery_says_whether_the_recipient_can_be_reached(
    #[case] code: u32,
    #[case] verdict: Option<Unreachable>,
) {
    let form = format!("MessageSid={SID}&MessageStatus=undelivered&ErrorCode={code}");
    let Ok(Received::Report(report)) = posted(&form) else { panic!("{code} is a report") };
    assert_eq!((report.code, report.unreachable), (Some(code), verdict));
    assert!(report.meaning.is_some_and(|meaning| !meaning.is_empty()));
}

#[test]
fn sealed_reference_is_returned_with_the_report() {
    let form = format!("MessageSid={SID}&MessageStatus=sent");
    let target = "/status/t?reference=sealed-1";
    let request = signed_request("https://example.com", target, Some(&form));
    let mut report = Report::new(SID, DeliveryStatus::Sent);
    report.reference = Some("sealed-1".to_owned());
    assert_eq!(twilio().receive(&request), Ok(Received::Report(report)));
}

#[rstest]
#[case("")]
#[case("&ErrorCode=")]
#[case("&ErrorCode=0")]
#[case("&ErrorCode=none")]
fn report_without_optional_parameters_is_parsed(#[case] more: &str) {
    let report = Report::new(SID, DeliveryStatus::Sent);
    let form = format!("MessageSid={SID}&MessageStatus=sent{more}");
    assert_eq!(posted(&form), Ok(Received::Report(report)));
}

#[test]
fn report_with_an_unknown_status_is_ignored() {
    let form = format!("MessageSid={SID}&MessageStatus=teleported");
    assert_eq!(posted(&form), Ok(Received::Nothing));
    assert_eq!(posted("MessageStatus=sent"), Err(ReceiveError::Missing(vec!["MessageSid"])));
    assert!(is_malformed(&posted("MessageStatus=sent&MessageSid=SM1")));
}
