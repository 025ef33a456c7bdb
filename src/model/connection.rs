//! Connections: sockets that sessions open and close.

use serde::{Deserialize, Serialize};

use crate::model::address::Address;
use crate::model::parameters::Parameters;
use crate::model::token::Claims;

/// Open socket of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// The session. Its identity outlives the connection.
    pub address: Address,
    /// Id of this connection, which no other one has.
    pub id: String,
    /// Id of the web process that holds the socket.
    #[doc(hidden)]
    pub process: String,
    /// Claims of the room token that the client presented, which the web process has verified.
    pub claims: Option<Claims>,
    /// Fields of the client's greeting, unchecked.
    pub parameters: Parameters,
    /// The client has seen lines of this session before, and gets what it missed.
    pub is_resumed: bool,
}

impl Connection {
    /// Creates a new connection of a session; set further fields on it.
    pub fn new(address: Address, id: impl Into<String>, process: impl Into<String>) -> Self {
        let (id, process) = (id.into(), process.into());
        let parameters = Parameters::default();
        Self { address, id, process, claims: None, parameters, is_resumed: false }
    }
}

/// End of the connection of a session that has not connected again meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnection {
    pub address: Address,
    /// The web process was killed, which is noticed after a heartbeat; the session had that time to
    /// connect elsewhere.
    pub was_lost: bool,
}

/// Change of a session's connection, as the queue carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[doc(hidden)]
pub enum ConnectionChange {
    Opened(Box<Connection>),
    /// Close of the connection with this id.
    Closed {
        address: Address,
        id: String,
    },
}

impl ConnectionChange {
    pub fn address(&self) -> &Address {
        match self {
            Self::Opened(connection) => &connection.address,
            Self::Closed { address, .. } => address,
        }
    }

    /// Returns an id under which the change is stored once.
    pub fn key(&self) -> String {
        match self {
            Self::Opened(connection) => format!("opened:{}", connection.id),
            Self::Closed { id, .. } => format!("closed:{id}"),
        }
    }
}
