//! The sockets that a web process holds, and the recipients that each is subscribed to.

use std::collections::HashMap;
use std::sync::Arc;

use super::outlet::{Closing, Outlet};
use super::window::{PublishedLine, Window};
use crate::contracts::storage::FeedCursor;
use crate::contracts::transport::socket::CloseCode;
use crate::model::frame::SocketEffect;

/// Subscriptions of the sockets of one topic.
#[derive(Default)]
pub(super) struct Subscriptions {
    sockets: HashMap<Arc<str>, Subscriber>,
    /// Connections by the session or room that they are subscribed to.
    by_recipient: HashMap<String, Vec<Arc<str>>>,
}

struct Subscriber {
    session: String,
    outlet: Arc<Outlet>,
    rooms: Vec<String>,
    /// Last line that the client has seen, until its rooms are known.
    waits_after: Option<FeedCursor>,
}

impl Subscriptions {
    pub(super) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Adds a socket. With `last` it gets nothing until its rooms are known, and then everything after
    /// that line. Another socket of the session is closed.
    pub(super) fn insert(
        &mut self,
        connection: &Arc<str>,
        session: &str,
        outlet: Arc<Outlet>,
        last: Option<FeedCursor>,
    ) {
        self.close_replaced(session, connection);
        let rooms = Vec::new();
        let subscriber =
            Subscriber { session: session.to_owned(), outlet, rooms, waits_after: last };
        self.sockets.insert(Arc::clone(connection), subscriber);
        self.by_recipient.entry(session.to_owned()).or_default().push(Arc::clone(connection));
    }

    pub(super) fn remove(&mut self, connection: &str) {
        let Some(subscriber) = self.sockets.remove(connection) else { return };
        for recipient in subscriber.rooms.iter().chain([&subscriber.session]) {
            self.forget(recipient, connection);
        }
    }

    /// Returns the rooms that a socket is subscribed to.
    pub(super) fn rooms(&self, connection: &str) -> Vec<String> {
        self.sockets.get(connection).map(|socket| socket.rooms.clone()).unwrap_or_default()
    }

    pub(super) fn close_all(&self, closing: &Closing) {
        self.sockets.values().for_each(|socket| socket.outlet.close(closing.clone()));
    }

    /// Hands a line to its sockets, or carries out its effect on them.
    pub(super) fn deliver(&mut self, line: &Arc<PublishedLine>, window: &Window, max_room: usize) {
        let to = line.line.to.as_str();
        match &line.line.content.effect {
            None => {
                for socket in self.of(to).filter(|socket| socket.waits_after.is_none()) {
                    socket.outlet.push(Arc::clone(line));
                }
            }
            Some(SocketEffect::Subscribe { session }) => self.subscribe(session, to, max_room),
            Some(SocketEffect::Unsubscribe { session }) => self.unsubscribe(session, to),
            Some(SocketEffect::Ready { connection, rooms }) => {
                self.resume(connection, rooms, window, max_room);
            }
            Some(SocketEffect::Replaced { by }) => self.close_replaced(to, by),
            Some(SocketEffect::Close { code, reason }) => {
                let closing = Closing::new(CloseCode(*code), reason);
                self.of(to).for_each(|socket| socket.outlet.close(closing.clone()));
            }
        }
    }

    fn of(&self, recipient: &str) -> impl Iterator<Item = &Subscriber> {
        let connections = self.by_recipient.get(recipient).into_iter().flatten();
        connections.filter_map(|connection| self.sockets.get(connection))
    }

    fn subscribe(&mut self, session: &str, room: &str, max_room: usize) {
        for connection in self.by_recipient.get(session).cloned().unwrap_or_default() {
            self.subscribe_one(&connection, room, max_room);
        }
    }

    fn subscribe_one(&mut self, connection: &Arc<str>, room: &str, max_room: usize) {
        let Some(socket) = self.sockets.get_mut(connection) else { return };
        if socket.rooms.iter().any(|known| known == room) {
            return;
        }
        let members = self.by_recipient.entry(room.to_owned()).or_default();
        if members.len() >= max_room {
            let reason = "this server holds too many sockets of the room";
            socket.outlet.close(Closing::new(CloseCode::TOO_MANY, reason));
            return;
        }
        members.push(Arc::clone(connection));
        socket.rooms.push(room.to_owned());
    }

    fn unsubscribe(&mut self, session: &str, room: &str) {
        for connection in self.by_recipient.get(session).cloned().unwrap_or_default() {
            if let Some(socket) = self.sockets.get_mut(&connection) {
                socket.rooms.retain(|known| known != room);
            }
            self.forget(room, &connection);
        }
    }

    /// Ends the wait of a resumed socket: it gets what it has missed, and then every new line.
    fn resume(&mut self, connection: &str, rooms: &[String], window: &Window, max_room: usize) {
        let Some((connection, _)) = self.sockets.get_key_value(connection) else { return };
        let connection = Arc::clone(connection);
        for room in rooms {
            self.subscribe_one(&connection, &format!("#{room}"), max_room);
        }
        let Some(socket) = self.sockets.get_mut(&connection) else { return };
        let Some(last) = socket.waits_after.take() else { return };
        let recipients = socket.rooms.iter().chain([&socket.session]).map(String::as_str);
        let mut missed = window.after(&last, recipients);
        missed.lines.retain(|line| line.line.content.effect.is_none());
        socket.outlet.resume(missed);
    }

    fn close_replaced(&self, session: &str, by: &str) {
        let connections = self.by_recipient.get(session).into_iter().flatten();
        for connection in connections.filter(|connection| ***connection != *by) {
            if let Some(socket) = self.sockets.get(connection) {
                let reason = "connected elsewhere";
                socket.outlet.close(Closing::new(CloseCode::REPLACED, reason));
            }
        }
    }

    fn forget(&mut self, recipient: &str, connection: &str) {
        if let Some(connections) = self.by_recipient.get_mut(recipient) {
            connections.retain(|known| **known != *connection);
            if connections.is_empty() {
                self.by_recipient.remove(recipient);
            }
        }
    }
}
