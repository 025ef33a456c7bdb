//! Lines about runs of handlers.

use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::{Attempt, HANDLED, milliseconds, number};
use crate::contracts::storage::{Claim, Commit};
use crate::model::clock::millis;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Message that a handler has done with; its line is written when the commit is true.
#[derive(Debug)]
pub struct Handled {
    topic: TopicName,
    message: MessageId,
    attempt: u32,
    of: u32,
    replies: usize,
    /// No wake: a message of a person, a program or a socket.
    is_message: bool,
}

impl Handled {
    /// Returns whether such lines may be read by anybody.
    pub(in crate::engine) fn is_written() -> bool {
        LevelFilter::current() >= LevelFilter::INFO
    }

    pub(in crate::engine) fn new(claim: &Claim, of: u32, commit: &Commit) -> Self {
        Self {
            topic: claim.queue.partition.topic.clone(),
            message: claim.id.clone(),
            attempt: number(claim),
            of,
            replies: commit.outbox.len(),
            is_message: commit.facts.is_some(),
        }
    }

    /// Writes the line. A wake without an effect on any person is of no interest to an operator.
    pub(in crate::engine) fn write(&self, took: Duration) {
        let Self { topic, message, attempt, of, replies, is_message } = self;
        let duration_ms = milliseconds(took);
        if *is_message || *replies > 0 {
            let said = if *is_message { "message handled" } else { "wake handled" };
            tracing::info!(
                target: HANDLED,
                {
                    topic.name = %topic, message.id = %message, attempt, of, replies, duration_ms,
                },
                "{said}",
            );
        } else {
            tracing::debug!(topic.name = %topic, message.id = %message, duration_ms, "wake handled");
        }
    }
}

/// Writes the line of a message that is handled once more.
pub(in crate::engine) fn retried(attempt: Attempt<'_>, reason: &str, after: Duration) {
    tracing::warn!(
        target: HANDLED,
        {
            topic.name = %attempt.topic(), message.id = %attempt.claim.id,
            attempt = attempt.number(), of = attempt.of, reason, duration_ms = attempt.duration_ms(),
            next_try_ms = millis(after),
        },
        "handler failed; message will be retried",
    );
}

/// Writes the line of a message that its handler has put off.
pub(in crate::engine) fn postponed(attempt: Attempt<'_>, reason: &str, after: Duration) {
    tracing::info!(
        topic.name = %attempt.topic(), message.id = %attempt.claim.id, reason,
        duration_ms = attempt.duration_ms(), next_try_ms = millis(after),
        "handler put the message off",
    );
}

/// Writes the line of a message that is not handled again.
pub(in crate::engine) fn buried(attempt: Attempt<'_>, reason: &str) {
    tracing::error!(
        target: HANDLED,
        {
            topic.name = %attempt.topic(), message.id = %attempt.claim.id,
            attempt = attempt.number(), of = attempt.of, reason, duration_ms = attempt.duration_ms(),
        },
        "message moved to the dead letters",
    );
}
