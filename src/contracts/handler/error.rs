//! The result of a handler, and the errors that answer the sender or put the message off.

use std::time::Duration;

/// Result of a handler; any error converts into it by `?`.
pub type Result<T = (), E = anyhow::Error> = std::result::Result<T, E>;

/// Error that ends a message with a text for its sender, and discards everything else that the
/// handler wrote or sent for it.
///
/// ```
/// use crosswire::prelude::*;
///
/// async fn age_gate(_: &mut Context, message: &Inbound) -> Result {
///     let age: u8 = message.text.reveal().parse().map_err(|_| Refuse::new("Send your age."))?;
///     if age < 18 {
///         return Err(Refuse::new("Come back when you are 18.").into());
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the handler refused the message")]
pub struct Refuse {
    text: String,
}

impl Refuse {
    /// Creates the error with the text that the sender gets.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Returns the text of a refusal that `error` is, or that lies below its context.
    pub(super) fn text_of(error: &anyhow::Error) -> Option<&str> {
        let refusal = error.chain().find_map(|cause| cause.downcast_ref::<Self>());
        refusal.map(|refusal| refusal.text.as_str())
    }
}

/// Error that puts a message off: it stays first in its mailbox, nothing that the handler wrote or sent
/// for it takes effect, and the handler gets it again after a time. It is no failure of the message,
/// so it may be put off as often as need be. A wake is put off in the same way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the handler put the message off: {reason}")]
pub struct Postpone {
    pub(crate) after: Duration,
    pub(crate) reason: String,
}

impl Postpone {
    /// Creates the error with the delay, and the reason for the log.
    pub fn new(after: Duration, reason: impl Into<String>) -> Self {
        Self { after, reason: reason.into() }
    }

    /// Returns the postponement that `error` is, or that lies below its context.
    pub(crate) fn of(error: &anyhow::Error) -> Option<&Self> {
        error.chain().find_map(|cause| cause.downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn refusal_is_found_below_any_number_of_contexts() {
        let refused: Result = Err(Refuse::new("no").into());
        let error = refused.context("at the door").context("tonight").unwrap_err();
        assert_eq!(Refuse::text_of(&error), Some("no"));
        let direct: Result<(), Refuse> = Err(Refuse::new("no"));
        let error = direct.context("at the door").unwrap_err();
        assert_eq!(Refuse::text_of(&error), Some("no"));
    }

    #[test]
    fn other_error_is_no_refusal() {
        assert_eq!(Refuse::text_of(&anyhow::anyhow!("no luck")), None);
    }
}
