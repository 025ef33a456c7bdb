//! The recorded events of a message, as an operator lists them.

use super::ROULETTE;
use super::texts::NO_CALL;
use crate::support::twilio::Delivery;
use crate::support::{PATIENCE, Setup, poll};

/// Events of a delivered message, in order.
const SEVEN: [&str; 7] =
    ["received", "validated", "queued", "handled", "sent", "recorded", "delivered"];

#[tokio::test]
async fn events_command_lists_seven_events_and_masks_numbers() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    deployment.twilio().report(Delivery::Delivered);
    let phone = deployment.phone("+14155550101", "/sms");
    phone.text("call").await;
    assert_eq!(phone.wait_for(1).await, [NO_CALL]);
    let events = |arguments: &[&str]| {
        let output = deployment.crosswire(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let all = || {
        let shown = events(&["events", "--topic", "roulette"]);
        SEVEN.iter().all(|name| shown.contains(name)).then_some(shown)
    };
    let shown = poll(PATIENCE, all);
    let shown = shown.unwrap_or_else(|| {
        let answers = deployment.twilio().report_answers();
        panic!("{answers:?}\n{}", events(&["events", "--topic", "roulette"]))
    });
    assert!(!shown.contains("4155550101"), "{shown}");
    assert!(shown.contains("***01"), "{shown}");
    let revealed = events(&["events", "--topic", "roulette", "--show"]);
    assert!(revealed.contains("+14155550101"), "{revealed}");
    assert_eq!(deployment.twilio().report_answers(), [204, 204]);
    let provider_id =
        shown.split("provider ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let of_reply = events(&["events", provider_id.unwrap().trim_end_matches(',')]);
    assert!(SEVEN.iter().all(|name| of_reply.contains(name)), "{of_reply}");
    assert_eq!(events(&["events", "SM0"]), "no events are recorded of this message\n");
}

#[tokio::test]
async fn events_command_lists_failed_deliveries() {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    deployment.twilio().report(Delivery::Undelivered(30003));
    let phone = deployment.phone("+14155550101", "/sms");
    phone.text("call").await;
    phone.wait_for(1).await;
    let failed = || {
        let shown = deployment.crosswire(&["events", "--topic", "roulette"]);
        let shown = String::from_utf8(shown.stdout).unwrap();
        (shown.contains("failed") && shown.contains("30003")).then_some(())
    };
    assert_eq!(poll(PATIENCE, failed), Some(()), "{}", deployment.logs());
}
