#![doc = include_str!("../docs/handlers.md")]

#[doc(hidden)] // For this crate's own binaries and tests, but for `App`.
pub mod app;
pub mod contracts;
pub mod handlers;
pub mod model;
pub mod transports;
pub mod validators;

#[doc(hidden)] // For this crate's own tests.
pub mod admin;
#[doc(hidden)] // For this crate's own tests.
pub mod api;
#[doc(hidden)] // For this crate's own tests and benches.
pub mod engine;
#[doc(hidden)] // For this crate's own tests.
pub mod fake_twilio;
#[doc(hidden)] // For this crate's own tests.
pub mod http;
#[doc(hidden)] // For this crate's own tests.
pub mod http_client;
#[doc(hidden)] // For this crate's own tests.
pub mod pages;
#[doc(hidden)] // For this crate's own tests and benches.
pub mod stores;
#[doc(hidden)] // For this crate's own tests.
pub mod tester;

pub use app::{App, Client};
pub use contracts::handler::Result;

/// Names that handlers, validators and transports need, in one import.
pub mod prelude {
    pub use crate::app::{App, Client};
    pub use crate::contracts::handler::{
        Context, Dialogue, Filter, Handler, InDialogue, OutgoingMessage, Postpone, Refuse, Result,
        RouterApp, Transaction, Turn,
    };
    pub use crate::contracts::settings::{BuildContext, SettingsErrors};
    pub use crate::contracts::transport::{
        DeliveryStatus, ReceiveError, Received, Report, SendError, SentReceipt, Transport,
        WebhookRequest, WebhookResponse,
    };
    pub use crate::contracts::validator::{Rejection, Validator};
    pub use crate::engine::submissions::{Draft, MessageStatus, Status};
    pub use crate::model::address::{Address, Group, Identity};
    pub use crate::model::command::Command;
    pub use crate::model::connection::{Connection, Disconnection};
    pub use crate::model::frame::Frame;
    pub use crate::model::message::{
        Inbound, Incoming, Media, MessageId, OptOut, Origin, Outbound, Parameters, Text, Wake,
    };
    pub use crate::model::state::Member;
    pub use crate::model::table::Table;
    pub use crate::model::token::{Claims, Rights, Token, TokenPurpose};
}

/// Pages whose Rust code is compiled by `cargo test --doc`, beside the one above.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/api.md")]
    struct Api;
    #[doc = include_str!("../docs/dialogues.md")]
    struct Dialogues;
    #[doc = include_str!("../docs/router.md")]
    struct Router;
    #[doc = include_str!("../docs/scripts.md")]
    struct Scripts;
    #[doc = include_str!("../docs/websocket.md")]
    struct WebSocket;
}
