//! Client of the JSON protocol, which keeps its session and the id of the last line.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use crosswire::engine::sockets::{Closing, Opening, Outgoing, Socket, SocketServer};
use crosswire::transports::websocket::SUBPROTOCOL;
use futures_util::FutureExt;
use serde_json::{Value, json};

#[derive(Default)]
pub(super) struct Client {
    /// Session token, from the first welcome on.
    pub(super) session: Option<String>,
    pub(super) last: Option<String>,
    pub(super) socket: Option<Socket>,
    /// Sockets that the client has lost and the server still holds.
    pub(super) abandoned: Vec<Socket>,
    pub(super) received: Vec<Value>,
    pub(super) closes: Vec<u16>,
}

impl Client {
    /// Connects, with its session and its last line if it has them, and with further fields.
    pub(super) async fn open_with(
        &mut self,
        server: &Arc<SocketServer>,
        mut hello: Value,
    ) -> Result<(), Closing> {
        self.abandoned.extend(self.socket.take());
        // A hello waits until the feed has been read once.
        server.hub().step(Duration::ZERO).await.unwrap();
        let mut socket = server.open(opening()).await?;
        hello["type"] = "hello".into();
        for (name, value) in [("session", &self.session), ("last", &self.last)] {
            if let Some(value) = value {
                hello[name] = value.as_str().into();
            }
        }
        socket.receive(&hello.to_string()).await?;
        self.socket = Some(socket);
        Ok(())
    }

    pub(super) async fn open(&mut self, server: &Arc<SocketServer>) {
        self.open_with(server, json!({})).await.unwrap();
    }

    /// Sends a text, under an id.
    pub(super) async fn say(&mut self, text: &str, id: &str) {
        self.try_say(text, id).await.unwrap();
    }

    pub(super) async fn try_say(&mut self, text: &str, id: &str) -> Result<(), Closing> {
        let frame = json!({"type": "message", "text": text, "id": id}).to_string();
        match &mut self.socket {
            Some(socket) => socket.receive(&frame).await,
            None => Ok(()),
        }
    }

    /// Reads up to this many frames. After a close frame the socket is gone.
    pub(super) fn read(&mut self, frames: usize) {
        for _ in 0..frames {
            let Some(socket) = &mut self.socket else { return };
            match socket.next().now_or_never() {
                None => return,
                Some(Outgoing::Close(closing)) => {
                    self.closes.push(closing.code.0);
                    self.socket = None;
                }
                Some(Outgoing::Text(frame)) => self.take(serde_json::from_slice(&frame).unwrap()),
            }
        }
    }

    pub(super) fn read_all(&mut self) {
        self.read(usize::MAX);
    }

    fn take(&mut self, frame: Value) {
        if frame["type"] == "welcome" {
            self.session = frame["session"].as_str().map(str::to_owned);
        }
        if let Some(id) = frame["id"].as_str() {
            self.last = Some(id.to_owned());
        }
        self.received.push(frame);
    }

    /// Loses its sockets with their process.
    pub(super) fn lose(&mut self) {
        self.socket = None;
        self.abandoned.clear();
    }

    /// Returns the frames of a type.
    pub(super) fn of_type(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.received.iter().filter(move |frame| frame["type"] == kind)
    }

    /// Returns the texts of all messages.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.of_type("message").map(|frame| frame["text"].as_str().unwrap()).collect()
    }
}

/// Returns the opening of a JSON client.
pub(super) fn opening() -> Opening<'static> {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Opening { address, protocols: vec![SUBPROTOCOL], session: None }
}
