//! Lines about calls: messages that are taken in, and delivery reports.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{RECEIVED, REPORTED, milliseconds};
use crate::contracts::storage::{Pushed, StorageError};
use crate::contracts::transport::Report;
use crate::engine::topic::Pipeline;
use crate::model::message::{Inbound, MessageId};
use crate::model::topic::TopicName;

/// Message that a call or a provider's list has brought.
pub(in crate::engine) struct Arrival<'p> {
    pipeline: &'p Pipeline,
    message: MessageId,
    begun_at: DateTime<Utc>,
}

impl<'p> Arrival<'p> {
    /// Begins with the call, or now for a message of the list.
    pub(in crate::engine) fn of(
        pipeline: &'p Pipeline,
        message: &Inbound,
        now: DateTime<Utc>,
    ) -> Self {
        let begun_at = if message.is_missed { now } else { message.received_at };
        Self { pipeline, message: message.key(), begun_at }
    }

    /// Writes the line of a message that has got its answer.
    pub(in crate::engine) fn answered(&self, outcome: Pushed, now: DateTime<Utc>) {
        let said = match outcome {
            Pushed::Accepted => "message taken in",
            Pushed::Duplicate => "message was taken in before",
            Pushed::Full => "message refused",
            Pushed::GroupFull | Pushed::Barred | Pushed::Limited => "message dropped",
        };
        let Self { pipeline, message, .. } = self;
        tracing::info!(
            target: RECEIVED,
            {
                topic.name = %pipeline.topic, message.id = %message,
                transport = pipeline.transport_name, ?outcome, duration_ms = self.duration_ms(now),
            },
            "{said}",
        );
    }

    /// Writes the line of a message that a validator has rejected, or that one of our own lines has sent.
    pub(in crate::engine) fn turned_away(&self, said: &str, reason: &str, now: DateTime<Utc>) {
        let Self { pipeline, message, .. } = self;
        tracing::info!(
            target: RECEIVED,
            {
                topic.name = %pipeline.topic, message.id = %message,
                transport = pipeline.transport_name, reason, duration_ms = self.duration_ms(now),
            },
            "message {said}",
        );
    }

    /// Writes the line of a message that the store has not taken.
    pub(in crate::engine) fn not_stored(&self, error: &StorageError, now: DateTime<Utc>) {
        let Self { pipeline, message, .. } = self;
        tracing::error!(
            target: RECEIVED,
            {
                topic.name = %pipeline.topic, message.id = %message,
                transport = pipeline.transport_name, %error, duration_ms = self.duration_ms(now),
            },
            "refused: not stored",
        );
    }

    fn duration_ms(&self, now: DateTime<Utc>) -> f64 {
        milliseconds((now - self.begun_at).to_std().unwrap_or_default())
    }
}

/// Writes the line of a message that a program has submitted.
pub(in crate::engine) fn submitted(
    topic: &TopicName,
    message: &MessageId,
    outcome: Pushed,
    took: Duration,
) {
    tracing::info!(
        target: RECEIVED,
        {
            topic.name = %topic, message.id = %message, ?outcome,
            duration_ms = milliseconds(took),
        },
        "submission accepted",
    );
}

/// Writes the line of a delivery report about a message that answers `message`, or no other.
pub(in crate::engine) fn reported(
    pipeline: &Pipeline,
    message: &MessageId,
    report: &Report,
    took: Duration,
) {
    let outbound = report.message.as_ref().map(tracing::field::display);
    tracing::info!(
        target: REPORTED,
        {
            topic.name = %pipeline.topic, message.id = %message, outbound.id = outbound,
            provider.id = report.provider_id, transport = pipeline.transport_name,
            status = ?report.status, code = report.code, duration_ms = milliseconds(took),
        },
        "delivery reported",
    );
}
