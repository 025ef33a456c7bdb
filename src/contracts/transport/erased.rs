//! Transports behind pointers, as topics hold them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use indexmap::IndexMap;

use super::socket::SocketTransport;
use super::{
    Examination, Finding, MediaError, MediaPolicy, ReceiveError, Received, SendError, SentReceipt,
    Transport, WebhookRequest, WebhookResponse,
};
use crate::contracts::storage::Feeds;
use crate::model::address::Address;
use crate::model::message::{Incoming, Outbound};

/// A [`Transport`] as an engine holds it, behind a pointer.
pub trait DynTransport: Send + Sync {
    /// Verifies and parses a webhook request.
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError>;

    /// Returns the response to a genuine request.
    fn answer(&self, text: Option<&str>) -> WebhookResponse;

    /// Returns whether the text of an answer reaches the sender.
    fn sends_in_answer(&self) -> bool;

    /// Returns the response to a delivery report.
    fn acknowledge(&self) -> WebhookResponse;

    /// Returns the line that a message leaves from when nothing names one.
    fn line(&self) -> Option<&str>;

    /// Returns whether its identities are phone numbers in E.164.
    fn has_phone_numbers(&self) -> bool;

    /// Returns whether an opt-out from one line is one from all of them.
    fn shares_opt_outs(&self) -> bool;

    /// Returns the largest number of characters of one message.
    fn max_length(&self) -> Option<usize>;

    /// Returns the cost of a message in segments.
    fn segments(&self, message: &Outbound) -> u32;

    /// Returns the number of segments that may leave a line within a second.
    fn rate(&self, line: &str) -> Option<u32>;

    /// Returns the messages that the provider has received since then.
    fn missed(
        &self,
        since: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<Vec<Incoming>>, SendError>>;

    /// Returns the interval at which that is asked.
    fn sweep_interval(&self) -> Option<Duration>;

    /// Returns how media of its messages are passed on.
    fn media_policy(&self) -> MediaPolicy;

    /// Fetches a medium of one of its messages.
    fn fetch<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, MediaError>>;

    /// Returns the time within which an equal text of the same sender is the same message.
    fn dedupe_window(&self) -> Option<Duration>;

    /// Sends one message.
    fn send<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Result<SentReceipt, SendError>>;

    /// Looks a message up in the provider's list.
    fn find<'a>(
        &'a self,
        message: &'a Outbound,
        since: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Option<Vec<SentReceipt>>, SendError>>;

    /// Returns the time by which the provider's clock is ahead of ours.
    fn clock_ahead(&self) -> Option<TimeDelta>;

    /// Empties the text of a message at the provider.
    fn redact<'a>(&'a self, provider_id: &'a str) -> BoxFuture<'a, Result<bool, SendError>>;

    /// Gives the transport the store's feeds.
    fn start(&self, feeds: Arc<dyn Feeds>);

    /// Returns whether a message that is sent twice under one id arrives once.
    fn is_idempotent(&self) -> bool;

    /// Returns the form of its sockets, if its clients hold sockets.
    fn sockets(&self) -> Option<&dyn SocketTransport>;

    /// Examines the account at the provider.
    fn diagnose<'a>(&'a self, wanted: &'a Examination) -> BoxFuture<'a, Vec<Finding>>;

    /// Returns the action that an operator must take first.
    fn missing(&self) -> Option<&str>;
}

impl<T: Transport> DynTransport for T {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        Transport::receive(self, request)
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        Transport::answer(self, text)
    }

    fn sends_in_answer(&self) -> bool {
        Transport::sends_in_answer(self)
    }

    fn acknowledge(&self) -> WebhookResponse {
        Transport::acknowledge(self)
    }

    fn line(&self) -> Option<&str> {
        Transport::line(self)
    }

    fn has_phone_numbers(&self) -> bool {
        Transport::has_phone_numbers(self)
    }

    fn shares_opt_outs(&self) -> bool {
        Transport::shares_opt_outs(self)
    }

    fn max_length(&self) -> Option<usize> {
        Transport::max_length(self)
    }

    fn segments(&self, message: &Outbound) -> u32 {
        Transport::segments(self, message)
    }

    fn rate(&self, line: &str) -> Option<u32> {
        Transport::rate(self, line)
    }

    fn missed(
        &self,
        since: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Option<Vec<Incoming>>, SendError>> {
        Transport::missed(self, since).boxed()
    }

    fn sweep_interval(&self) -> Option<Duration> {
        Transport::sweep_interval(self)
    }

    fn media_policy(&self) -> MediaPolicy {
        Transport::media_policy(self)
    }

    fn fetch<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, MediaError>> {
        Transport::fetch(self, url).boxed()
    }

    fn dedupe_window(&self) -> Option<Duration> {
        Transport::dedupe_window(self)
    }

    fn send<'a>(&'a self, message: &'a Outbound) -> BoxFuture<'a, Result<SentReceipt, SendError>> {
        Transport::send(self, message).boxed()
    }

    fn find<'a>(
        &'a self,
        message: &'a Outbound,
        since: DateTime<Utc>,
    ) -> BoxFuture<'a, Result<Option<Vec<SentReceipt>>, SendError>> {
        Transport::find(self, message, since).boxed()
    }

    fn clock_ahead(&self) -> Option<TimeDelta> {
        Transport::clock_ahead(self)
    }

    fn redact<'a>(&'a self, provider_id: &'a str) -> BoxFuture<'a, Result<bool, SendError>> {
        Transport::redact(self, provider_id).boxed()
    }

    fn start(&self, feeds: Arc<dyn Feeds>) {
        Transport::start(self, feeds);
    }

    fn is_idempotent(&self) -> bool {
        Transport::is_idempotent(self)
    }

    fn sockets(&self) -> Option<&dyn SocketTransport> {
        Transport::sockets(self)
    }

    fn diagnose<'a>(&'a self, wanted: &'a Examination) -> BoxFuture<'a, Vec<Finding>> {
        Transport::diagnose(self, wanted).boxed()
    }

    fn missing(&self) -> Option<&str> {
        Transport::missing(self)
    }
}

impl dyn DynTransport + '_ {
    /// Returns the address whose opt-out counts for a person: on the line, or on none in particular where an
    /// opt-out from one line is one from all of them.
    pub fn consent_scope(&self, person: &Address) -> Address {
        if self.shares_opt_outs() { person.without_line() } else { person.clone() }
    }
}

/// Transports of a topic by name, which is the `transport` of the addresses that each one reaches.
#[derive(Clone, Default)]
pub struct Transports(IndexMap<String, Arc<dyn DynTransport>>);

impl Transports {
    /// Adds a transport; it replaces one of the same name.
    #[must_use]
    pub fn with(mut self, name: &str, transport: Arc<dyn DynTransport>) -> Self {
        self.0.insert(name.to_owned(), transport);
        self
    }

    /// Gives every transport the store's feeds.
    pub fn start(&self, feeds: &Arc<dyn Feeds>) {
        self.0.values().for_each(|transport| transport.start(Arc::clone(feeds)));
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn DynTransport>> {
        self.0.get(name)
    }

    /// Returns the dedupe windows of those transports that have one.
    pub fn dedupe_windows(&self) -> HashMap<String, Duration> {
        let window = |(name, transport): (&String, &Arc<dyn DynTransport>)| {
            Some((name.clone(), transport.dedupe_window()?))
        };
        self.0.iter().filter_map(window).collect()
    }
}

impl IntoIterator for Transports {
    type Item = (String, Arc<dyn DynTransport>);
    type IntoIter = indexmap::map::IntoIter<String, Arc<dyn DynTransport>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
