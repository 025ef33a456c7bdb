//! One socket client: what it remembers between its connections, and the frames that it reads.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};

use crate::contracts::storage::StorageError;
use crate::engine::sockets::{Closing, Opening, Outgoing, Socket, SocketServer};
use crate::model::address::Identity;
use crate::model::token::Token;
use crate::model::topic::TopicName;
use crate::tester::script::received::{Form, ReceivedMessage};
use crate::transports::websocket::SUBPROTOCOL;

/// Client of a script. It speaks JSON, as a page does.
pub(super) struct Client {
    pub(super) name: Identity,
    pub(super) topic: TopicName,
    /// Token of the session, from the last welcome.
    pub(super) session: Option<Token>,
    /// Id of the last line that it has seen.
    pub(super) last: Option<String>,
    /// Last message, for sending it again.
    sent: Option<Map<String, Value>>,
    messages: u32,
    /// Open sockets. The newest is the last; an older one is about to be closed by its server.
    pub(super) connections: Vec<Connection>,
    pub(super) received: Vec<ReceivedMessage>,
}

/// Open socket, and the web process that holds it and no other.
pub(super) struct Connection {
    pub(super) server: Arc<SocketServer>,
    pub(super) socket: Socket,
}

impl Client {
    pub(super) fn new(name: Identity, topic: TopicName) -> Self {
        Self {
            name,
            topic,
            session: None,
            last: None,
            sent: None,
            messages: 0,
            connections: Vec::new(),
            received: Vec::new(),
        }
    }

    /// Opens a socket at a server, and says hello with these fields.
    pub(super) async fn open(
        &mut self,
        server: Arc<SocketServer>,
        mut hello: Map<String, Value>,
    ) -> Result<()> {
        // The server waits for the lines that are there already.
        read_lines(&server).await?;
        hello.insert("type".to_owned(), "hello".into());
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let opening = Opening { address, protocols: vec![SUBPROTOCOL], session: None };
        match server.open(opening).await {
            Ok(socket) => {
                self.connections.push(Connection { server, socket });
                self.write(&hello).await
            }
            Err(closing) => {
                self.record_close(closing);
                Ok(())
            }
        }
    }

    /// Sends a text, or an object as a frame of its own, and returns the frame.
    pub(super) async fn send(&mut self, text: &str) -> Result<Map<String, Value>> {
        self.messages += 1;
        let mut frame = match serde_json::from_str(text) {
            Ok(frame) => frame,
            Err(_) => fields(json!({"type": "message", "text": text})),
        };
        frame.entry("id").or_insert_with(|| format!("m{}", self.messages).into());
        self.write(&frame).await?;
        self.sent = Some(frame.clone());
        Ok(frame)
    }

    /// Sends the last message again under its id, and returns the frame.
    pub(super) async fn send_again(&mut self) -> Result<Map<String, Value>> {
        let frame = self.sent.clone().context("nothing was sent that could be sent again")?;
        self.write(&frame).await?;
        Ok(frame)
    }

    /// Writes a frame to the newest socket.
    async fn write(&mut self, frame: &Map<String, Value>) -> Result<()> {
        let name = self.name.reveal();
        let connection = self.connections.last_mut().with_context(|| {
            format!("{name} is closed; write open {name} or resume {name} above")
        })?;
        let frame = Value::from(frame.clone()).to_string();
        if let Err(closing) = connection.socket.receive(&frame).await {
            let Connection { server, socket } = self.take("write to")?;
            self.record_close(closing);
            end(&server, socket).await?;
        }
        Ok(())
    }

    /// Closes the newest socket.
    pub(super) async fn close(&mut self) -> Result<()> {
        let Connection { server, socket } = self.take("close")?;
        end(&server, socket).await
    }

    /// Loses all sockets with their processes, which report nothing any more.
    pub(super) fn lose(&mut self) -> Result<()> {
        self.take("lose")?;
        self.connections.clear();
        Ok(())
    }

    fn take(&mut self, action: &str) -> Result<Connection> {
        let name = self.name.reveal();
        self.connections.pop().with_context(|| format!("{name} has no open socket to {action}"))
    }

    /// Takes in the new lines, and reads all frames that are there. Returns whether the server
    /// closed a socket, from which more may follow.
    pub(super) async fn step(&mut self) -> Result<bool> {
        let mut open = Vec::new();
        let mut is_closed = false;
        for Connection { server, mut socket } in std::mem::take(&mut self.connections) {
            read_lines(&server).await?;
            match self.read(&mut socket)? {
                None => open.push(Connection { server, socket }),
                Some(closing) => {
                    self.record_close(closing);
                    end(&server, socket).await?;
                    is_closed = true;
                }
            }
        }
        self.connections = open;
        Ok(is_closed)
    }

    /// Reads frames until there is none, or until the close frame.
    fn read(&mut self, socket: &mut Socket) -> Result<Option<Closing>> {
        loop {
            match socket.next().now_or_never() {
                None => return Ok(None),
                Some(Outgoing::Close(closing)) => return Ok(Some(closing)),
                Some(Outgoing::Text(frame)) => self.take_in(serde_json::from_slice(&frame)?),
            }
        }
    }

    fn take_in(&mut self, frame: Map<String, Value>) {
        let string = |name| frame.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = string("type").unwrap_or_default();
        if kind == "welcome" {
            self.session = string("session").map(Token::new);
        }
        self.last = string("id").or(self.last.take());
        // Heartbeats bring positions at times that no script can name.
        if kind == "position" {
            return;
        }
        let text = string("text").unwrap_or_default();
        self.record(text, Form::Frame(frame));
    }

    fn record_close(&mut self, closing: Closing) {
        self.record(closing.reason, Form::Close(closing.code));
    }

    fn record(&mut self, text: String, form: Form) {
        let (to, media) = (self.name.clone(), Vec::new());
        self.received.push(ReceivedMessage { to, text, media, form });
    }
}

async fn read_lines(server: &SocketServer) -> Result<(), StorageError> {
    while server.hub().step(Duration::ZERO).await? > 0 {}
    Ok(())
}

/// Ends a socket, and stores that its connection is closed.
async fn end(server: &SocketServer, socket: Socket) -> Result<()> {
    drop(socket);
    Ok(server.report_once().await?)
}

/// Returns the fields of a JSON object.
pub(super) fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
