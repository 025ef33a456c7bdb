//! A scenario of roulette: after every commit the invariants of the seats are checked, and that
//! exactly the expected texts were sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, Utc};
use crosswire::handlers::roulette::{Roulette, RouletteSettings};
use crosswire::model::address::{Address, Group};
use crosswire::model::connection::{Connection, ConnectionChange};
use crosswire::model::message::{Incoming, MessageId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::check_texts;
use crate::support::memory_topic::MemoryTopic;

pub(crate) const WAIT: &str = "Please wait, you will be connected to a random person...";
pub(crate) const CONNECTED: &str = "You're now connected to a random stranger!";
pub(crate) const ALREADY: &str =
    "You're connected to a stranger already. Send REFRESH to find another one.";
pub(crate) const DISCONNECTED: &str =
    "You've been disconnected and will no longer receive messages.";
pub(crate) const PEER_LEFT: &str = "Your peer disconnected.";
pub(crate) const NOT_IN_CHAT: &str = "Error: You haven't connected to anyone yet.";
/// Beginning and end of the question, around its code.
const CONFIRM: (&str, &str) =
    ("This shows the stranger your number. To share it, reply CALL ", " within 2 minutes.");
pub(crate) const NO_PEER: &str =
    "Error: not connected, or your earlier peer disconnected. Refresh to chat again!";
pub(crate) const BLOCKED: &str = "You will never be connected to this person again.";
pub(crate) const REPORTED: &str =
    "Thank you, this person is reported. You will never be connected to them again.";
pub(crate) const NO_NUMBER: &str = "You have no number to share here.";
pub(crate) const NOT_THERE: &str = "Nobody is there at the moment. Send WAIT to go on waiting.";
pub(crate) const NUDGE: &str =
    "Your chat has been quiet for a while. It ends in 12:00:00 unless one of you writes.";
pub(crate) const IDLE_ENDED: &str =
    "Your chat has ended, since it was quiet. Send CONNECT for another one.";
pub(crate) const CHAT_OVER: &str =
    "Your chat has ended, since its time is over. Send CONNECT for another one.";
pub(crate) const LOOP_ENDED: &str =
    "Your chat has ended, since it looked like automatic replies. Send CONNECT for another one.";

/// A seat as it is stored, declared again so that a change of the stored form fails a test.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seat {
    pub(crate) address: Address,
    pub(crate) state: State,
    pub(crate) last_partner: Option<Group>,
    #[serde(default)]
    pub(crate) may_wait: bool,
    #[serde(default)]
    pub(crate) quiet_until: Option<DateTime<Utc>>,
    /// People whom the owner has blocked, from their list.
    #[serde(skip)]
    pub(crate) blocked: Vec<Group>,
    /// Barred in the shadow by now.
    #[serde(skip)]
    pub(crate) shadowed: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Idle,
    Waiting {
        #[serde(rename = "told")]
        notified: bool,
    },
    Chatting {
        id: String,
        with: Group,
        address: Address,
        #[serde(default)]
        nudged: bool,
    },
}

pub(crate) type Seats = BTreeMap<Group, Seat>;

pub(crate) struct Scenario {
    pub(crate) topic: MemoryTopic,
    /// Number of connections opened so far; each has its number as its id.
    connections: u32,
}

impl Scenario {
    pub(crate) fn new() -> Self {
        Self::with(json!({}))
    }

    /// Creates a scenario of a topic with these properties.
    pub(crate) fn with(properties: Value) -> Self {
        let settings: RouletteSettings =
            serde_json::from_value(properties).expect("the properties are known");
        let roulette = Roulette::new(settings).expect("the properties are valid");
        Self { topic: MemoryTopic::new(roulette), connections: 0 }
    }

    /// Creates a scenario in which nothing ends by time.
    pub(crate) fn without_limits() -> Self {
        Self::with(json!({"wait_timeout": "0s", "idle_nudge": "0s", "idle_end": "0s"}))
    }

    /// Lets Ann and Bob meet, and discards the texts so far.
    pub(crate) fn meet(mut self) -> Self {
        self.play("ann", "connect");
        self.play("bob", "connect");
        self.topic.sent.clear();
        self
    }

    pub(crate) fn send(&mut self, name: &str, text: &str) {
        self.topic.send_text(&person(name), text);
    }

    /// Opens a socket of a person with a page, and returns its number.
    pub(crate) fn open(&mut self, name: &str) -> u32 {
        self.connections += 1;
        let id = self.connections.to_string();
        let connection = Connection::new(person(name), id, "web-1");
        self.topic.change_connection(ConnectionChange::Opened(Box::new(connection)));
        self.connections
    }

    pub(crate) fn close(&mut self, name: &str, number: u32) {
        let (address, id) = (person(name), number.to_string());
        self.topic.change_connection(ConnectionChange::Closed { address, id });
    }

    /// Sends a text and runs until no mail is left.
    pub(crate) fn play(&mut self, name: &str, text: &str) {
        self.send(name, text);
        self.run_until_idle();
    }

    /// Sends these texts one after another and after each runs all mailboxes but one.
    pub(crate) fn play_others(&mut self, lines: &[(&str, &str)], but: &Group) {
        for (name, text) in lines {
            self.send(name, text);
            while let Some(group) = self.topic.pending().into_iter().find(|group| group != but) {
                self.step(&group);
            }
        }
    }

    pub(crate) fn write(&mut self, name: &str, change: impl FnOnce(&mut Incoming)) {
        let mut incoming = Incoming::new(MessageId::new(""), person(name), "");
        change(&mut incoming);
        self.topic.send_message(incoming);
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.topic.advance(time);
    }

    /// Handles the first mail of a mailbox.
    pub(crate) fn step(&mut self, group: &Group) {
        self.topic.begin(group);
        self.commit(group);
    }

    pub(crate) fn commit(&mut self, group: &Group) {
        let before = self.seats();
        if let Some(completed) = self.topic.commit(group) {
            let after = self.seats();
            self.check_seats(&after);
            let now = self.topic.memory().now;
            check_texts(&before, &after, &completed, now);
        }
    }

    /// Handles all mail, and checks that at most one person waits who has blocked no other, and that
    /// those who wait were notified.
    pub(crate) fn run_until_idle(&mut self) {
        while let Some(group) = self.topic.pending().first() {
            self.step(group);
        }
        let seats = self.seats();
        let mut free = BTreeSet::new();
        for seat in seats.values() {
            if let State::Waiting { notified } = seat.state {
                assert!(notified, "a person waits and was not notified");
                if seat.blocked.is_empty() && !seat.shadowed {
                    free.insert(self.topic.groups().person(&seat.address));
                }
            }
        }
        assert!(free.len() <= 1, "{} people wait for each other", free.len());
    }

    /// Returns and removes the texts sent to this person.
    pub(crate) fn received(&mut self, name: &str) -> Vec<String> {
        let address = person(name);
        let (theirs, others) = std::mem::take(&mut self.topic.sent)
            .into_iter()
            .partition(|message| message.to == address);
        self.topic.sent = others;
        let theirs: Vec<crosswire::contracts::handler::OutgoingMessage> = theirs;
        theirs.into_iter().map(|message| message.text.reveal().to_owned()).collect()
    }

    /// Returns the code of the question that this person was sent, and nothing beside it.
    pub(crate) fn question(&mut self, name: &str) -> String {
        let received = self.received(name);
        let [question] = &received[..] else { panic!("{received:?}") };
        code(question).unwrap_or_else(|| panic!("{question}")).to_owned()
    }

    pub(crate) fn partner(&self, name: &str) -> Option<Group> {
        let seats = self.seats();
        match &seats.get(&self.topic.group(&person(name)))?.state {
            State::Chatting { with, .. } => Some(with.clone()),
            _ => None,
        }
    }

    /// Returns whether a person waits or chats.
    pub(crate) fn plays(&self, name: &str) -> bool {
        let seats = self.seats();
        let seat = seats.get(&self.topic.group(&person(name)));
        seat.is_some_and(|seat| !matches!(seat.state, State::Idle))
    }

    pub(crate) fn are_paired(&self, one: &str, other: &str) -> bool {
        self.partner(one) == Some(self.topic.group(&person(other)))
    }

    pub(crate) fn seats(&self) -> Seats {
        let memory = self.topic.memory();
        let complete = |seat: &mut Seat| {
            let person = self.topic.groups().person(&seat.address);
            let blocked = memory.value(&format!("blocked:{person}"));
            let list = blocked.map(|list| serde_json::from_str(&list).expect("it is a list"));
            seat.blocked = list.unwrap_or_default();
            seat.shadowed = memory.value(&format!("shadowed:{person}")).is_some();
        };
        memory
            .values()
            // The keys of all else have a colon, or a point: sessions and absences, and opt-outs.
            .filter(|(key, _)| !key.contains([':', '.']))
            .map(|(key, value)| {
                let mut seat = serde_json::from_str(value).expect("only seats are stored");
                complete(&mut seat);
                (Group::from_id(key), seat)
            })
            .collect()
    }

    fn check_seats(&self, seats: &Seats) {
        for (group, seat) in seats {
            let State::Chatting { id, with, address, .. } = &seat.state else { continue };
            assert_ne!(group, with, "a person chats with themself");
            let other = seats.get(with).expect("both seats of a chat are there");
            assert_eq!(&other.address, address);
            match &other.state {
                State::Chatting { id: theirs, with, .. } => {
                    assert_eq!((id, group), (theirs, with), "the other side is in another chat");
                }
                state => panic!("the other side is {state:?}"),
            }
        }
        let sitting = |wanted: fn(&State) -> bool| -> BTreeSet<&Group> {
            seats.iter().filter(|(_, seat)| wanted(&seat.state)).map(|(group, _)| group).collect()
        };
        let memory = self.topic.memory();
        // A person whose seat has expired stays in a pool until the lobby reads it.
        let pool = |name| -> BTreeSet<&Group> {
            let members = memory.pool(name).iter().map(|member| &member.group);
            members.filter(|group| seats.contains_key(group)).collect()
        };
        assert_eq!(pool("waiting"), sitting(|state| matches!(state, State::Waiting { .. })));
        assert_eq!(pool("chatting"), sitting(|state| matches!(state, State::Chatting { .. })));
    }
}

/// Returns the code of a question, if the text is one.
pub(crate) fn code(text: &str) -> Option<&str> {
    let code = text.strip_prefix(CONFIRM.0)?.strip_suffix(CONFIRM.1)?;
    (code.len() == 2 && code.bytes().all(|digit| digit.is_ascii_digit())).then_some(code)
}

/// Returns the address of a person: one with a page, when the name begins with `web`, or a phone.
pub(crate) fn person(name: &str) -> Address {
    if name.starts_with("web") {
        return Address::new("websocket", name, "topic");
    }
    Address::new("tester", &format!("+1-{name}"), "+1-us")
}
