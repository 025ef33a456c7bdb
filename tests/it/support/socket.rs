//! WebSocket client of the real processes.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::PATIENCE;

/// Open socket.
pub(crate) struct ClientSocket {
    socket: WebSocketStream<TcpStream>,
    /// Headers of the response to the upgrade.
    pub(crate) headers: HeaderMap,
}

/// Frame of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Text(String),
    /// A close frame with its code; 0 for the end of the connection without one.
    Closed(u16),
}

impl ClientSocket {
    /// Opens a socket.
    pub(crate) async fn open(port: u16, path: &str) -> Self {
        Self::open_with(port, path, &[]).await.unwrap()
    }

    /// Opens a socket with further headers, or returns the status of the refusal.
    pub(crate) async fn open_with(
        port: u16,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut request = format!("ws://127.0.0.1:{port}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
        match client_async(request, stream).await {
            Ok((socket, response)) => Ok(Self { socket, headers: response.headers().clone() }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens a socket of the JSON protocol, and returns it with the welcome.
    pub(crate) async fn hello(port: u16, path: &str, mut hello: Value) -> (Self, Value) {
        let mut socket = Self::open(port, path).await;
        hello["type"] = "hello".into();
        socket.send(&hello.to_string()).await;
        let welcome = socket.json().await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (socket, welcome)
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends a message of the JSON protocol.
    pub(crate) async fn say(&mut self, id: &str, text: &str) {
        self.send(&json!({"type": "message", "id": id, "text": text}).to_string()).await;
    }

    /// Sends bytes as they are. The server may close the connection before it has read all.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.socket.get_mut().write_all(bytes).await;
    }

    /// Receives the next text, or the end.
    pub(crate) async fn receive(&mut self) -> Received {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            return match frame.expect("a frame comes in time") {
                Some(Ok(Message::Text(text))) => Received::Text(text.to_string()),
                Some(Ok(Message::Close(frame))) => {
                    Received::Closed(frame.map_or(1005, |frame| frame.code.into()))
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => Received::Closed(0),
            };
        }
    }

    /// Receives the next frame of the JSON protocol, other than a position.
    pub(crate) async fn json(&mut self) -> Value {
        loop {
            match self.receive().await {
                Received::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["type"] != "position" {
                        return frame;
                    }
                }
                Received::Closed(code) => panic!("closed with {code}"),
            }
        }
    }

    /// Receives this many frames of the JSON protocol, whose order among each other is open.
    pub(crate) async fn jsons(&mut self, count: usize) -> Vec<Value> {
        let mut frames = Vec::new();
        for _ in 0..count {
            frames.push(self.json().await);
        }
        frames
    }

    /// Receives the close frame, and returns its code.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Received::Closed(code) = self.receive().await {
                return code;
            }
        }
    }
}
