//! Sockets and rooms of a transaction.

use serde_json::Value;

use super::presence::{self, Session};
use super::{OutgoingMessage, Result, Transaction};
use crate::model::address::Address;
use crate::model::frame::{Frame, SocketEffect};
use crate::model::token::{Claims, Token};
use crate::model::topic::TopicName;

impl Transaction {
    /// Returns the topic that this transaction belongs to.
    pub fn topic(&self) -> &TopicName {
        &self.invocation.topic
    }

    /// Sends a frame. A phone gets its text, and nothing when that is empty.
    pub fn send_frame(&mut self, to: &Address, frame: Frame) {
        let Frame { text, content } = frame;
        if text.reveal().is_empty() && !to.is_socket() {
            return;
        }
        let content = to.is_socket().then(|| Box::new(content));
        let message = OutgoingMessage { content, ..OutgoingMessage::text(to.clone(), text) };
        self.effects.sends.push(message);
    }

    /// Sends a frame to every socket that is subscribed to a room. It is one message, however many
    /// sockets there are.
    pub fn send_to_room(&mut self, room: &str, frame: Frame) {
        let to = Address::room(self.topic(), room);
        self.send_frame(&to, frame);
    }

    /// Subscribes a session to a room: its sockets get what is sent to the room after this. Does
    /// nothing when it is subscribed.
    pub async fn subscribe(&mut self, session: &Address, room: &str) -> Result {
        let mut known = Session::read(self, session).await?;
        if !known.join(room) {
            return Ok(());
        }
        known.write(self)?;
        let session = session.identity.reveal().to_owned();
        self.send_to_room(room, Frame::effect(SocketEffect::Subscribe { session }));
        Ok(())
    }

    /// Ends a subscription: the session gets nothing that is sent to the room after this.
    pub async fn unsubscribe(&mut self, session: &Address, room: &str) -> Result {
        let mut known = Session::read(self, session).await?;
        if !known.leave(room, self.now()) {
            return Ok(());
        }
        known.write(self)?;
        let session = session.identity.reveal().to_owned();
        self.send_to_room(room, Frame::effect(SocketEffect::Unsubscribe { session }));
        Ok(())
    }

    /// Closes the socket of a session, after the messages that were sent to it before. `code` is one
    /// of 4000 to 4999 (RFC 6455 section 7.4.2), `reason` at most 123 bytes.
    pub fn close_socket(&mut self, session: &Address, code: u16, reason: &str) {
        let reason = reason.to_owned();
        self.send_frame(session, Frame::effect(SocketEffect::Close { code, reason }));
    }

    /// Closes every socket that is subscribed to a room, in the way of
    /// [`Transaction::close_socket`].
    pub fn close_room(&mut self, room: &str, code: u16, reason: &str) {
        let reason = reason.to_owned();
        self.send_to_room(room, Frame::effect(SocketEffect::Close { code, reason }));
    }

    /// Returns whether a session has an open socket. A socket whose web process was killed counts
    /// until that is noticed, at most one heartbeat.
    pub async fn is_connected(&mut self, session: &Address) -> Result<bool> {
        Ok(Session::read(self, session).await?.is_connected())
    }

    /// Signs a token.
    pub fn sign(&self, claims: &Claims) -> Token {
        self.invocation.groups.token_key().sign(claims)
    }

    /// Reads the record of a session that presence keeps.
    pub(super) async fn session(&mut self, key: &str) -> Result<Option<Session>> {
        // A session is the same one for every app of a router.
        let stored: Option<Value> = self.read(&[key.to_owned()]).await?.pop().flatten();
        Ok(stored.and_then(presence::parse))
    }
}
