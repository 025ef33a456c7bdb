//! Checks of a call: the transport's proof that it is genuine, and the topic's validators.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::{error, warn};

use crate::contracts::transport::ReceiveError;
use crate::engine::topic::{BoundValidator, Pipeline};
use crate::model::message::Inbound;

/// Panic of a transport or a validator, which the log has.
pub(super) struct Panicked;

/// Runs a part of a pipeline, so that its panic costs this call alone.
pub(super) fn catch_panic<T>(
    pipeline: &Pipeline,
    part: &str,
    work: impl FnOnce() -> T,
) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        error!(topic.name = %pipeline.topic, part, "part of the topic panicked on a call");
        Panicked
    })
}

/// Verdict of a topic's validators.
pub(super) enum Verdict<'p> {
    Valid,
    Invalid { text: &'p str, reason: String },
}

/// Asks the validators in their order; the first rejection is the verdict.
pub(super) fn validate<'p>(pipeline: &'p Pipeline, message: &Inbound) -> Verdict<'p> {
    for BoundValidator { name, text, validator } in &pipeline.validators {
        match catch_panic(pipeline, name, || validator.validate(message)) {
            Ok(Ok(())) => {}
            Ok(Err(rejection)) => {
                return Verdict::Invalid { text, reason: format!("{name}: {rejection}") };
            }
            Err(Panicked) => {
                let text = &pipeline.replies.error_response;
                return Verdict::Invalid { text, reason: format!("{name}: panicked") };
            }
        }
    }
    Verdict::Valid
}

/// Logs a call that is refused, with the number of earlier ones of its caller that were not logged.
pub(super) fn log_refused_call(pipeline: &Pipeline, refused: &ReceiveError, suppressed: u64) {
    match refused {
        // The query may hold a message, so the log gets the URL up to it.
        ReceiveError::Forged { signed_url } => warn!(
            topic.name = %pipeline.topic,
            signed.url = signed_url.split('?').next().unwrap_or_default(),
            signed.with_query = signed_url.contains('?'),
            suppressed,
            "signature does not match: is this the URL that the provider calls, to the letter, and is \
             the secret the one that it signs with (Twilio: the auth token, not an API key)? \
             PUBLIC_URL sets scheme and host",
        ),
        other => {
            warn!(topic.name = %pipeline.topic, error = %other, suppressed, "call refused");
        }
    }
}
