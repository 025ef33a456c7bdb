//! A scenario of devices: sessions that connect and close, and phones, on a topic in memory.

use std::time::Duration;

use crosswire::contracts::handler::OutgoingMessage;
use crosswire::handlers::devices::Devices;
use crosswire::model::address::{Address, Group};
use crosswire::model::connection::{Connection, ConnectionChange};
use crosswire::model::message::{Incoming, MessageId};
use serde_json::{Value, json};

use crate::support::memory_topic::MemoryTopic;

pub(crate) struct Scenario {
    pub(crate) topic: MemoryTopic,
    connections: u32,
}

impl Scenario {
    pub(crate) fn new(properties: Value) -> Self {
        let settings = serde_json::from_value(properties).unwrap();
        Self { topic: MemoryTopic::new(Devices::new(settings).unwrap()), connections: 0 }
    }

    /// Opens a connection of a session, without handling it.
    pub(crate) fn open(&mut self, name: &str, change: impl FnOnce(&mut Connection)) {
        self.connections += 1;
        let id = format!("{name}-{}", self.connections);
        let mut connection = Connection::new(session(name), id, "web-1");
        change(&mut connection);
        self.topic.change_connection(ConnectionChange::Opened(Box::new(connection)));
    }

    pub(crate) fn connect(&mut self, name: &str) {
        self.open(name, |_| {});
        self.run();
    }

    /// Closes the newest connection, which is this session's, without handling that.
    pub(crate) fn shut(&mut self, name: &str, number: u32) {
        let id = format!("{name}-{number}");
        self.topic.change_connection(ConnectionChange::Closed { address: session(name), id });
    }

    pub(crate) fn close(&mut self, name: &str) {
        for number in 1..=self.connections {
            self.shut(name, number);
        }
        self.run();
    }

    pub(crate) fn send(&mut self, name: &str, text: &str) {
        self.topic.send_text(&session(name), text);
    }

    /// Sends a text and handles all mail.
    pub(crate) fn play(&mut self, name: &str, text: &str) {
        self.send(name, text);
        self.run();
    }

    /// Sends a text of the JSON protocol with parameters.
    pub(crate) fn play_with(&mut self, name: &str, text: &str, parameters: &[(&str, &str)]) {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut incoming = Incoming::new(MessageId::new(""), session(name), text);
        incoming.parameters.0 = parameters.iter().map(own).collect();
        self.topic.send_message(incoming);
        self.run();
    }

    pub(crate) fn play_phone(&mut self, name: &str, text: &str) {
        self.topic.send_text(&phone(name), text);
        self.run();
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.topic.advance(time);
    }

    /// Handles the first mail of a mailbox, and returns whether that was committed.
    pub(crate) fn step(&mut self, group: &Group) -> bool {
        self.topic.begin(group);
        self.topic.commit(group).is_some()
    }

    /// Handles all mail.
    pub(crate) fn run(&mut self) {
        while let Some(group) = self.topic.pending().first() {
            self.step(group);
        }
    }

    /// Returns and removes the messages for an address, but those for the web process.
    fn take(&mut self, address: &Address) -> Vec<OutgoingMessage> {
        let sent = std::mem::take(&mut self.topic.sent);
        let (theirs, others): (Vec<_>, Vec<_>) = sent.into_iter().partition(|m| m.to == *address);
        self.topic.sent = others;
        let is_effect = |message: &OutgoingMessage| {
            message.content.as_ref().is_some_and(|content| content.effect.is_some())
        };
        theirs.into_iter().filter(|message| !is_effect(message)).collect()
    }

    /// Returns and removes the texts that a session has got, as a client of the text protocol.
    pub(crate) fn received(&mut self, name: &str) -> Vec<String> {
        self.texts(&session(name))
    }

    pub(crate) fn texts(&mut self, address: &Address) -> Vec<String> {
        let texts = self.take(address).into_iter().map(|message| message.text.reveal().to_owned());
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// Returns and removes the frames that a session has got, as a client of the JSON protocol.
    pub(crate) fn frames(&mut self, name: &str) -> Vec<Value> {
        self.frames_to(&session(name))
    }

    /// Returns and removes the frames for those who watch the devices.
    pub(crate) fn announced(&mut self) -> Vec<Value> {
        self.frames_to(&Address::room(&"topic".parse().unwrap(), "devices"))
    }

    fn frames_to(&mut self, address: &Address) -> Vec<Value> {
        let frame = |message: OutgoingMessage| {
            let content = message.content.unwrap_or_default();
            let mut frame = json!({"type": content.kind()});
            for (name, value) in content.fields {
                frame[name] = value;
            }
            if !message.text.reveal().is_empty() {
                frame["text"] = message.text.reveal().into();
            }
            frame
        };
        self.take(address).into_iter().map(frame).collect()
    }
}

pub(crate) fn session(name: &str) -> Address {
    Address::new("websocket", name, "topic")
}

pub(crate) fn phone(name: &str) -> Address {
    Address::new("tester", &format!("+1-{name}"), "+1-us")
}

/// Returns the greeting, with the default text.
pub(crate) fn greeting(own: u32, devices: &str) -> String {
    format!("Your ID: {own}\nConnected Devices: \n{devices}\nChat usage: send,destinationId,msg")
}
