//! The contract of a validator: a check of a message before it is queued.

use crate::model::message::Inbound;

/// Reason for which a validator rejected a message, recorded for operators. It must not quote the
/// message; the sender gets the text that the topic gives the validator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejection(pub String);

impl Rejection {
    /// Creates a rejection with its reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A check of a message before it is queued. It is pure and does no I/O, so that a webhook is
/// answered at once and a duplicate gets the same answer.
///
/// A `fn(&Inbound) -> Result<(), Rejection>` is a validator too.
pub trait Validator: Send + Sync {
    /// Accepts or rejects a message.
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

#[cfg(test)]
pub(crate) fn inbound(text: &str) -> Inbound {
    let incoming = crate::model::message::Incoming {
        id: crate::model::message::MessageId::new("SM1"),
        sender: crate::model::address::Address::new("twilio", "+14158675309", "+18005551212"),
        text: text.into(),
        media: Vec::new(),
        origin: crate::model::message::Origin::default(),
        opt_out: None,
        parameters: crate::model::message::Parameters::default(),
        sent_at: None,
    };
    let topic = "my_topic".parse().expect("the name is legal");
    Inbound::new(topic, chrono::DateTime::UNIX_EPOCH, incoming)
}

#[cfg(test)]
pub(crate) fn table(settings: serde_json::Value) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_value(settings).expect("the settings are a table")
}
