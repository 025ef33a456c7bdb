//! Contract of a transport whose clients hold sockets: its limits, and the forms of its frames.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::contracts::storage::FeedLimits;
use crate::model::frame::FrameContent;
use crate::model::message::{MessageId, Parameters, Text};
use crate::model::token::Token;
use crate::model::topic::TopicName;

/// Time for which a line can be resumed from.
pub const WINDOW: Duration = Duration::from_mins(2);
/// Lines of a topic that can be resumed from.
pub const WINDOW_LINES: u64 = 100_000;
/// Bytes of a topic's lines that a web process keeps.
pub const WINDOW_BYTES: usize = 64 << 20;

/// A transport whose clients hold sockets.
pub trait SocketTransport: Send + Sync {
    /// Returns the limits of its sockets.
    fn settings(&self) -> &SocketSettings;

    /// Returns the protocol of a new socket, given the subprotocols that its client offers
    /// (RFC 6455 section 1.9).
    fn protocol(&self, offered: &[&str]) -> &'static dyn SocketProtocol;
}

/// Forms of the frames of one protocol.
pub trait SocketProtocol: Send + Sync {
    /// Returns the name of the subprotocol, when the client has to offer it.
    fn name(&self) -> Option<&'static str>;

    /// Returns whether a client has to say hello before anything else.
    fn has_hello(&self) -> bool;

    /// Parses a frame of a client.
    ///
    /// # Errors
    /// A sentence for the client that says what to send instead.
    fn decode(&self, frame: &str) -> Result<ClientFrame, String>;

    /// Writes a frame for a client; `None` when this protocol has no form of it.
    fn encode(&self, frame: &ServerFrame<'_>) -> Option<String>;
}

/// Frame of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame {
    Hello(Hello),
    Message(ClientMessage),
}

/// Greeting of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// Token of the session to come back as.
    pub session: Option<Token>,
    /// Token of a room.
    pub token: Option<Token>,
    /// Id of the last line that the client has seen.
    pub last: Option<String>,
    /// Further fields, for the handler.
    pub parameters: Parameters,
}

/// Message of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientMessage {
    /// Client's own id. A message that is sent again under it counts once.
    pub id: Option<String>,
    pub text: Text,
    /// Further fields, for the handler.
    pub parameters: Parameters,
}

/// Frame for a client.
#[derive(Clone, Debug)]
pub enum ServerFrame<'a> {
    Welcome {
        /// Token to come back with.
        session: &'a Token,
        heartbeat: Duration,
        /// False when lines after the client's last one are gone.
        is_complete: bool,
        /// Id to resume after, until a line comes.
        cursor: Option<&'a str>,
    },
    /// The message of this id is stored.
    Ack { reference: &'a str },
    /// A message was not taken; the text says why.
    Error { reference: Option<&'a str>, code: ErrorCode, text: &'a str },
    /// Id to resume after, when other lines than this client's have come.
    Position(&'a str),
    /// A line, and the id to resume after it.
    Line { cursor: &'a str, line: &'a Line },
}

/// Reason for not taking a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A validator rejected it.
    Rejected,
    TooFast,
    /// The session has too many messages in the queue.
    TooMany,
    /// The store is away or the queue is full: send it again later, under the same id.
    Unavailable,
    Malformed,
}

/// One line of a topic's live feed: an outbound message to a session or a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Id of the outbound message. A line may be published twice; the second one is dropped by it.
    pub id: MessageId,
    /// Identity of the session, or of the room.
    pub to: String,
    #[serde(default, skip_serializing_if = "is_empty")]
    pub text: Text,
    #[serde(default)]
    pub content: FrameContent,
}

fn is_empty(text: &Text) -> bool {
    text.reveal().is_empty()
}

impl Line {
    /// Returns the name of the feed that holds the lines of a topic.
    pub fn feed(topic: &TopicName) -> String {
        format!("live:{topic}")
    }

    /// Returns what the feed keeps.
    pub fn limits() -> FeedLimits {
        FeedLimits::lines(WINDOW_LINES).within(WINDOW)
    }

    /// Returns the fields of the JSON form, beside its id.
    pub fn json(&self) -> Map<String, Value> {
        let mut fields = self.content.fields.clone();
        fields.insert("type".to_owned(), self.content.kind().into());
        if !is_empty(&self.text) {
            fields.insert("text".to_owned(), self.text.reveal().into());
        }
        fields
    }
}

/// Code of a close frame (RFC 6455 section 7.4; 4000 to 4999 are this server's own).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct CloseCode(pub u16);

impl CloseCode {
    pub const NORMAL: Self = Self(1000);
    /// The process stops: connect again, after a random delay, and resume.
    pub const AWAY: Self = Self(1001);
    /// Bytes that are not frames of RFC 6455.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// Binary frames are not taken.
    pub const UNSUPPORTED: Self = Self(1003);
    pub const INVALID_UTF8: Self = Self(1007);
    /// The rate limit was exceeded for too long.
    pub const POLICY: Self = Self(1008);
    pub const TOO_LONG: Self = Self(1009);
    /// The client reads too slowly, or the process lost touch with the store: connect again and
    /// resume.
    pub const TRY_AGAIN: Self = Self(1013);
    pub const MALFORMED_HELLO: Self = Self(4400);
    pub const INVALID_TOKEN: Self = Self(4401);
    pub const NOT_ALLOWED: Self = Self(4403);
    pub const NO_SUCH_ROOM: Self = Self(4404);
    /// No hello, or no answer to pings, in time.
    pub const TIMED_OUT: Self = Self(4408);
    /// A newer connection of the same session.
    pub const REPLACED: Self = Self(4409);
    pub const ROOM_ENDED: Self = Self(4410);
    pub const ROOM_LOCKED: Self = Self(4423);
    /// The room, the address or the process has no place for another socket.
    pub const TOO_MANY: Self = Self(4429);
}

/// Limits and addresses of a topic's sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketSettings {
    /// Paths beside `/ws/<topic>`.
    pub paths: Vec<String>,
    /// Origins of other sites whose pages may connect; `*` for all.
    pub origins: Vec<String>,
    /// Longest frame of a client, in bytes, its fragments together.
    pub max_frame: usize,
    /// Messages per second that a socket may send, and how many at once.
    pub rate: u32,
    pub burst: u32,
    /// Messages per second of all sockets of one address.
    pub address_rate: u32,
    /// Messages per second of all sockets of one room, in one web process.
    pub room_rate: u32,
    /// Open sockets of one web process, one address, and one room.
    pub max_sockets: usize,
    pub max_sockets_per_address: usize,
    pub max_sockets_per_room: usize,
    /// Lines that wait for a slow reader before its socket is closed.
    pub max_backlog: usize,
    /// Interval of pings; a client that is silent for two of them is gone.
    pub ping: Duration,
    /// Time for the hello.
    pub hello_timeout: Duration,
    /// Life of a session token.
    pub session_ttl: Duration,
}

/// Interval within which the loss of a web process is noticed.
pub const HEARTBEAT: Duration = Duration::from_secs(10);
