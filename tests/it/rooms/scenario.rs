//! A scenario of rooms: phones and sockets in front of the handler, on a topic in memory. After every
//! commit the invariants of the rooms are checked, and that each text reached the people inside.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crosswire::handlers::rooms::Rooms;
use crosswire::model::address::{Address, Group};
use crosswire::model::connection::{Connection, ConnectionChange};
use crosswire::model::frame::FrameContent;
use crosswire::model::message::{Incoming, MessageId};
use crosswire::model::token::{Claims, Rights, Token, TokenPurpose};
use serde_json::{Value, json};

use super::checks::{check_changes, check_deliveries};
use super::sockets::{Delivery, Sockets};
use super::stored::{House, Person};
use crate::support::memory_topic::MemoryTopic;

pub(crate) struct Scenario {
    pub(crate) topic: MemoryTopic,
    pub(crate) sockets: Sockets,
    inboxes: BTreeMap<String, Vec<Delivery>>,
    closed: BTreeMap<String, u16>,
    connections: u32,
    capacity: usize,
    max_extensions: u32,
}

impl Scenario {
    /// Creates a scenario with these settings.
    pub(crate) fn new(properties: Value) -> Self {
        let capacity = properties["capacity"].as_u64().unwrap_or(50);
        let extensions = properties["max_extensions"].as_u64().unwrap_or(1);
        let settings = serde_json::from_value(properties).unwrap();
        Self {
            topic: MemoryTopic::new(Rooms::new(settings).unwrap()),
            sockets: Sockets::default(),
            inboxes: BTreeMap::new(),
            closed: BTreeMap::new(),
            connections: 0,
            capacity: usize::try_from(capacity).unwrap(),
            max_extensions: u32::try_from(extensions).unwrap(),
        }
    }

    /// Appends a text to its sender's mailbox.
    pub(crate) fn send(&mut self, name: &str, text: &str) {
        self.topic.send_text(&address(name), text);
    }

    /// Sends a text and runs until no mail is left.
    pub(crate) fn say(&mut self, name: &str, text: &str) {
        self.send(name, text);
        self.run();
    }

    /// Sends a JSON frame of a type, and runs until no mail is left.
    pub(crate) fn frame(&mut self, name: &str, kind: &str, text: &str) {
        let mut incoming = Incoming::new(MessageId::new(""), address(name), text);
        incoming.parameters.0.push(("type".to_owned(), kind.to_owned()));
        self.topic.send_message(incoming);
        self.run();
    }

    /// Opens a socket of a session with the fields of a hello; a token is one for a room.
    pub(crate) fn open(&mut self, name: &str, hello: &[(&str, &str)]) {
        self.connections += 1;
        let id = format!("connection-{}", self.connections);
        let mut connection = Connection::new(address(name), &id, "process");
        for (field, value) in hello {
            if *field == "token" {
                let claims = self.verify(value).expect("the web process refuses this token");
                connection.claims = Some(claims);
            } else {
                connection.parameters.0.push(((*field).to_owned(), (*value).to_owned()));
            }
        }
        self.sockets.close(name);
        self.sockets.open.insert(name.to_owned(), id);
        self.closed.remove(name);
        self.topic.change_connection(ConnectionChange::Opened(Box::new(connection)));
    }

    /// Opens a socket and runs until no mail is left.
    pub(crate) fn connect(&mut self, name: &str, hello: &[(&str, &str)]) {
        self.open(name, hello);
        self.run();
    }

    /// Closes the socket of a session, from either side.
    pub(crate) fn close(&mut self, name: &str) {
        if let Some(id) = self.sockets.close(name) {
            let address = address(name);
            self.topic.change_connection(ConnectionChange::Closed { address, id });
        }
    }

    /// Returns the claims of a room token, as the web process verifies them.
    pub(crate) fn verify(&self, token: &str) -> Option<Claims> {
        let now = self.topic.memory().now;
        let topic = "topic".parse().unwrap();
        let key = self.topic.token_key();
        key.verify(&Token::new(token), TokenPurpose::Room, &topic, now).ok()
    }

    /// Returns a token for a room with other rights than those of a link.
    pub(crate) fn token_with(&self, token: &str, rights: Rights) -> String {
        let claims = Claims { rights, ..self.verify(token).unwrap() };
        self.topic.token_key().sign(&claims).reveal().to_owned()
    }

    /// Creates a room from a socket that is in none. Returns its token and its code.
    pub(crate) fn create(&mut self, name: &str) -> (String, String) {
        self.connect(name, &[]);
        self.frame(name, "create", "");
        let created = self.fields(name, "created");
        let field = |name: &str| created[name].as_str().unwrap().to_owned();
        self.inboxes.remove(name);
        (field("token"), field("code"))
    }

    /// Handles all mail, and moves the clock through all timers on the way.
    pub(crate) fn wait(&mut self, time: Duration) {
        self.run();
        let until = self.topic.memory().now + time;
        while let Some(due) = self.topic.next_timer().filter(|due| *due <= until) {
            let now = self.topic.memory().now;
            self.topic.advance((due - now).to_std().unwrap_or_default());
            self.run();
        }
        self.topic.memory().now = until;
    }

    /// Handles the first mail of a mailbox.
    pub(crate) fn step(&mut self, group: &Group) {
        self.topic.begin(group);
        self.commit(group);
    }

    pub(crate) fn commit(&mut self, group: &Group) {
        let before = self.house();
        let Some(completed) = self.topic.commit(group) else { return };
        let after = self.house();
        let mut delivered = Vec::new();
        for message in &completed.effects.sends {
            let (deliveries, closed) = self.sockets.take(message);
            delivered.extend(deliveries);
            for (session, code) in closed {
                self.close(&session);
                self.closed.insert(session, code);
            }
        }
        self.check_rooms(&after);
        assert_eq!(self.topic.memory().pool("rooms").len(), after.rooms.len());
        check_changes(&before, &after);
        let now = self.topic.memory().now;
        check_deliveries((&before, &after), now, &completed, &delivered);
        for delivery in delivered {
            self.inboxes.entry(delivery.to.clone()).or_default().push(delivery);
        }
    }

    pub(crate) fn run(&mut self) {
        while let Some(group) = self.topic.pending().first() {
            self.step(group);
        }
    }

    /// Returns and removes what a person has received, one line each.
    pub(crate) fn received(&mut self, name: &str) -> Vec<String> {
        let inbox = self.inboxes.remove(name).unwrap_or_default();
        inbox.into_iter().map(|delivery| delivery.shown).collect()
    }

    /// Returns the fields of the last frame of a kind that a session has received.
    pub(crate) fn fields(&self, name: &str, kind: &str) -> Value {
        let inbox = &self.inboxes[name];
        let is_kind = |delivery: &&Delivery| delivery.fields.kind() == kind;
        let FrameContent { fields, .. } = inbox.iter().rfind(is_kind).unwrap().fields.clone();
        json!(fields)
    }

    /// Discards what all have received.
    pub(crate) fn forget(&mut self) {
        self.inboxes.clear();
    }

    /// Returns the code with which a session's last socket was closed by the handler.
    pub(crate) fn close_code(&self, name: &str) -> Option<u16> {
        self.closed.get(name).copied()
    }

    pub(crate) fn house(&self) -> House {
        House::read(&self.topic.memory())
    }

    /// Returns the names in the only room.
    pub(crate) fn here(&self) -> Vec<String> {
        let house = self.house();
        let room = house.rooms.values().next().expect("there is a room");
        room.people.iter().filter_map(|person| person.name.clone()).collect()
    }

    fn check_rooms(&self, house: &House) {
        for (id, room) in &house.rooms {
            assert_eq!((id, house.codes.get(&room.code)), (&room.id, Some(id)));
            assert!(room.people.len() <= self.capacity, "{} people", room.people.len());
            let names = room.people.iter().filter_map(|person| person.name.as_ref());
            let names: Vec<String> = names.map(|name| name.to_lowercase()).collect();
            let distinct: BTreeSet<&String> = names.iter().collect();
            assert_eq!(distinct.len(), names.len(), "{names:?}");
            for person in &room.people {
                assert_eq!(house.seats[&person.group].room, *id, "a seat in another room");
                assert_eq!(person.name.is_some(), person.sends);
                assert!(!room.removed.contains(&person.group), "a removed person is inside");
            }
            assert!(!room.removed.contains(&room.creator), "the creator is removed");
            assert!(room.extensions <= self.max_extensions, "{} extensions", room.extensions);
            let is_subscribed = |person: &&Person| {
                person.receives && self.sockets.open.contains_key(person.address.identity.reveal())
            };
            let expected: BTreeSet<String> =
                room.people.iter().filter(is_subscribed).map(name_of).collect();
            let actual = self.sockets.subscribers(id);
            assert!(actual.is_subset(&expected), "{actual:?} listen, {expected:?} are inside");
        }
        assert_eq!(house.codes.len(), house.rooms.len(), "a code outlives its room");
        let orphan = house.histories.keys().find(|id| !house.rooms.contains_key(*id));
        assert_eq!(orphan, None, "a history outlives its room");
        for (group, seat) in &house.seats {
            let Some(room) = house.rooms.get(&seat.room) else { continue };
            assert!(room.people.iter().any(|person| person.group == *group), "an empty seat");
        }
    }
}

pub(crate) fn name_of(person: &Person) -> String {
    person.address.identity.reveal().to_owned()
}

pub(crate) fn is_phone(name: &str) -> bool {
    name.starts_with('+')
}

/// Returns the address of a phone, whose name begins with a plus sign, or of a session.
pub(crate) fn address(name: &str) -> Address {
    if is_phone(name) {
        Address::new("tester", name, "+1-us")
    } else {
        Address::new("websocket", name, "topic")
    }
}
