//! The fake Twilio in the process of a test, which fails the test when it waits in vain.

mod random;
mod signature;

use std::time::Duration;

pub(crate) use crosswire::fake_twilio::{
    Account, Behaviour, Callbacks, Delays, Delivery, Faults, InboundText, Message, WebhookOutcome,
};
use crosswire::fake_twilio::{Journal, Settings};

pub(crate) use self::random::Random;
pub(crate) use self::signature::sign;

/// Line of the account.
const LINE: &str = "+15005550006";

/// Fake of Twilio's API, with a port of its own.
pub(crate) struct FakeTwilio(crosswire::fake_twilio::FakeTwilio);

impl FakeTwilio {
    /// Listens on a free port until it is dropped.
    pub(crate) fn start(account: Account) -> Self {
        let settings = Settings::new(account, LINE);
        Self(crosswire::fake_twilio::FakeTwilio::start(settings).unwrap())
    }

    /// Value for `TWILIO_API_BASE`.
    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    pub(crate) fn journal(&self) -> &Journal {
        self.0.journal()
    }

    /// Messages accepted from the API so far, in order of acceptance.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.journal().sent(<[Message]>::to_vec)
    }

    pub(crate) fn count(&self) -> usize {
        self.journal().sent(<[Message]>::len)
    }

    /// Number of requests to send a message, accepted or not.
    pub(crate) fn attempts(&self) -> usize {
        self.journal().attempts()
    }

    /// Waits for at least `count` accepted messages, and returns all of them.
    pub(crate) async fn wait_for(&self, count: usize, patience: Duration) -> Vec<Message> {
        self.wait_until(patience, |messages| messages.len() >= count).await
    }

    /// Waits until the accepted messages satisfy `enough`, and returns all of them.
    pub(crate) async fn wait_until(
        &self,
        patience: Duration,
        enough: impl Fn(&[Message]) -> bool,
    ) -> Vec<Message> {
        let satisfied = |journal: &Journal| journal.sent(&enough);
        let satisfied = self.journal().wait_until(patience, satisfied).await;
        let messages = self.messages();
        assert!(satisfied, "{patience:?} were not enough; accepted: {messages:#?}");
        messages
    }

    /// Takes a text from a phone, and returns when the webhook has answered.
    pub(crate) async fn receive(&self, text: InboundText) -> WebhookOutcome {
        self.0.receive(text).await
    }

    /// Sets the webhook of the line.
    pub(crate) fn set_webhook(&self, url: &str) {
        self.0.set_webhook(url);
    }

    /// Returns the webhook of the line.
    pub(crate) fn webhook(&self) -> String {
        self.0.webhooks().remove(0).1
    }

    /// Sets the faults of all further requests.
    pub(crate) fn inject(&self, faults: Faults) {
        self.0.inject(faults);
    }

    pub(crate) fn delay(&self, delays: Delays) {
        self.0.delay(delays);
    }

    /// Sets the delay with which an accepted message appears in the list.
    pub(crate) fn list_lag(&self, list_lag: Duration) {
        self.delay(Delays { list_lag, ..Delays::default() });
    }

    /// Sets the delivery reports of all further messages. There are none by default.
    pub(crate) fn report(&self, callbacks: impl Into<Callbacks>) {
        self.0.report(callbacks);
    }

    /// Statuses that the delivery reports were answered with.
    pub(crate) fn report_answers(&self) -> Vec<u16> {
        self.journal().report_answers()
    }

    /// Closes the port and all connections.
    pub(crate) fn refuse_connections(&self) {
        self.0.refuse_connections();
    }

    /// Opens the same port again.
    pub(crate) fn accept_connections(&self) {
        self.0.accept_connections().unwrap();
    }
}
