//! Contract of a transport: one provider's wire format, without queues, topics or HTTP servers.

use std::future::{Future, ready};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use self::socket::SocketTransport;
use crate::contracts::storage::Feeds;
use crate::model::message::{Incoming, Outbound};

#[doc(hidden)]
pub mod callback;
mod diagnosis;
mod erased;
mod media;
mod send;
pub mod socket;
mod webhook;

#[doc(hidden)]
pub use diagnosis::{Examination, Finding, Verdict};
#[doc(hidden)]
pub use erased::{DynTransport, Transports};
pub use media::{MediaError, MediaPolicy};
pub use send::{SendError, SentReceipt};
pub use webhook::{
    DeliveryStatus, ReceiveError, Received, Report, Unreachable, WebhookRequest, WebhookResponse,
};

/// Client of one provider: verifies and parses its webhooks, and sends messages through its API.
///
/// Methods that return a future are written as `async fn`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transport",
    note = "implement `Transport` for it; `receive` and `send` are required"
)]
pub trait Transport: Send + Sync {
    /// Verifies that a request is genuine, and parses it. Pure: no I/O, and bounded work before the
    /// request is known to be genuine.
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError>;

    /// Sends one message. The error class decides what follows.
    fn send(
        &self,
        message: &Outbound,
    ) -> impl Future<Output = Result<SentReceipt, SendError>> + Send;

    /// Returns the response to a genuine request, with a text for the sender or without one.
    ///
    /// Returns 200 without a body by default, for providers that send no text from a response.
    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        let _ = text;
        WebhookResponse { status: 200, content_type: None, body: String::new() }
    }

    /// Returns whether the text of [`answer`](Self::answer) reaches the sender. Where it does not, which
    /// is the default, such a text is sent as a message.
    fn sends_in_answer(&self) -> bool {
        false
    }

    /// Returns the response to a delivery report: 204 by default.
    fn acknowledge(&self) -> WebhookResponse {
        WebhookResponse { status: 204, content_type: None, body: String::new() }
    }

    /// Returns the line that a message leaves from when nothing names one, if there is such a line.
    fn line(&self) -> Option<&str> {
        None
    }

    /// Returns whether its identities are phone numbers in E.164, so that another recipient is refused
    /// before a message to them is queued. False by default.
    fn has_phone_numbers(&self) -> bool {
        false
    }

    /// Returns whether an opt-out from one line is one from all of them, as with a messaging service of
    /// several numbers. False by default.
    fn shares_opt_outs(&self) -> bool {
        false
    }

    /// Returns the largest number of characters of one message; a longer text is sent in several. `None`
    /// by default: there is no such limit.
    fn max_length(&self) -> Option<usize> {
        None
    }

    /// Returns the cost of a message in segments, the unit of rates and budgets; 0 by default, for a
    /// transport that is not billed by segments.
    fn segments(&self, message: &Outbound) -> u32 {
        let _ = message;
        0
    }

    /// Returns the number of segments that may leave a line within a second, `None` by default: any number.
    fn rate(&self, line: &str) -> Option<u32> {
        let _ = line;
        None
    }

    /// Returns the messages that the provider has received for our lines at or after `since`, whether or
    /// not it has called us for them: a provider's call may be lost, and no other follows.
    ///
    /// Returns `None` by default: the provider has no such list.
    fn missed(
        &self,
        since: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<Vec<Incoming>>, SendError>> + Send {
        let _ = since;
        ready(Ok(None))
    }

    /// Returns the interval at which [`missed`](Self::missed) is asked; `None` by default: never.
    fn sweep_interval(&self) -> Option<Duration> {
        None
    }

    /// Returns how media of its messages are passed on: by the provider's address by default.
    fn media_policy(&self) -> MediaPolicy {
        MediaPolicy::Direct
    }

    /// Fetches a medium of one of its messages, by its address. Required for media that are relayed.
    fn fetch(&self, url: &str) -> impl Future<Output = Result<Vec<u8>, MediaError>> + Send {
        let _ = url;
        ready(Err(MediaError::Gone))
    }

    /// Returns the time within which an equal text of the same sender is the same message, for a
    /// provider that gives its messages no ids. Such a message has an empty id
    /// ([`Incoming::without_id`]); our next message to its sender ends that time.
    ///
    /// Returns `None` by default: every message has an id.
    ///
    /// [`Incoming::without_id`]: crate::model::message::Incoming::without_id
    fn dedupe_window(&self) -> Option<Duration> {
        None
    }

    /// Returns the entries of the provider's message list that may be `message`: same recipient, line
    /// and content, created at or after `since`, newest first. `since` lies so long before the message was
    /// sent that the provider's clock may be an hour behind.
    ///
    /// Returns `None` by default: the provider has no such list, and a message whose outcome is
    /// unknown cannot be reconciled.
    fn find(
        &self,
        message: &Outbound,
        since: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<Vec<SentReceipt>>, SendError>> + Send {
        let _ = (message, since);
        ready(Ok(None))
    }

    /// Returns the time by which the provider's clock is ahead of ours, negative when it is behind, as its
    /// last answer has shown. `None` by default: it is not known.
    fn clock_ahead(&self) -> Option<TimeDelta> {
        None
    }

    /// Empties the text of a message that the provider keeps, sent or received, by its id there. Returns
    /// whether it did: false by default, for a provider that cannot.
    fn redact(&self, provider_id: &str) -> impl Future<Output = Result<bool, SendError>> + Send {
        let _ = provider_id;
        ready(Ok(false))
    }

    /// Gives the transport the store's feeds, before its first message.
    #[doc(hidden)]
    fn start(&self, feeds: Arc<dyn Feeds>) {
        let _ = feeds;
    }

    /// Returns whether a message that is sent twice under one id arrives once, so that one of unknown
    /// outcome is simply sent again.
    fn is_idempotent(&self) -> bool {
        false
    }

    /// Returns the form of its sockets, for a transport whose clients hold sockets.
    #[doc(hidden)]
    fn sockets(&self) -> Option<&dyn SocketTransport> {
        None
    }

    /// Examines the account at the provider, for `crosswire doctor`. No findings by default.
    #[doc(hidden)]
    fn diagnose(&self, wanted: &Examination) -> impl Future<Output = Vec<Finding>> + Send {
        let _ = wanted;
        ready(Vec::new())
    }

    /// Returns the action that an operator must take before this transport can be used, if there is
    /// one.
    fn missing(&self) -> Option<&str> {
        None
    }
}
