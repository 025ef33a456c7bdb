//! Requests: the JSON that an app is sent.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::conversation::Timer;
use crate::contracts::handler::{Result, Transaction};
use crate::contracts::storage::encoding::digest;
use crate::model::address::Address;
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Media, Parameters};
use crate::model::topic::TopicName;

/// Event that an app is told of.
pub(super) enum Event<'a> {
    Message(&'a Inbound),
    OptedOut(&'a Inbound),
    OptedIn(&'a Inbound),
    HelpRequested(&'a Inbound),
    Undeliverable(u32),
    Timer(&'a Timer),
    /// Wake that the app has not set itself.
    Wake {
        name: &'a str,
        data: &'a Value,
    },
    Connected(&'a Connection),
    Disconnected(&'a Disconnection),
}

impl Event<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::OptedOut(_) => "opted_out",
            Self::OptedIn(_) => "opted_in",
            Self::HelpRequested(_) => "help_requested",
            Self::Undeliverable(_) => "undeliverable",
            Self::Timer(_) => "timer",
            Self::Wake { .. } => "wake",
            Self::Connected(_) => "connected",
            Self::Disconnected(_) => "disconnected",
        }
    }

    fn message(&self) -> Option<&Inbound> {
        match self {
            Self::Message(message)
            | Self::OptedOut(message)
            | Self::OptedIn(message)
            | Self::HelpRequested(message) => Some(message),
            _ => None,
        }
    }

    /// Returns the id of the event, which every repetition of it has. A provider's own id may hold
    /// characters that no header takes, so it is hashed.
    pub(super) fn id(&self, tx: &Transaction) -> String {
        let key = match self.message() {
            // Also the same when the message comes back from the dead letters.
            Some(message) => message.key().to_string(),
            None => tx.idempotency_key(),
        };
        format!("msg_{}", hex::encode(digest(&["webhook", tx.topic().as_str(), &key])))
    }
}

/// Request as JSON.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    attempt: u32,
    topic: TopicName,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<MessageJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timer: Option<TimerJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    state: &'a Value,
}

#[derive(Serialize)]
struct MessageJson<'a> {
    id: &'a str,
    text: &'a str,
    sender: &'a Address,
    media: &'a [Media],
    parameters: BTreeMap<&'a str, &'a str>,
    received_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct TimerJson<'a> {
    name: &'a str,
    data: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<&'a Address>,
}

#[derive(Serialize)]
struct ConnectionJson<'a> {
    person: &'a Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    was_lost: Option<bool>,
}

impl<'a> Request<'a> {
    pub(super) fn new(
        id: &'a str,
        tx: &Transaction,
        event: &Event<'a>,
        state: &'a Value,
    ) -> Result<Vec<u8>> {
        let code = if let Event::Undeliverable(code) = event { Some(*code) } else { None };
        let request = Self {
            kind: event.kind(),
            id,
            attempt: tx.attempt(),
            topic: tx.topic().clone(),
            message: message(event),
            timer: timer(event),
            connection: connection(event),
            code,
            state,
        };
        Ok(serde_json::to_vec(&request)?)
    }
}

fn message<'a>(event: &Event<'a>) -> Option<MessageJson<'a>> {
    let (Event::Message(message)
    | Event::OptedOut(message)
    | Event::OptedIn(message)
    | Event::HelpRequested(message)) = *event
    else {
        return None;
    };
    Some(MessageJson {
        id: message.id.as_str(),
        text: message.text.reveal(),
        sender: &message.sender,
        media: &message.media,
        parameters: object(&message.parameters),
        received_at: message.received_at,
    })
}

fn timer<'a>(event: &Event<'a>) -> Option<TimerJson<'a>> {
    match *event {
        Event::Timer(timer) => {
            let person = timer.person.as_ref();
            Some(TimerJson { name: &timer.name, data: &timer.data, person })
        }
        Event::Wake { name, data } => Some(TimerJson { name, data, person: None }),
        _ => None,
    }
}

fn connection<'a>(event: &Event<'a>) -> Option<ConnectionJson<'a>> {
    match *event {
        Event::Connected(connection) => Some(ConnectionJson {
            person: &connection.address,
            parameters: Some(object(&connection.parameters)),
            was_lost: None,
        }),
        Event::Disconnected(end) => Some(ConnectionJson {
            person: &end.address,
            parameters: None,
            was_lost: Some(end.was_lost),
        }),
        _ => None,
    }
}

/// Parameters as an object. Of several values under one name the first counts.
fn object(parameters: &Parameters) -> BTreeMap<&str, &str> {
    let pairs = parameters.0.iter().rev();
    pairs.map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
