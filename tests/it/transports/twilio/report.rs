//! Parsing of delivery reports.

use crosswire::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report, Transport};
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
        assert_eq!(twilio().receive(&request), Ok(Received::Report(report)));
    }
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
