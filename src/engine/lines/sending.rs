//! Lines about sends. `message.id` is the message that is answered, or the outbound one itself.

use std::time::Duration;

use super::{Attempt, SENT};
use crate::contracts::transport::SendError;
use crate::model::clock::millis;
use crate::model::message::{MessageId, Outbound};

/// Writes the line of a message that its provider has taken.
pub(in crate::engine) fn sent(attempt: Attempt<'_>, outbound: &Outbound, provider_id: &str) {
    tracing::info!(
        target: SENT,
        {
            topic.name = %attempt.topic(), message.id = %subject(outbound), outbound.id = %outbound.id,
            provider.id = provider_id, transport = outbound.to.transport,
            attempt = attempt.number(), of = attempt.of, duration_ms = attempt.duration_ms(),
        },
        "message sent",
    );
}

/// Writes the line of a message that its provider has not taken, and of the next try, if there is one.
pub(in crate::engine) fn not_sent(
    attempt: Attempt<'_>,
    outbound: &Outbound,
    error: &SendError,
    next_try: Option<Duration>,
) {
    let next_try_ms = next_try.map(millis);
    tracing::warn!(
        target: SENT,
        {
            topic.name = %attempt.topic(), message.id = %subject(outbound), outbound.id = %outbound.id,
            transport = outbound.to.transport, attempt = attempt.number(), of = attempt.of, %error,
            duration_ms = attempt.duration_ms(), next_try_ms,
        },
        "message not sent",
    );
}

/// Writes the line of a message that is not sent, by a decision of ours.
pub(in crate::engine) fn withheld(attempt: Attempt<'_>, outbound: &Outbound, reason: &str) {
    tracing::info!(
        topic.name = %attempt.topic(), message.id = %subject(outbound), outbound.id = %outbound.id,
        transport = outbound.to.transport, reason, "message withheld",
    );
}

/// Writes the line of a message that is not tried again.
pub(in crate::engine) fn given_up(attempt: Attempt<'_>, outbound: &Outbound, reason: &str) {
    tracing::error!(
        target: SENT,
        {
            topic.name = %attempt.topic(), message.id = %subject(outbound), outbound.id = %outbound.id,
            transport = outbound.to.transport, attempt = attempt.number(), of = attempt.of, reason,
            duration_ms = attempt.duration_ms(),
        },
        "message moved to the dead letters",
    );
}

/// Writes the line of a message of which nothing but its id is known.
pub(in crate::engine) fn unreadable(attempt: Attempt<'_>, reason: &str) {
    let id = &attempt.claim.id;
    tracing::error!(
        topic.name = %attempt.topic(), message.id = %id, outbound.id = %id, reason,
        "message moved to the dead letters",
    );
}

fn subject(outbound: &Outbound) -> &MessageId {
    outbound.cause.as_ref().map_or(&outbound.id, |cause| &cause.id)
}
