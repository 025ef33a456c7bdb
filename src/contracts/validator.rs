//! The contract of a validator: a check that a message passes before the queue.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use crate::model::message::Inbound;

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

/// Reads a validator's settings, whose type must refuse unknown fields and default missing ones.
///
/// Every key is read on its own first, since serde stops at the first mistake and whoever mends a
/// file wants to see all of them.
///
/// # Errors
/// One sentence per mistake, each led by its key.
pub fn settings<T>(settings: &Map<String, Value>) -> Result<T, Vec<String>>
where
    T: DeserializeOwned + Validate,
{
    let mistakes: Vec<String> = settings
        .iter()
        .filter_map(|(key, value)| {
            let alone = Map::from_iter([(key.clone(), value.clone())]);
            let error = serde_json::from_value::<T>(Value::Object(alone)).err()?;
            Some(format!("{key}: {error}"))
        })
        .collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let read: T = serde_json::from_value(Value::Object(settings.clone()))
        .map_err(|error| vec![error.to_string()])?;
    match read.validate() {
        Ok(()) => Ok(read),
        Err(errors) => Err(errors.to_string().lines().map(str::to_owned).collect()),
    }
}

#[cfg(test)]
pub(crate) fn said(text: &str) -> Inbound {
    let incoming = crate::model::message::Incoming {
        id: crate::model::message::MessageId::new("SM1"),
        sender: crate::model::address::Address::new("twilio", "+14158675309", "+18005551212"),
        text: text.into(),
        media: Vec::new(),
        origin: crate::model::message::Origin::default(),
        opt_out: None,
        parameters: crate::model::message::Parameters::default(),
    };
    let topic = "my_topic".parse().expect("the name is a legal one");
    Inbound::new(topic, chrono::DateTime::UNIX_EPOCH, incoming)
}

#[cfg(test)]
pub(crate) fn settings_of(settings: Value) -> Map<String, Value> {
    serde_json::from_value(settings).expect("the settings are a table")
}
