//! The contract of a validator: a check that a message passes before the queue.

use crate::message::Inbound;

/// Why a validator refused a message: for the record, in words that quote nothing of the message.
/// What the sender is told is the topic's own text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejection(pub String);

/// Pure, no I/O, so that a webhook is answered at once and a duplicate gets the same answer.
pub trait Validator: Send + Sync {
    fn validate(&self, message: &Inbound) -> Result<(), Rejection>;
}

impl<F> Validator for F
where
    F: Fn(&Inbound) -> Result<(), Rejection> + Send + Sync,
{
    fn validate(&self, message: &Inbound) -> Result<(), Rejection> {
        self(message)
    }
}
