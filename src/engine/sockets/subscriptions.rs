//! The sockets that a web process holds, and the recipients that each is subscribed to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::outlet::{Closing, Outlet};
use super::published::PublishedLine;
use super::resume::{Beginning, Missed};
use super::window::Window;
use crate::contracts::storage::FeedCursor;
use crate::contracts::transport::socket::CloseCode;
use crate::model::frame::SocketEffect;

/// Longest wait of a connection for its `Ready` and `Attach` lines.
const MAX_WAIT: Duration = Duration::from_mins(1);

/// Subscriptions of the sockets of one topic.
pub(super) struct Subscriptions {
    max_room: usize,
    sockets: HashMap<Arc<str>, Subscriber>,
    /// Connections by the session or room that they are subscribed to.
    by_recipient: HashMap<String, Vec<Arc<str>>>,
}

/// Socket to add, and what its client may get.
pub(super) struct NewSocket<'s> {
    pub(super) connection: &'s Arc<str>,
    pub(super) session: &'s str,
    pub(super) outlet: Arc<Outlet>,
    /// Last line that its client has seen, when it resumes.
    pub(super) last: Option<FeedCursor>,
    /// Right to the lines of its session's rooms.
    pub(super) may_receive: bool,
}

struct Subscriber {
    session: String,
    outlet: Arc<Outlet>,
    may_receive: bool,
    rooms: BTreeSet<String>,
    waiting: Option<Waiting>,
}

/// Wait of a connection for its `Ready` and `Attach` lines. It gets no line until all of them have
/// come, and then every line that it has missed at once.
struct Waiting {
    since: Duration,
    is_resumed: bool,
    last: FeedCursor,
    /// Rooms of the session, once the `Ready` line has come.
    members: Option<BTreeSet<String>>,
    /// Rooms that the session has left, which have an `Attach` line too.
    left: Vec<String>,
    /// Numbers of the lines that have come: `Ready` under the session, `Attach` under its room.
    told_at: BTreeMap<String, u64>,
}

impl Waiting {
    fn is_over(&self) -> bool {
        let is_told = |room: &String| self.told_at.contains_key(room);
        self.members.as_ref().is_some_and(|members| members.iter().chain(&self.left).all(is_told))
    }
}

impl Subscriptions {
    pub(super) fn new(max_room: usize) -> Self {
        Self { max_room, sockets: HashMap::new(), by_recipient: HashMap::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Adds a socket, and returns its position. It gets nothing until its rooms are known, and then
    /// everything after its client's last line, or after that position.
    pub(super) fn insert(
        &mut self,
        new: NewSocket<'_>,
        window: &Window,
        now: Duration,
    ) -> FeedCursor {
        let NewSocket { connection, session, outlet, last, may_receive } = new;
        let is_resumed = last.is_some();
        let last = last.unwrap_or_else(|| window.newest());
        let waiting = Waiting {
            since: now,
            is_resumed,
            last: last.clone(),
            members: None,
            left: Vec::new(),
            told_at: BTreeMap::new(),
        };
        let (session, rooms, waiting) = (session.to_owned(), BTreeSet::new(), Some(waiting));
        self.by_recipient.entry(session.clone()).or_default().push(Arc::clone(connection));
        let subscriber = Subscriber { session, outlet, may_receive, rooms, waiting };
        self.sockets.insert(Arc::clone(connection), subscriber);
        last
    }

    pub(super) fn remove(&mut self, connection: &str) {
        let Some(subscriber) = self.sockets.remove(connection) else { return };
        for recipient in subscriber.rooms.iter().chain([&subscriber.session]) {
            self.forget(recipient, connection);
        }
    }

    /// Returns the rooms that a socket is subscribed to.
    pub(super) fn rooms(&self, connection: &str) -> Vec<String> {
        let socket = self.sockets.get(connection);
        socket.map(|socket| socket.rooms.iter().cloned().collect()).unwrap_or_default()
    }

    /// Returns whether a socket has taken every line so far that is for it.
    pub(super) fn is_up_to_date(&self, connection: &str) -> bool {
        let socket = self.sockets.get(connection);
        socket.is_some_and(|socket| socket.waiting.is_none() && socket.outlet.is_idle())
    }

    pub(super) fn close_all(&self, closing: &Closing) {
        self.sockets.values().for_each(|socket| socket.outlet.close(closing.clone()));
    }

    /// Closes the sockets whose `Ready` and `Attach` lines have not come in time.
    pub(super) fn close_waiting(&self, now: Duration) {
        let is_late = |waiting: &Waiting| now.saturating_sub(waiting.since) >= MAX_WAIT;
        for socket in self.sockets.values().filter(|s| s.waiting.as_ref().is_some_and(is_late)) {
            let reason = "the server is too busy; try again later";
            socket.outlet.close(Closing::new(CloseCode::TRY_AGAIN, reason));
        }
    }

    /// Hands the newest line to its sockets, or carries out its effect on them.
    pub(super) fn deliver(&mut self, line: &Arc<PublishedLine>, window: &Window) {
        let to = line.line.to.as_str();
        match &line.line.content.effect {
            None => self.live(to).for_each(|socket| socket.outlet.push(Arc::clone(line))),
            Some(SocketEffect::Subscribe { session }) => {
                for connection in self.live_connections(session) {
                    self.subscribe(&connection, to);
                }
            }
            Some(SocketEffect::Unsubscribe { session }) => {
                for connection in self.live_connections(session) {
                    self.unsubscribe(&connection, to);
                }
            }
            Some(SocketEffect::Attach { connection }) => {
                self.tell(connection, window, |waiting| {
                    waiting.told_at.insert(to.to_owned(), window.end());
                });
            }
            Some(SocketEffect::Ready { connection, rooms, left }) => {
                self.tell(connection, window, |waiting| {
                    waiting.told_at.insert(to.to_owned(), window.end());
                    waiting.members = Some(rooms.iter().map(|room| room_identity(room)).collect());
                    waiting.left = left.iter().map(|room| room_identity(room)).collect();
                });
            }
            Some(SocketEffect::Replaced { connection }) => {
                if let Some(socket) = self.sockets.get(connection.as_str()) {
                    let reason = "connected elsewhere";
                    socket.outlet.close(Closing::new(CloseCode::REPLACED, reason));
                }
            }
            Some(SocketEffect::Close { code, reason }) => {
                let closing = Closing::new(CloseCode(*code), reason);
                self.live(to).for_each(|socket| socket.outlet.close(closing.clone()));
            }
        }
    }

    /// Returns the sockets of a recipient that receive lines already.
    fn live(&self, recipient: &str) -> impl Iterator<Item = &Subscriber> {
        let connections = self.by_recipient.get(recipient).into_iter().flatten();
        let sockets = connections.filter_map(|connection| self.sockets.get(connection));
        sockets.filter(|socket| socket.waiting.is_none())
    }

    fn live_connections(&self, session: &str) -> Vec<Arc<str>> {
        let mut connections = self.by_recipient.get(session).cloned().unwrap_or_default();
        connections.retain(|one| self.sockets.get(one).is_some_and(|s| s.waiting.is_none()));
        connections
    }

    fn subscribe(&mut self, connection: &Arc<str>, room: &str) {
        let is_new = |s: &&mut Subscriber| s.may_receive && !s.rooms.contains(room);
        let Some(socket) = self.sockets.get_mut(connection).filter(is_new) else { return };
        let members = self.by_recipient.entry(room.to_owned()).or_default();
        if members.len() >= self.max_room {
            let reason = "this server holds too many sockets of the room";
            socket.outlet.close(Closing::new(CloseCode::TOO_MANY, reason));
            return;
        }
        members.push(Arc::clone(connection));
        socket.rooms.insert(room.to_owned());
    }

    fn unsubscribe(&mut self, connection: &str, room: &str) {
        if let Some(socket) = self.sockets.get_mut(connection) {
            socket.rooms.remove(room);
        }
        self.forget(room, connection);
    }

    /// Records a `Ready` or `Attach` line of a waiting connection; the last of them ends the wait.
    fn tell(&mut self, connection: &str, window: &Window, note: impl FnOnce(&mut Waiting)) {
        let Some((connection, _)) = self.sockets.get_key_value(connection) else { return };
        let connection = Arc::clone(connection);
        let Some(socket) = self.sockets.get_mut(&connection) else { return };
        let Some(waiting) = socket.waiting.as_mut() else { return };
        note(waiting);
        let Some(waiting) = socket.waiting.take_if(|waiting| waiting.is_over()) else { return };
        let of = Beginning {
            session: &socket.session,
            members: &waiting.members.unwrap_or_default(),
            told_at: &waiting.told_at,
            may_receive: socket.may_receive,
        };
        let missed = Missed::collect(window, &waiting.last, &of);
        socket.outlet.resume(missed.lines, waiting.is_resumed.then_some(missed.is_complete));
        if let Some(closing) = missed.closing {
            socket.outlet.close(closing);
        }
        for room in missed.rooms {
            self.subscribe(&connection, &room);
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

/// Returns the identity of a room, as its address has it.
fn room_identity(room: &str) -> String {
    format!("#{room}")
}
