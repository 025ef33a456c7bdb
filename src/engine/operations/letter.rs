//! Content of a message in a queue, as an operator sees it: whom it concerns, what it says, and by which
//! id its events are recorded.

use chrono::{DateTime, Utc};

use crate::contracts::storage::QueueKind;
use crate::engine::events::EventSource;
use crate::engine::processes::levels::entered_at;
use crate::model::address::Address;
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::{Mail, MessageId, Outbound, Text};

/// Content of a message in a queue.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// Sender of an inbound message, or recipient of an outbound one.
    pub person: Option<Address>,
    pub text: Option<Text>,
    /// Time at which it came into its queue, as far as it is known.
    pub entered_at: Option<DateTime<Utc>>,
    /// Id under which its events are recorded; absent for what has no record.
    subject: Option<MessageId>,
    outbound: Option<MessageId>,
    /// Inbound message whose record waits for it, beside others.
    pub owed: Option<MessageId>,
}

impl Letter {
    /// Reads the payload of a message. One in a form that is not known has no content.
    pub fn read(kind: QueueKind, id: &MessageId, payload: &str) -> Self {
        let letter = match kind {
            QueueKind::Inbound => serde_json::from_str(payload).map(|mail| of_mail(&mail)),
            QueueKind::Outbox => serde_json::from_str(payload).map(of_outbound),
        };
        Self { entered_at: entered_at(id, payload), ..letter.unwrap_or_default() }
    }

    /// Returns the facts that an operator's decision about it is recorded with.
    pub fn facts(&self, kind: EventKind, reason: &str, max_records: u64) -> Option<Facts> {
        let detail = Detail {
            address: self.person.clone(),
            outbound: self.outbound.clone(),
            reason: Some(reason.to_owned()),
            ..Detail::default()
        };
        self.subject.clone().map(|subject| Facts::new(subject, &[kind], detail, max_records))
    }
}

fn of_mail(mail: &Mail) -> Letter {
    let (person, text, subject) = match mail {
        Mail::Message(message) => {
            (Some(message.sender.clone()), Some(message.text.clone()), Some(message.key()))
        }
        Mail::Submission(it) => (Some(it.to.clone()), Some(it.text.clone()), Some(it.id.clone())),
        Mail::Connection(change) => (Some(change.address().clone()), None, None),
        Mail::Wake(_) | Mail::Cancellation(_) | Mail::Chunk(_) => (None, None, None),
    };
    Letter { person, text, subject, ..Letter::default() }
}

fn of_outbound(outbound: Outbound) -> Letter {
    let is_event = EventSource::is_event(&outbound);
    let cause = outbound.cause.as_ref();
    let subject = cause.map_or(&outbound.id, |cause| &cause.id).clone();
    Letter {
        subject: (!is_event).then_some(subject),
        owed: cause.filter(|cause| !cause.only).map(|cause| cause.id.clone()),
        // The body of an event is no text of a person, but it quotes one.
        text: Some(outbound.text),
        person: (!is_event).then_some(outbound.to),
        outbound: Some(outbound.id),
        entered_at: None,
    }
}
