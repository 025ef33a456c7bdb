//! Events of a topic: put into the outbox once, by the step that makes them true.

use std::sync::Arc;

use crosswire::contracts::transport::{DeliveryStatus, Received, Report};
use crosswire::engine::events::EventSource;
use crosswire::engine::intake::Intake;
use crosswire::model::address::{Address, WEBSOCKET};
use crosswire::model::clock::SystemClock;
use crosswire::model::event::EventKind;
use crosswire::model::frame::{FrameContent, SocketEffect};
use crosswire::model::message::{MessageId, Outbound};
use crosswire::model::topic_events::{EVENTS, ReportedEvent};
use rstest::rstest;
use serde_json::Value;

use super::intake::{call, message, pipeline, store};
use super::{groups, person};
use crate::storage::fixture::{Fixture, commit};

/// Intake of a topic that reports these events.
fn intake(
    f: &Fixture,
    events: &[ReportedEvent],
    received: impl Fn() -> Received + Send + Sync + 'static,
) -> Intake {
    let mut pipeline = pipeline(f, "twilio", received);
    pipeline.events = events.iter().copied().collect();
    Intake::new(Arc::clone(&f.storage), groups(), Arc::new(SystemClock), vec![pipeline])
}

/// Events in the outbox, as they are posted.
async fn owed(f: &Fixture) -> Vec<(MessageId, Value)> {
    let mut events = Vec::new();
    for _ in 0..f.storage.depth(&f.outbox()).await.unwrap().pending {
        let claim = f.claim_outbox().await;
        let outbound: Outbound = serde_json::from_str(&claim.payload).unwrap();
        assert_eq!(outbound.to.transport, EVENTS);
        events.push((outbound.id, serde_json::from_str(outbound.text.reveal()).unwrap()));
        f.complete(claim, commit()).await;
    }
    events
}

#[tokio::test]
async fn message_that_is_taken_in_twice_is_one_event() {
    let f = store();
    let intake = intake(&f, &ReportedEvent::ALL, || message("twilio"));
    for _ in 0..2 {
        intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    }
    let events = owed(&f).await;
    assert_eq!(events.len(), 1);
    let (id, event) = &events[0];
    assert_eq!((&event["type"], &event["id"]), (&"received".into(), &id.as_str().into()));
    assert_eq!(event["data"]["message"], "twilio:1");
    assert_eq!(event["data"]["person"]["identity"], person().identity.reveal());
    assert_eq!(event["data"]["text"], "hello");
}

#[test]
fn action_on_sockets_is_no_event() {
    let events = ReportedEvent::ALL.into_iter().collect();
    let source = EventSource::new("t".parse().unwrap(), events, groups(), Arc::new(SystemClock));
    let to = Address::new(WEBSOCKET, "session", "t");
    let mut outbound = Outbound::new(to, "".into(), Vec::new(), None);
    assert!(source.sent(&outbound, "P1").is_some());
    let effect = Some(SocketEffect::Attach { connection: "c".to_owned() });
    outbound.content = Some(Box::new(FrameContent { effect, ..FrameContent::default() }));
    assert!(source.sent(&outbound, "P1").is_none());
}

#[tokio::test]
async fn event_that_is_not_asked_for_is_not_reported() {
    let f = store();
    let intake = intake(&f, &[ReportedEvent::Sent], || message("twilio"));
    intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    assert_eq!(owed(&f).await, []);
}

#[rstest]
#[case(&[DeliveryStatus::Delivered, DeliveryStatus::Delivered], &["delivered"])]
#[case(&[DeliveryStatus::Sent, DeliveryStatus::Delivered, DeliveryStatus::Sent], &["delivered"])]
#[case(&[DeliveryStatus::Underway, DeliveryStatus::Failed, DeliveryStatus::Failed], &["failed"])]
#[case(&[DeliveryStatus::Failed, DeliveryStatus::Delivered], &["failed"])]
#[tokio::test]
async fn last_state_of_a_message_is_one_event(
    #[case] reports: &[DeliveryStatus],
    #[case] expected: &[&str],
) {
    let f = store();
    for status in reports.iter().copied() {
        let intake = intake(&f, &ReportedEvent::ALL, move || {
            let mut report = Report::new("P1", status);
            report.message = Some(MessageId::new("o1"));
            Received::Report(report)
        });
        intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    }
    let events = owed(&f).await;
    let kinds: Vec<&str> =
        events.iter().map(|(_, event)| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, expected);
    assert_eq!(events[0].1["data"]["message"], "o1");
    assert_eq!(f.kinds("o1").await.last().map(|kind| kind.as_str()), expected.last().copied());
}

#[tokio::test]
async fn full_topic_refuses_a_report_so_that_the_provider_repeats_it() {
    let f = store();
    let received = || {
        let mut report = Report::new("P1", DeliveryStatus::Delivered);
        report.message = Some(MessageId::new("o1"));
        Received::Report(report)
    };
    let mut full = pipeline(&f, "twilio", received);
    full.events = ReportedEvent::ALL.into_iter().collect();
    full.limits.max_depth = 0;
    let full = Intake::new(Arc::clone(&f.storage), groups(), Arc::new(SystemClock), vec![full]);
    full.receive(f.partition.topic.as_str(), call()).await.unwrap_err();
    assert_eq!(f.kinds("o1").await, [EventKind::Delivered]);
    let intake = intake(&f, &ReportedEvent::ALL, received);
    intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    assert_eq!(owed(&f).await.len(), 1);
    assert_eq!(f.kinds("o1").await, [EventKind::Delivered]);
}
