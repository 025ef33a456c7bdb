//! Greeting: from a client's hello to its welcome.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::outlet::Closing;
use super::server::SocketServer;
use super::socket::{Session, Socket};
use super::subscriptions::NewSocket;
use crate::contracts::storage::FeedCursor;
use crate::contracts::transport::socket::{CloseCode, HEARTBEAT, Hello, ServerFrame};
use crate::model::address::Address;
use crate::model::connection::{Connection, ConnectionChange};
use crate::model::token::{Claims, Rights, Token, TokenPurpose};

/// Longest wait of a client for the lines that were published before the start of the process.
const LOAD_TIMEOUT: Duration = Duration::from_secs(2);

/// Client that opens a socket.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    pub address: IpAddr,
    /// Subprotocols that the client offers.
    pub protocols: Vec<&'a str>,
    /// Session token of a client that says no hello.
    pub session: Option<Token>,
}

impl Socket {
    /// Accepts a client: its tokens are verified, and its connection is stored.
    pub(super) async fn greet(&mut self, hello: Hello) -> Result<(), Closing> {
        let server = Arc::clone(&self.server);
        let known = server.verify(hello.session.as_ref(), TokenPurpose::Session)?;
        let claims = server.verify(hello.token.as_ref(), TokenPurpose::Room)?;
        if tokio::time::timeout(LOAD_TIMEOUT, server.hub.loaded()).await.is_err() {
            return Err(unavailable());
        }
        // A session keeps the rights of the room token that it began with, until it shows another.
        let rights = claims.iter().chain(&known).map(|claims| claims.rights).next();
        let identity = known.map_or_else(new_identity, |claims| claims.subject);
        let address = Address::new(&server.transport_name, &identity, server.topic.as_str());
        let connection = Uuid::now_v7().simple().to_string();
        self.session = Some(Session {
            address: address.clone(),
            connection: connection.as_str().into(),
            rights: rights.unwrap_or(Rights::BOTH),
        });
        let connection = Connection {
            claims,
            parameters: hello.parameters,
            is_resumed: hello.last.is_some(),
            // The heartbeat gives the process its id.
            ..Connection::new(address, connection, "")
        };
        self.enter(connection, hello.last.map(FeedCursor::new)).await
    }

    /// Stores a connection. After a failure the socket is closed, and the close is stored as well, in
    /// case that the store has the connection nevertheless.
    async fn enter(
        &mut self,
        mut connection: Connection,
        last: Option<FeedCursor>,
    ) -> Result<(), Closing> {
        let (server, outlet) = (Arc::clone(&self.server), Arc::clone(&self.outlet));
        let Some(session) = &self.session else { return Ok(()) };
        // Before the connection is stored, so that no answer to it is missed.
        let position = server.hub.insert(NewSocket {
            connection: &session.connection,
            session: session.address.identity.reveal(),
            outlet,
            last,
            may_receive: session.rights.receive,
        });
        self.position = Some(position);
        connection.process = server.heartbeat.process().await.map_err(|no_beat| {
            server.no_beat(&no_beat);
            unavailable()
        })?;
        let is_resumed = connection.is_resumed;
        let change = ConnectionChange::Opened(Box::new(connection));
        server.intake.connection(&server.route, change).await.map_err(|_| unavailable())?;
        if !is_resumed {
            self.welcome(true);
        }
        Ok(())
    }

    /// Gives the client its session token. A resumed one has to wait until its rooms are known.
    pub(super) fn welcome(&mut self, is_complete: bool) {
        let Some(session) = &self.session else { return };
        let claims = Claims {
            purpose: TokenPurpose::Session,
            topic: self.server.topic.clone(),
            subject: session.address.identity.reveal().to_owned(),
            rights: session.rights,
            expires_at: self.server.session_expiry(),
        };
        let token = self.server.tokens.sign(&claims);
        let position = self.position.clone();
        let welcome = ServerFrame::Welcome {
            session: &token,
            heartbeat: HEARTBEAT,
            is_complete,
            cursor: position.as_ref().map(FeedCursor::as_str),
        };
        self.reply(&welcome);
    }
}

impl SocketServer {
    /// Opens a socket. A client that says no hello is connected at once.
    ///
    /// # Errors
    /// The close frame for the client.
    pub async fn open(self: &Arc<Self>, opening: Opening<'_>) -> Result<Socket, Closing> {
        if self.departures.len() >= self.settings().max_sockets {
            let reason = "too many sockets were closed just now; try again later";
            return Err(Closing::new(CloseCode::TRY_AGAIN, reason));
        }
        let Some(place) = self.limits.enter(opening.address) else {
            let reason = "too many sockets are open; try again later";
            return Err(Closing::new(CloseCode::TOO_MANY, reason));
        };
        let mut socket = Socket::new(Arc::clone(self), place, &opening.protocols);
        if !socket.has_hello() {
            socket.connect(opening.session).await?;
        }
        Ok(socket)
    }

    fn verify(
        &self,
        token: Option<&Token>,
        purpose: TokenPurpose,
    ) -> Result<Option<Claims>, Closing> {
        let verify = |token| self.tokens.verify(token, purpose, &self.topic, self.clock.now());
        let claims = token.map(verify).transpose();
        claims.map_err(|error| Closing::new(CloseCode::INVALID_TOKEN, &error.to_string()))
    }

    fn session_expiry(&self) -> DateTime<Utc> {
        let ttl = TimeDelta::from_std(self.settings().session_ttl).unwrap_or(TimeDelta::MAX);
        self.clock.now().checked_add_signed(ttl).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

fn unavailable() -> Closing {
    Closing::new(CloseCode::TRY_AGAIN, "the store is away or full; try again later")
}

/// Returns an identity of 128 random bits, which cannot be guessed.
fn new_identity() -> String {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    hex::encode(bytes)
}
