//! Socket: one client, from its first frame to its last.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::limits::{Place, SocketRate};
use super::outlet::{Closing, Item, Outgoing, Outlet};
use super::server::SocketServer;
use crate::contracts::storage::{FeedCursor, Pushed};
use crate::contracts::transport::socket::{
    ClientFrame, ClientMessage, CloseCode, ErrorCode, HEARTBEAT, Hello, ServerFrame, SocketProtocol,
};
use crate::engine::intake::{Outcome, Receipt, Refusal, answer_text};
use crate::model::address::Address;
use crate::model::connection::{Connection, ConnectionChange};
use crate::model::message::{Incoming, MessageId};
use crate::model::token::{Claims, Rights, Token, TokenPurpose};

/// Messages above the rate, one after the other, after which a socket is closed.
const MAX_EXCESS: u32 = 50;

/// Open socket of one client.
pub struct Socket {
    server: Arc<SocketServer>,
    protocols: Vec<String>,
    place: Place,
    rate: SocketRate,
    /// Messages above the rate since the last one within it.
    excess: u32,
    outlet: Arc<Outlet>,
    session: Option<Session>,
    /// Position that the client knows.
    position: Option<FeedCursor>,
    replies: std::collections::VecDeque<Bytes>,
}

/// The session of a socket whose client has been accepted.
struct Session {
    address: Address,
    connection: Arc<str>,
    claims: Option<Claims>,
}

impl Socket {
    pub(super) fn new(server: Arc<SocketServer>, place: Place, protocols: Vec<&str>) -> Self {
        let rate = server.limits.socket_rate();
        let outlet = Arc::new(Outlet::new(server.settings().max_backlog));
        let protocols = protocols.into_iter().map(str::to_owned).collect();
        Self {
            server,
            protocols,
            place,
            rate,
            excess: 0,
            outlet,
            session: None,
            position: None,
            replies: std::collections::VecDeque::new(),
        }
    }

    /// Returns the subprotocol that was chosen of those that the client offers.
    pub fn subprotocol(&self) -> Option<&'static str> {
        self.protocol().name()
    }

    /// Returns whether the client has to say hello, and has not yet.
    pub fn awaits_hello(&self) -> bool {
        self.has_hello() && self.session.is_none()
    }

    pub(super) fn has_hello(&self) -> bool {
        self.protocol().has_hello()
    }

    fn protocol(&self) -> &dyn SocketProtocol {
        let offered: Vec<&str> = self.protocols.iter().map(String::as_str).collect();
        self.server.protocol(&offered)
    }

    /// Connects a client of a protocol without a hello.
    pub(super) async fn connect(&mut self, session: Option<Token>) -> Result<(), Closing> {
        self.greet(Hello { session, ..Hello::default() }).await
    }

    /// Takes a text frame of the client. Answers to it come from [`Socket::next`].
    ///
    /// # Errors
    /// The close frame, when the socket has to be closed.
    pub async fn receive(&mut self, frame: &str) -> Result<(), Closing> {
        match self.protocol().decode(frame) {
            Ok(ClientFrame::Hello(hello)) if self.session.is_none() => self.greet(hello).await,
            Ok(ClientFrame::Hello(_)) => {
                Err(Closing::new(CloseCode::MALFORMED_HELLO, "a socket says hello once"))
            }
            Ok(ClientFrame::Message(message)) if self.session.is_some() => {
                self.message(message).await
            }
            Ok(ClientFrame::Message(_)) => {
                Err(Closing::new(CloseCode::MALFORMED_HELLO, "say hello first"))
            }
            Err(reason) if self.session.is_none() => {
                Err(Closing::new(CloseCode::MALFORMED_HELLO, &reason))
            }
            Err(reason) => {
                self.count_excess(false)?;
                self.error(None, ErrorCode::Malformed, &reason);
                Ok(())
            }
        }
    }

    /// Accepts a client: its tokens are verified, and its connection is stored.
    async fn greet(&mut self, hello: Hello) -> Result<(), Closing> {
        let server = Arc::clone(&self.server);
        let now = server.clock.now();
        let verify = |token: &Token, purpose| {
            server
                .tokens
                .verify(token, purpose, &server.topic, now)
                .map_err(|error| Closing::new(CloseCode::INVALID_TOKEN, &error.to_string()))
        };
        let known = hello.session.as_ref().map(|token| verify(token, TokenPurpose::Session));
        let claims = hello.token.as_ref().map(|token| verify(token, TokenPurpose::Room));
        let (known, claims) = (known.transpose()?, claims.transpose()?);
        server.hub.loaded().await;
        let identity = known.map_or_else(new_identity, |claims| claims.subject);
        let address = Address::new(&server.transport_name, &identity, server.topic.as_str());
        let connection = Connection {
            claims,
            parameters: hello.parameters,
            is_resumed: hello.last.is_some(),
            ..Connection::new(address, Uuid::now_v7().simple().to_string(), server.process())
        };
        self.enter(connection, hello.last.map(FeedCursor::new)).await
    }

    async fn enter(
        &mut self,
        connection: Connection,
        last: Option<FeedCursor>,
    ) -> Result<(), Closing> {
        let id: Arc<str> = connection.id.as_str().into();
        let address = connection.address.clone();
        let is_resumed = connection.is_resumed;
        self.session = Some(Session {
            address: address.clone(),
            connection: Arc::clone(&id),
            claims: connection.claims.clone(),
        });
        // Before the connection is stored, so that no answer to it is missed.
        self.server.hub.insert(&id, address.identity.reveal(), Arc::clone(&self.outlet), last);
        let stored = match self.server.heartbeat.ensure().await {
            Ok(()) => {
                let change = ConnectionChange::Opened(Box::new(connection));
                self.server.intake.connection(&self.server.route, change).await.is_ok()
            }
            Err(_) => false,
        };
        if !stored {
            let reason = "the store is away or full; try again later";
            return Err(Closing::new(CloseCode::TRY_AGAIN, reason));
        }
        if !is_resumed {
            self.welcome(true);
        }
        Ok(())
    }

    fn welcome(&mut self, is_complete: bool) {
        let Some(session) = &self.session else { return };
        let expires_at = self.server.session_expiry();
        let claims = Claims {
            purpose: TokenPurpose::Session,
            topic: self.server.topic.clone(),
            subject: session.address.identity.reveal().to_owned(),
            rights: Rights::BOTH,
            expires_at,
        };
        let token = self.server.tokens.sign(&claims);
        let welcome = ServerFrame::Welcome { session: &token, heartbeat: HEARTBEAT, is_complete };
        self.reply(&welcome);
    }

    async fn message(&mut self, message: ClientMessage) -> Result<(), Closing> {
        let Some(session) = &self.session else { return Ok(()) };
        let ClientMessage { id, text, parameters } = message;
        if session.claims.as_ref().is_some_and(|claims| !claims.rights.send) {
            return Err(Closing::new(CloseCode::NOT_ALLOWED, "this token gives no right to send"));
        }
        let address = session.address.clone();
        let rooms = self.server.hub.rooms(&session.connection);
        let is_allowed = self.server.limits.allow(&self.rate, &self.place, &rooms);
        self.count_excess(is_allowed)?;
        if !is_allowed {
            self.error(id.as_deref(), ErrorCode::TooFast, "too many messages; send it later");
            return Ok(());
        }
        let own = id.clone().unwrap_or_else(|| Uuid::now_v7().simple().to_string());
        let key = MessageId::new(format!("{}:{own}", address.identity.reveal()));
        let incoming = Incoming { parameters, ..Incoming::new(key, address, text) };
        let taken = self.server.intake.take(&self.server.route, incoming).await;
        self.answer(id.as_deref(), taken);
        Ok(())
    }

    fn answer(&mut self, id: Option<&str>, taken: Result<Receipt, Refusal>) {
        match taken {
            Ok(Receipt { outcome: Outcome::Pushed(Pushed::GroupFull), .. }) => {
                let text = "too many of your messages are waiting; send it later";
                self.error(id, ErrorCode::TooMany, text);
            }
            Ok(receipt) => {
                let (text, is_rejected) = answer_text(&receipt);
                if is_rejected {
                    self.error(id, ErrorCode::Rejected, text);
                    return;
                }
                if let Some(reference) = id {
                    self.reply(&ServerFrame::Ack { reference });
                }
            }
            Err(refusal) => self.error(id, ErrorCode::Unavailable, &refusal.to_string()),
        }
    }

    /// Counts messages above the rate.
    fn count_excess(&mut self, is_allowed: bool) -> Result<(), Closing> {
        self.excess = if is_allowed { 0 } else { self.excess + 1 };
        if self.excess > MAX_EXCESS {
            return Err(Closing::new(CloseCode::POLICY, "too many messages for too long"));
        }
        Ok(())
    }

    fn error(&mut self, reference: Option<&str>, code: ErrorCode, text: &str) {
        self.reply(&ServerFrame::Error { reference, code, text });
    }

    fn reply(&mut self, frame: &ServerFrame<'_>) {
        let frame = self.protocol().encode(frame);
        self.replies.extend(frame.map(Bytes::from));
    }

    /// Returns the next thing to write, when there is one. Nothing is lost when the future is dropped.
    pub async fn next(&mut self) -> Outgoing {
        loop {
            if let Some(reply) = self.replies.pop_front() {
                return Outgoing::Text(reply);
            }
            match self.outlet.next().await {
                Ok(Item::Ready { is_complete }) => self.welcome(is_complete),
                Ok(Item::Line(line)) => {
                    self.position = Some(line.cursor.clone());
                    if let Some(frame) = line.encoded(self.protocol()) {
                        return Outgoing::Text(frame);
                    }
                }
                Err(closing) => return Outgoing::Close(closing),
            }
        }
    }

    /// Tells the client the position behind the lines of others, so that a later resume does not look
    /// for a line that is long gone. Called with every ping.
    pub fn update_position(&mut self) {
        if self.session.is_none() || !self.outlet.is_idle() {
            return;
        }
        let newest = self.server.hub.newest();
        if newest == self.position {
            return;
        }
        if let Some(cursor) = &newest {
            self.reply(&ServerFrame::Position(cursor.as_str()));
        }
        self.position = newest;
    }
}

impl Drop for Socket {
    /// Reports the end of the connection. It is stored by the server's loop.
    fn drop(&mut self) {
        let Some(Session { address, connection, .. }) = self.session.take() else { return };
        self.server.hub.remove(&connection);
        let id = connection.to_string();
        self.server.departures.push(ConnectionChange::Closed { address, id });
    }
}

/// Returns an identity of 128 random bits, which cannot be guessed.
fn new_identity() -> String {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hex::encode(bytes)
}

impl SocketServer {
    fn process(&self) -> &str {
        &self.heartbeat.process
    }

    fn session_expiry(&self) -> DateTime<Utc> {
        let ttl = TimeDelta::from_std(self.settings().session_ttl).unwrap_or(TimeDelta::MAX);
        self.clock.now().checked_add_signed(ttl).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
