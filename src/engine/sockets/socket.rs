//! Socket: one client, from its first frame to its last.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::limits::{Excess, Place, SocketRate};
use super::outlet::{Closing, Item, Outgoing, Outlet};
use super::server::SocketServer;
use crate::contracts::storage::{FeedCursor, Pushed};
use crate::contracts::transport::socket::{
    ClientFrame, ClientMessage, CloseCode, ErrorCode, Hello, ServerFrame, SocketProtocol,
};
use crate::engine::intake::{Outcome, Receipt, Refusal, answer_text};
use crate::model::address::Address;
use crate::model::connection::ConnectionChange;
use crate::model::message::{Incoming, MessageId};
use crate::model::token::{Rights, Token};

/// Messages above the rate, beyond those within it, after which a socket is closed.
const MAX_EXCESS: u32 = 50;
/// Answers that wait for a client to read them before its socket is closed.
const MAX_REPLIES: usize = 256;

/// Open socket of one client.
pub struct Socket {
    pub(super) server: Arc<SocketServer>,
    protocol: &'static dyn SocketProtocol,
    place: Place,
    rate: SocketRate,
    /// Messages above the rate, less those within it since.
    excess: u32,
    pub(super) outlet: Arc<Outlet>,
    pub(super) session: Option<Session>,
    /// Position that the client knows.
    pub(super) position: Option<FeedCursor>,
    replies: VecDeque<Bytes>,
}

/// The session of a socket whose client has been accepted.
pub(super) struct Session {
    pub(super) address: Address,
    pub(super) connection: Arc<str>,
    pub(super) rights: Rights,
}

impl Socket {
    pub(super) fn new(server: Arc<SocketServer>, place: Place, protocols: &[&str]) -> Self {
        let rate = server.limits.socket_rate();
        let outlet = Arc::new(Outlet::new(server.settings().max_backlog));
        let protocol = server.protocol(protocols);
        Self {
            server,
            protocol,
            place,
            rate,
            excess: 0,
            outlet,
            session: None,
            position: None,
            replies: VecDeque::new(),
        }
    }

    /// Returns whether the client has to say hello, and has not yet.
    pub fn awaits_hello(&self) -> bool {
        self.has_hello() && self.session.is_none()
    }

    pub(super) fn has_hello(&self) -> bool {
        self.protocol.has_hello()
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
        match self.protocol.decode(frame) {
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
                if self.is_allowed(None)? {
                    self.error(None, ErrorCode::Malformed, &reason);
                }
                Ok(())
            }
        }
    }

    async fn message(&mut self, message: ClientMessage) -> Result<(), Closing> {
        let Some(session) = &self.session else { return Ok(()) };
        let ClientMessage { id, text, mut parameters } = message;
        if !session.rights.send {
            return Err(Closing::new(CloseCode::NOT_ALLOWED, "this token gives no right to send"));
        }
        // A process that was frozen: its sessions may be outside of their rooms already.
        if self.server.heartbeat.is_late() {
            let reason = "the server was away for long; connect again and resume";
            return Err(Closing::new(CloseCode::TRY_AGAIN, reason));
        }
        let address = session.address.clone();
        if !self.is_allowed(id.as_deref())? {
            return Ok(());
        }
        let new_id = || MessageId::new(Uuid::now_v7().simple().to_string());
        let key =
            id.as_deref().map_or_else(new_id, |own| message_id(address.identity.reveal(), own));
        parameters.0.extend(id.clone().map(|id| ("id".to_owned(), id)));
        let incoming = Incoming { parameters, ..Incoming::new(key, address, text) };
        let taken = self.server.intake.take(&self.server.route, incoming).await;
        self.answer(id.as_deref(), taken);
        Ok(())
    }

    fn answer(&mut self, id: Option<&str>, taken: Result<Receipt, Refusal>) {
        match taken {
            Ok(Receipt { outcome: Outcome::Pushed(Pushed::GroupFull), .. }) => {
                let text = "too many of your messages are waiting; send it again later";
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

    /// Takes a frame into account, and answers one that exceeds a rate.
    fn is_allowed(&mut self, id: Option<&str>) -> Result<bool, Closing> {
        let Some(session) = &self.session else { return Ok(false) };
        let rooms = self.server.hub.rooms(&session.connection);
        let allowed = self.server.limits.allow(&self.rate, &self.place, &rooms);
        self.excess = match allowed {
            Ok(()) => self.excess.saturating_sub(1),
            Err(Excess::Own) => self.excess + 1,
            Err(Excess::Shared) => self.excess,
        };
        if self.excess > MAX_EXCESS {
            return Err(Closing::new(CloseCode::POLICY, "too many messages for too long"));
        }
        if allowed.is_err() {
            self.error(id, ErrorCode::TooFast, "too many messages; send it later");
        }
        Ok(allowed.is_ok())
    }

    fn error(&mut self, reference: Option<&str>, code: ErrorCode, text: &str) {
        self.reply(&ServerFrame::Error { reference, code, text });
    }

    pub(super) fn reply(&mut self, frame: &ServerFrame<'_>) {
        if self.replies.len() >= MAX_REPLIES {
            let reason = "reads too slowly; resume";
            self.outlet.close(Closing::new(CloseCode::TRY_AGAIN, reason));
            return;
        }
        let frame = self.protocol.encode(frame);
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
                    if let Some(frame) = line.encoded(self.protocol) {
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
        let Some(session) = &self.session else { return };
        let Some(newest) = self.server.hub.position(&session.connection) else { return };
        if self.position.as_ref() != Some(&newest) {
            self.reply(&ServerFrame::Position(newest.as_str()));
            self.position = Some(newest);
        }
    }
}

/// Returns the id of a message, which is in logs and events. So a client's own id, which may be any
/// text, and the identity of its session are in it as a digest only.
pub fn message_id(session: &str, own: &str) -> MessageId {
    let digest = Sha256::new().chain_update(session).chain_update(":");
    MessageId::new(hex::encode(&digest.chain_update(own).finalize()[..16]))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_id_is_one_for_a_session_and_its_own_id_and_shows_neither() {
        let id = message_id("5e55", "evil\n\u{1b}[31m");
        assert_eq!(id, message_id("5e55", "evil\n\u{1b}[31m"));
        assert_ne!(id, message_id("5e56", "evil\n\u{1b}[31m"));
        assert_ne!(id, message_id("5e55", "good"));
        assert_eq!(id.as_str().len(), 32);
        assert!(id.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    }
}
