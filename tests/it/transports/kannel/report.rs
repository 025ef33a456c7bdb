//! Delivery reports, as Kannel calls the URL that came with a message.

use crosswire::contracts::transport::{DeliveryStatus, ReceiveError, Received, Report, Transport};
use crosswire::model::message::MessageId;
use rstest::rstest;

use super::{called, kannel};

const REPORT: &str = "message_id=out-1&cause=my-kannel:in-1&status=8&status_text=ACK%2F&smsc=modem\
    &sms_id=5b5f3b7e&foreign_id=&date_sent=2026-11-22+00:10:20&identity=%2B14158675309";

fn report(path: &str, query: &str) -> Report {
    match called(path, query) {
        Ok(Received::Report(report)) => report,
        other => panic!("not a report: {other:?}"),
    }
}

#[test]
fn report_is_parsed_with_every_field_on_every_path() {
    let mut expected = Report::new("5b5f3b7e", DeliveryStatus::Sent);
    expected.message = Some(MessageId::new("out-1"));
    expected.cause = Some(MessageId::new("my-kannel:in-1"));
    for path in ["/status/poll/my-kannel", "/backend/my-kannel/delivery-report/"] {
        assert_eq!(report(path, REPORT), expected);
    }
}

#[rstest]
#[case("1", "", DeliveryStatus::Delivered, None)]
#[case("2", "stat:UNDELIV+err:027+text:hi", DeliveryStatus::Failed, Some(27))]
#[case("4", "", DeliveryStatus::Sent, None)]
#[case("8", "ACK/err:027", DeliveryStatus::Sent, None)]
#[case("16", "NACK/0x0000000b/Invalid", DeliveryStatus::Failed, Some(11))]
#[case("16", "%FF%00", DeliveryStatus::Failed, None)]
fn status_is_classified(
    #[case] status: &str,
    #[case] text: &str,
    #[case] expected: DeliveryStatus,
    #[case] code: Option<u32>,
) {
    let query = format!("message_id=out-1&status={status}&status_text={text}");
    let report = report("/status/poll", &query);
    assert_eq!((report.status, report.code), (expected, code));
    assert_eq!(report.provider_id, "out-1", "our own id, when no other is named");
}

#[test]
fn id_of_the_smsc_comes_before_that_of_kannel() {
    let report = report("/status/poll", "message_id=o&status=1&sms_id=kannels&foreign_id=smscs");
    assert_eq!(report.provider_id, "smscs");
}

#[test]
fn unknown_status_needs_nothing_done() {
    for status in ["0", "3", "32", "4294967295"] {
        let query = format!("message_id=out-1&status={status}");
        assert_eq!(called("/status/poll", &query), Ok(Received::Nothing), "{status}");
    }
}

#[rstest]
#[case("status=1")]
#[case("message_id=out-1")]
#[case("message_id=&status=1")]
#[case("message_id=out-1&status=")]
#[case("id=1&text=hi")]
fn incomplete_report_is_refused(#[case] query: &str) {
    assert!(matches!(called("/status/poll", query), Err(ReceiveError::Missing(_))));
}

#[rstest]
#[case("message_id=out-1&status=one")]
#[case("message_id=out-1&status=-1")]
#[case("message_id=out-1&status=4294967296")]
#[case("message_id=out-1&status=1&status=2")]
#[case("message_id=out-1&message_id=out-2&status=1")]
#[case("message_id=a%0Ab&status=1")]
#[case("message_id=out-1&cause=a%00b&status=1")]
#[case("message_id=%FF&status=1")]
fn malformed_report_is_refused(#[case] query: &str) {
    assert!(matches!(called("/status/poll", query), Err(ReceiveError::Malformed(_))));
}

#[test]
fn report_is_acknowledged_with_200_and_no_body() {
    let answer = kannel().acknowledge();
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}
