//! Texts through a deployment that has no provider but the fake: it calls the webhook, takes the
//! replies, and reports their delivery.

use crate::flows::ROULETTE;
use crate::flows::texts::CONNECTED;
use crate::support::twilio::{Callbacks, Delivery, InboundText};
use crate::support::{Deployment, PATIENCE, Setup};

const ONE: &str = "+14155550301";
const OTHER: &str = "+14155550302";

async fn deployment() -> Deployment {
    let deployment = Setup::new(ROULETTE).own_redis().start().await;
    let webhook = deployment.url("/queue/roulette#rc=2&rp=all");
    deployment.twilio().set_webhook(&webhook);
    deployment
}

async fn text(deployment: &Deployment, from: &str, body: &str) {
    let outcome = deployment.twilio().receive(InboundText::new(from, body)).await;
    assert_eq!((outcome.statuses.as_slice(), outcome.error), (&[200][..], None));
}

/// Waits until a phone has received a text.
async fn received(deployment: &Deployment, number: &str, body: &str) {
    let is_there = |sent: &[crate::support::twilio::Message]| {
        sent.iter().any(|message| message.to == number && message.body == body)
    };
    deployment.twilio().wait_until(PATIENCE, is_there).await;
}

#[tokio::test]
async fn strangers_chat_by_signed_webhooks_alone() {
    let deployment = deployment().await;
    for number in [ONE, OTHER] {
        text(&deployment, number, "connect").await;
    }
    for number in [ONE, OTHER] {
        received(&deployment, number, CONNECTED).await;
    }
    text(&deployment, ONE, "Hello & <b>you</b> ☎").await;
    received(&deployment, OTHER, "Stranger: Hello & <b>you</b> ☎").await;
}

#[tokio::test]
async fn early_doubled_and_swapped_reports_are_all_acknowledged() {
    let deployment = deployment().await;
    let callbacks =
        Callbacks { early: 1000, doubled: 1000, swapped: 1000, ..Delivery::Delivered.into() };
    deployment.twilio().report(callbacks);
    text(&deployment, ONE, "connect").await;
    let journal = deployment.twilio().journal();
    assert!(journal.wait_until(PATIENCE, |it| it.report_answers().len() >= 4).await);
    assert_eq!(journal.report_answers(), [204; 4]);
}

#[tokio::test]
async fn webhook_is_called_again_until_web_is_back() {
    let deployment = deployment().await;
    deployment.kill_web();
    let lost = deployment.twilio().receive(InboundText::new(ONE, "connect")).await;
    assert_eq!((lost.statuses.as_slice(), lost.error), (&[0; 3][..], Some(11205)));
    deployment.start_web();
    deployment.wait_ready().await;
    text(&deployment, ONE, "connect").await;
}

#[tokio::test]
async fn simultaneous_duplicates_are_one_message() {
    let deployment = deployment().await;
    let doubled = InboundText { again: 4, ..InboundText::new(ONE, "connect") };
    let outcome = deployment.twilio().receive(doubled).await;
    assert_eq!(outcome.statuses, [200; 5]);
    text(&deployment, OTHER, "connect").await;
    for number in [ONE, OTHER] {
        received(&deployment, number, CONNECTED).await;
    }
    let connected = |number: &str| {
        let sent = deployment.twilio().messages();
        sent.into_iter().filter(|it| it.to == number && it.body == CONNECTED).count()
    };
    assert_eq!((connected(ONE), connected(OTHER)), (1, 1));
}
