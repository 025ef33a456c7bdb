//! Event webhooks: an event is a message of the internal transport `events`, put into the outbox by
//! the step that makes it true. So it is reported exactly when it is true, retried and kept like any
//! other message, and delays none: its recipient is an address that no person has.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::contracts::storage::Entry;
use crate::contracts::storage::encoding::digest;
use crate::contracts::transport::Report;
use crate::model::address::{Address, Group, GroupKey};
use crate::model::clock::Clock;
use crate::model::event::EventKind;
use crate::model::message::{Inbound, Media, MessageId, Outbound};
use crate::model::topic::TopicName;
use crate::model::topic_events::{EVENTS, TopicEvents};

/// Source of a topic's events.
#[derive(Clone)]
pub struct EventSource {
    topic: TopicName,
    events: TopicEvents,
    groups: GroupKey,
    clock: Arc<dyn Clock>,
}

/// Body of an event.
#[derive(Serialize)]
struct EventJson<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    topic: &'a TopicName,
    timestamp: DateTime<Utc>,
    data: &'a Data<'a>,
}

/// Message that an event is about.
#[derive(Default, Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a MessageId>,
    /// The inbound message that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers: Option<&'a MessageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Media]>::is_empty")]
    media: &'a [Media],
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl EventSource {
    pub fn new(
        topic: TopicName,
        events: TopicEvents,
        groups: GroupKey,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { topic, events, groups, clock }
    }

    /// Returns whether an outbound message is an event itself, of which there is none.
    pub fn is_event(outbound: &Outbound) -> bool {
        outbound.to.transport == EVENTS
    }

    /// Event of a message that was taken in.
    pub fn received(&self, message: &Inbound) -> Option<Entry> {
        let mailbox = || self.groups.group(&message.sender);
        let key = message.key();
        let data = Data {
            message: Some(&key),
            person: Some(&message.sender),
            text: Some(message.text.reveal()),
            media: &message.media,
            ..Data::default()
        };
        self.entry(EventKind::Received, &key, mailbox, message.received_at, &data)
    }

    /// Event of a message that the provider has taken.
    pub fn sent(&self, outbound: &Outbound, provider_id: &str) -> Option<Entry> {
        let data = Data { provider_id: Some(provider_id), ..about(outbound) };
        self.outbound(EventKind::Sent, outbound, &data)
    }

    /// Event of a message that will not be sent.
    pub fn failed(&self, outbound: &Outbound, reason: &str) -> Option<Entry> {
        let data = Data { reason: Some(reason), ..about(outbound) };
        self.outbound(EventKind::Failed, outbound, &data)
    }

    /// Event of a delivery report.
    pub fn reported(&self, kind: EventKind, report: &Report) -> Option<Entry> {
        let data = Data {
            message: report.message.as_ref(),
            answers: report.cause.as_ref(),
            provider_id: Some(&report.provider_id),
            code: report.code,
            ..Data::default()
        };
        let subject = subject(report);
        let mailbox = || Group::from_id(subject.as_str());
        self.entry(kind, &subject, mailbox, self.clock.now(), &data)
    }

    fn outbound(&self, kind: EventKind, outbound: &Outbound, data: &Data<'_>) -> Option<Entry> {
        // Nobody reads an action on sockets.
        let is_action = outbound.content.as_ref().is_some_and(|content| content.effect.is_some());
        if is_action || Self::is_event(outbound) {
            return None;
        }
        let mailbox = || self.groups.group(&outbound.to);
        self.entry(kind, &outbound.id, mailbox, self.clock.now(), data)
    }

    /// Entry of an event. Its id follows from the kind and the subject, so that an event which became
    /// true again, after the store had lost a write, is known as the same one. The mailbox is a keyed hash,
    /// which a topic without events does not pay for.
    fn entry(
        &self,
        kind: EventKind,
        subject: &MessageId,
        mailbox: impl FnOnce() -> Group,
        timestamp: DateTime<Utc>,
        data: &Data<'_>,
    ) -> Option<Entry> {
        if !self.events.reports(kind) {
            return None;
        }
        let parts = ["event", self.topic.as_str(), kind.as_str(), subject.as_str()];
        let id = format!("evt_{}", hex::encode(digest(&parts)));
        let event = EventJson { kind: kind.as_str(), id: &id, topic: &self.topic, timestamp, data };
        let body = serde_json::to_string(&event).expect("an event is strings and times throughout");
        let to = Address::new(EVENTS, mailbox().as_str(), self.topic.as_str());
        let mut outbound = Outbound::new(to, body.into(), Vec::new(), None);
        outbound.id = MessageId::new(id);
        Some(Entry::owed(&outbound, &self.groups))
    }
}

/// Id of the message that a report is about.
pub fn subject(report: &Report) -> MessageId {
    let known = report.message.clone();
    known.unwrap_or_else(|| MessageId::new(format!("provider:{}", report.provider_id)))
}

fn about(outbound: &Outbound) -> Data<'_> {
    Data {
        message: Some(&outbound.id),
        answers: outbound.cause.as_ref().map(|cause| &cause.id),
        person: Some(&outbound.to),
        text: Some(outbound.text.reveal()),
        media: &outbound.media,
        ..Data::default()
    }
}
