//! Clients: sockets in rooms, which note when each line of the load arrives.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::{Duration, Instant};

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Notify};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::stack::Stack;

/// Sockets that are being opened at the same time.
const OPENING: usize = 64;
const PATIENCE: Duration = Duration::from_mins(2);
/// Buffer of one socket; thousands of them lie in this process.
const BUFFER: usize = 4 * 1024;

type Socket = WebSocketStream<TcpStream>;

/// Open sockets. Socket `n` is in room `n / per_room`.
pub(crate) struct Clients {
    sockets: Vec<Client>,
    pub(crate) per_room: usize,
    arrived: Arc<AtomicUsize>,
    said: AtomicUsize,
}

struct Client {
    sink: Mutex<SplitSink<Socket, Message>>,
    inbox: Arc<Inbox>,
    reading: tokio::task::JoinHandle<()>,
}

/// Arrivals of one socket.
struct Inbox {
    number: usize,
    /// Number of each text, and when it came.
    texts: StdMutex<Vec<(usize, Instant)>>,
    /// The socket's own text came back.
    own: Notify,
    arrived: Arc<AtomicUsize>,
}

impl Clients {
    /// Opens the sockets of all rooms, and returns when each one is in its room.
    pub(crate) async fn open(stack: &Stack, rooms: usize, per_room: usize) -> Self {
        Self::open_at(stack.port, "/ws/bench", rooms, per_room).await
    }

    /// Opens sockets that get back what they say, and nothing else.
    pub(crate) async fn open_echo(stack: &Stack, count: usize) -> Self {
        Self::open_at(stack.port, "/ws/echo", count, 1).await
    }

    async fn open_at(port: u16, path: &str, rooms: usize, per_room: usize) -> Self {
        let arrived = Arc::new(AtomicUsize::new(0));
        let numbers = 0..rooms * per_room;
        let sockets = stream::iter(numbers)
            .map(|n| Client::open(port, path, n / per_room, n, Arc::clone(&arrived)))
            .buffered(OPENING)
            .collect::<Vec<_>>()
            .await;
        Self { sockets, per_room, arrived, said: AtomicUsize::new(0) }
    }

    pub(crate) fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Says a numbered text on a socket.
    pub(crate) async fn say(&self, socket: usize, number: usize) {
        // A text under an id that was used before would count as the same.
        let id = self.said.fetch_add(1, Ordering::Relaxed);
        let text = format!("n={number} by={socket} a line of a long talk");
        let frame = format!(r#"{{"type":"message","id":"{id}","text":"{text}"}}"#);
        self.sockets[socket].sink.lock().await.send(Message::text(frame)).await.unwrap();
    }

    /// Returns when the socket's own text came back.
    pub(crate) async fn own(&self, socket: usize) {
        let own = self.sockets[socket].inbox.own.notified();
        tokio::time::timeout(PATIENCE, own).await.expect("a text comes back");
    }

    /// Returns when this many texts have come since the last call, the sum of all sockets, with each
    /// text's number and the time of each arrival.
    pub(crate) async fn take(&self, count: usize) -> Vec<(usize, Instant)> {
        let all = async {
            while self.arrived.load(Ordering::Relaxed) < count {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.expect("all texts come");
        assert_eq!(self.arrived.swap(0, Ordering::Relaxed), count, "no text comes twice");
        self.sockets.iter().flat_map(|client| client.inbox.take()).collect()
    }
}

impl Client {
    async fn open(
        port: u16,
        path: &str,
        room: usize,
        number: usize,
        arrived: Arc<AtomicUsize>,
    ) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let url = format!("ws://127.0.0.1:{port}{path}");
        let opened = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await;
        let (mut socket, _) = opened.unwrap();
        let hello = format!(r#"{{"type":"hello","room":"{room}","who":"{number}"}}"#);
        socket.send(Message::text(hello)).await.unwrap();
        let joined = tokio::time::timeout(PATIENCE, wait_until_joined(&mut socket, number));
        joined.await.expect("a socket enters its room");
        let (sink, frames) = socket.split();
        let (texts, own) = Default::default();
        let inbox = Arc::new(Inbox { number, texts, own, arrived });
        let reading = tokio::spawn(Arc::clone(&inbox).read(frames));
        Self { sink: Mutex::new(sink), inbox, reading }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn wait_until_joined(socket: &mut Socket, number: usize) {
    let own = format!(r#""who":"{number}""#);
    loop {
        let frame = socket.try_next().await.unwrap().expect("the socket stays open");
        match frame {
            Message::Text(text) if text.contains(&own) => return,
            Message::Close(close) => panic!("closed: {close:?}"),
            _ => {}
        }
    }
}

impl Inbox {
    async fn read(self: Arc<Self>, mut frames: SplitStream<Socket>) {
        while let Some(Ok(frame)) = frames.next().await {
            match frame {
                Message::Text(text) => self.note(&text),
                Message::Close(close) => panic!("closed: {close:?}"),
                _ => {}
            }
        }
    }

    fn note(&self, frame: &str) {
        let Some(number) = figure(frame, "n=") else {
            assert!(!frame.contains(r#""type":"error""#), "{frame}");
            return;
        };
        self.texts.lock().unwrap().push((number, Instant::now()));
        self.arrived.fetch_add(1, Ordering::Relaxed);
        if figure(frame, "by=") == Some(self.number) {
            self.own.notify_one();
        }
    }

    fn take(&self) -> Vec<(usize, Instant)> {
        std::mem::take(&mut *self.texts.lock().unwrap())
    }
}

/// Returns the number that follows a name in a frame.
fn figure(frame: &str, name: &str) -> Option<usize> {
    let (_, rest) = frame.split_once(name)?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..digits].parse().ok()
}
