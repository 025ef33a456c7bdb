//! Trace: everything that became of a message or a person, in the order of time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::people::{people, shown};
use super::stuck::Waiting;
use super::{OperationError, Operations};
use crate::contracts::storage::{EventCursor, Partition};
use crate::engine::topic::TopicRuntime;
use crate::model::address::Group;
use crate::model::event::{Event, EventKind, forward_only};
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Events that are read by one round trip.
const PAGE: usize = 2_000;
/// Mailboxes of each state whose first message a trace looks at.
const LOOKED_AT: usize = 500;

/// Subject of a trace, and its time.
#[derive(Clone, Debug, Default)]
pub struct TraceQuery {
    pub topic: Option<String>,
    /// Id of a message, ours or the provider's, or the number of a person; everything when absent.
    pub about: Option<String>,
    /// Takes `about` for an id, whatever it looks like.
    pub is_id: bool,
    pub since: Option<DateTime<Utc>>,
}

/// Event of a trace.
#[derive(Clone, Debug)]
pub struct Traced {
    pub topic: TopicName,
    pub event: Event,
}

/// Event of a trace as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct TraceRow {
    pub at: DateTime<Utc>,
    pub topic: TopicName,
    pub message: MessageId,
    pub event: &'static str,
    pub actor: &'static str,
    pub person: Option<String>,
    pub outbound: Option<MessageId>,
    pub provider_id: Option<String>,
    pub reason: Option<String>,
    pub code: Option<u32>,
    pub segments: Option<u32>,
}

impl Traced {
    pub fn row(&self, show: bool) -> TraceRow {
        let Event { message, kind, at, detail } = &self.event;
        TraceRow {
            at: *at,
            topic: self.topic.clone(),
            message: message.clone(),
            event: kind.as_str(),
            actor: actor(*kind),
            person: detail.address.as_ref().map(|it| shown(&it.identity, show)),
            outbound: detail.outbound.clone(),
            provider_id: detail.provider_id.clone(),
            reason: detail.reason.clone(),
            code: detail.code,
            segments: detail.segments,
        }
    }
}

/// Follower of a trace: it knows what was seen, and how far the record was read.
pub struct Tracer<'a> {
    operations: &'a Operations,
    query: TraceQuery,
    topics: Vec<Subject<'a>>,
    cursors: BTreeMap<Partition, EventCursor>,
}

/// Subject of a trace in one topic.
struct Subject<'a> {
    service: &'a TopicRuntime,
    /// Ids of the message, as each transport records it, and of inbound messages that it belongs to.
    messages: BTreeSet<MessageId>,
    /// The person by every transport.
    people: BTreeSet<Group>,
}

impl Operations {
    /// Prepares a trace.
    ///
    /// # Errors
    /// There is no such topic.
    pub fn tracer(&self, query: TraceQuery) -> Result<Tracer<'_>, OperationError> {
        let subject = |service| self.subject(service, &query);
        let topics = self.chosen(query.topic.as_deref())?.into_iter().map(subject).collect();
        Ok(Tracer { operations: self, topics, query, cursors: BTreeMap::new() })
    }

    fn subject<'a>(&'a self, service: &'a TopicRuntime, query: &TraceQuery) -> Subject<'a> {
        let Some(about) = query.about.as_deref().map(str::trim) else {
            let (messages, people) = Default::default();
            return Subject { service, messages, people };
        };
        let id = MessageId::new(about);
        let transports = service.transports.clone().into_iter();
        let mut messages: BTreeSet<MessageId> =
            transports.map(|(name, _)| MessageId::of(&name, &id)).collect();
        messages.insert(id);
        // A topic of sockets alone has no numbers.
        let is_number = about.chars().all(|it| it.is_ascii_digit() || "+-(). ".contains(it));
        let people =
            (is_number && !query.is_id).then(|| people(service, about, None).unwrap_or_default());
        let people = people.unwrap_or_default();
        let people = people.iter().map(|person| self.groups.person(person)).collect();
        Subject { service, messages, people }
    }
}

impl Tracer<'_> {
    /// Returns what was recorded since the last call, in the order of time.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn step(&mut self) -> Result<Vec<Traced>, OperationError> {
        let mut found = Vec::new();
        for index in 0..self.topics.len() {
            let mut events = self.read(index).await?;
            let subject = &self.topics[index];
            if self.query.about.is_some() {
                events.retain(|event| subject.is_wanted(self.operations, event));
            }
            let topic = subject.service.config.name.clone();
            let traced = events.into_iter().map(|event| Traced { topic: topic.clone(), event });
            found.extend(traced);
        }
        // The sort is stable: events of one millisecond stay in the order in which they were recorded.
        found.sort_by_key(|it| it.event.at);
        Ok(found)
    }

    /// Returns the messages of this trace that wait at the heads of mailboxes.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn now(&self) -> Result<Vec<Waiting>, OperationError> {
        let waiting = self.operations.waiting(self.query.topic.as_deref(), LOOKED_AT).await?;
        let is_ours = |it: &Waiting| {
            let person = it.person().map(|person| self.operations.groups.person(person));
            self.topics.iter().any(|subject| {
                let is_person = person.as_ref().is_some_and(|it| subject.people.contains(it));
                subject.service.config.name == it.topic
                    && (is_person || subject.messages.contains(&it.head.id))
            })
        };
        Ok(waiting.into_iter().filter(is_ours).collect())
    }

    /// Reads what was recorded in a topic since the last call, and keeps what is not too old.
    async fn read(&mut self, index: usize) -> Result<Vec<Event>, OperationError> {
        let (mut events, since) = (Vec::new(), self.query.since);
        for partition in self.topics[index].service.partitions() {
            loop {
                let after = self.cursors.get(&partition);
                let page = self.operations.storage.events_after(&partition, after, PAGE).await?;
                let Some((last, _)) = page.last() else { break };
                self.cursors.insert(partition.clone(), last.clone());
                let is_last = page.len() < PAGE;
                let page: Vec<Event> = page.into_iter().map(|(_, event)| event).collect();
                if let Some(about) = self.query.about.as_deref() {
                    self.topics[index].learn(self.operations, about.trim(), &page);
                }
                let is_late = |event: &Event| since.is_none_or(|since| event.at >= since);
                events.extend(page.into_iter().filter(is_late));
                if is_last {
                    break;
                }
            }
        }
        events.sort_by_key(|event| event.at);
        Ok(forward_only(events))
    }
}

impl Subject<'_> {
    /// Learns from events which messages the subject belongs to.
    fn learn(&mut self, operations: &Operations, about: &str, events: &[Event]) {
        for event in events {
            let detail = &event.detail;
            let is_outbound = detail.provider_id.as_deref() == Some(about)
                || detail.outbound.as_ref().is_some_and(|it| it.as_str() == about);
            let is_sender = event.kind == EventKind::Received && self.is_theirs(operations, event);
            if is_outbound || is_sender {
                self.messages.insert(event.message.clone());
            }
        }
    }

    /// Returns whether an event belongs to the message or the person.
    fn is_wanted(&self, operations: &Operations, event: &Event) -> bool {
        // What became of a person's message for somebody else is no event of that person.
        let is_open = self.people.is_empty() || event.detail.address.is_none();
        let is_of_message = is_open && self.messages.contains(&event.message);
        is_of_message || self.is_theirs(operations, event)
    }

    fn is_theirs(&self, operations: &Operations, event: &Event) -> bool {
        let address = event.detail.address.as_ref();
        address.is_some_and(|it| self.people.contains(&operations.groups.person(it)))
    }
}

fn actor(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Received
        | EventKind::Validated
        | EventKind::Rejected
        | EventKind::Queued
        | EventKind::Scheduled
        | EventKind::Dropped => "web",
        EventKind::Delivered | EventKind::Failed => "provider",
        EventKind::Replayed | EventKind::Discarded => "operator",
        _ => "worker",
    }
}
