//! Socket clients of a script. Each socket is held by a web process of its own, which runs no loops:
//! the harness steps it.

mod client;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};

use self::client::{Client, fields};
pub(super) use self::transport::with_feeds;
use super::action::SocketAction;
use super::received::ReceivedMessage;
use crate::engine::sockets::{SocketServer, SocketServerParts, message_id};
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Identity, WEBSOCKET};
use crate::model::message::MessageId;
use crate::model::token::TokenPurpose;
use crate::model::topic::TopicName;

/// Interval of heartbeats, which come more often than they have to.
const BEAT: Duration = Duration::from_secs(3);

/// All socket clients of a script.
pub(super) struct Sockets {
    topics: Vec<TopicRuntime>,
    parts: SocketServerParts,
    clients: Vec<Client>,
    /// Uptime of the last heartbeats.
    beat_at: Duration,
}

/// Message that a client sent, and the id under which it is recorded.
pub(super) struct SentFrame {
    pub(super) text: String,
    pub(super) topic: TopicName,
    pub(super) key: MessageId,
}

impl Sockets {
    pub(super) fn new(topics: Vec<TopicRuntime>, parts: SocketServerParts) -> Self {
        Self { topics, parts, clients: Vec::new(), beat_at: Duration::ZERO }
    }

    /// Returns whether a client has connected before.
    pub(super) fn knows(&self, client: &Identity) -> bool {
        self.clients.iter().any(|known| known.name == *client)
    }

    pub(super) async fn act(
        &mut self,
        topic: &TopicName,
        client: &Identity,
        action: &SocketAction,
    ) -> Result<()> {
        match action {
            SocketAction::Open(hello) => self.open(topic, client, hello).await,
            SocketAction::Resume => self.resume(client).await,
            SocketAction::Close => self.client(client)?.close().await,
            SocketAction::Lose => self.client(client)?.lose(),
        }
    }

    /// Opens a socket of a new session, with further fields of its hello.
    async fn open(&mut self, topic: &TopicName, name: &Identity, hello: &str) -> Result<()> {
        let hello = parse_hello(hello)?;
        let server = self.server(topic)?;
        if let Some(at) = self.clients.iter().position(|known| known.name == *name) {
            let (shown, is_open) = (name.reveal(), !self.clients[at].connections.is_empty());
            ensure!(!is_open, "{shown} is open already; write close {shown} or resume {shown}");
            self.clients.remove(at);
        }
        self.clients.push(Client::new(name.clone(), topic.clone()));
        self.client(name)?.open(server, hello).await
    }

    /// Connects again with the session's token and the last line that the client has seen.
    async fn resume(&mut self, name: &Identity) -> Result<()> {
        let (topic, shown) = (self.client(name)?.topic.clone(), name.reveal());
        let server = self.server(&topic)?;
        let client = self.client(name)?;
        let session = client.session.as_ref().with_context(|| {
            format!("{shown} was never welcomed, and has no session; write open {shown}")
        })?;
        let mut hello = fields(json!({"session": session.reveal()}));
        hello.extend(client.last.clone().map(|last| ("last".to_owned(), last.into())));
        client.open(server, hello).await
    }

    /// Sends a text, or the last one again.
    pub(super) async fn send(
        &mut self,
        client: &Identity,
        text: Option<&str>,
    ) -> Result<SentFrame> {
        let client = self.client(client)?;
        let frame = match text {
            Some(text) => client.send(text).await?,
            None => client.send_again().await?,
        };
        let string = |name| frame.get(name).and_then(Value::as_str).unwrap_or_default();
        let (topic, session) = (client.topic.clone(), client.session.clone());
        let now = self.parts.clock.now();
        let tokens = self.parts.groups.token_key();
        let session = session
            .and_then(|token| tokens.verify(&token, TokenPurpose::Session, &topic, now).ok())
            .map_or_else(String::new, |claims| claims.subject);
        let key = MessageId::of(WEBSOCKET, &message_id(&session, string("id")));
        Ok(SentFrame { text: string("text").to_owned(), topic, key })
    }

    /// Hands new lines to their clients. Returns whether this closed sockets, from which more may
    /// follow.
    pub(super) async fn step(&mut self) -> Result<bool> {
        let mut is_closed = false;
        for client in &mut self.clients {
            is_closed |= client.step().await?;
        }
        Ok(is_closed)
    }

    /// Returns the messages since the last call.
    pub(super) fn received(&mut self) -> Vec<ReceivedMessage> {
        self.clients.iter_mut().flat_map(|client| std::mem::take(&mut client.received)).collect()
    }

    /// Returns the time until the next heartbeats are due; `None` without open sockets.
    pub(super) fn until_beat(&self) -> Option<Duration> {
        let is_open = self.clients.iter().any(|client| !client.connections.is_empty());
        let age = self.parts.clock.uptime().saturating_sub(self.beat_at);
        is_open.then(|| BEAT.saturating_sub(age))
    }

    /// Moves the wakes that report lost processes, and tells idle clients where to resume, once it
    /// is time to.
    pub(super) async fn beat(&mut self) {
        if self.until_beat().is_none_or(|left| !left.is_zero()) {
            return;
        }
        self.beat_at = self.parts.clock.uptime();
        for connection in self.clients.iter_mut().flat_map(|client| &mut client.connections) {
            connection.server.beat_once().await;
            connection.socket.update_position();
        }
    }

    fn client(&mut self, name: &Identity) -> Result<&mut Client> {
        let client = self.clients.iter_mut().find(|client| client.name == *name);
        client.with_context(|| format!("{} has not connected yet", name.reveal()))
    }

    /// Starts a web process for one socket.
    fn server(&self, topic: &TopicName) -> Result<Arc<SocketServer>> {
        let runtime = self.topics.iter().find(|runtime| runtime.config.name == *topic);
        let server = runtime.and_then(|runtime| SocketServer::new(runtime, self.parts.clone()));
        server.with_context(|| {
            format!("topic {topic} has no sockets; add \"websocket\" to its transports")
        })
    }
}

fn parse_hello(hello: &str) -> Result<Map<String, Value>> {
    if hello.is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(hello).with_context(|| format!("{hello} is no JSON object"))
}
