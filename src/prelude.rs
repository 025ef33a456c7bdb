//! Everything that handlers, validators and transports need, by one import.

pub use async_trait::async_trait;

pub use crate::app::App;
pub use crate::contracts::handler::{Context, Handler, Refuse, Result, Transaction};
pub use crate::contracts::settings::{BuildContext, SettingsErrors};
pub use crate::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, SendError, SentReceipt, Transport,
    WebhookRequest, WebhookResponse,
};
pub use crate::contracts::validator::{Rejection, Validator};
pub use crate::model::address::{Address, Group, Identity};
pub use crate::model::message::{
    Inbound, Incoming, Media, MessageId, OptOut, Origin, Outbound, Parameters, Text, Wake,
};
pub use crate::model::state::Member;
