//! Fake of Twilio's REST API over real HTTP, which records the messages that it accepts.
//!
//! It uses threads alone, so that it serves tests and benchmarks under any runtime, and depends on
//! nothing else of the test support. Faults can be injected: see [`faults`].

mod api;
mod faults;
mod http;
mod journal;
mod magic;
mod reports;
mod server;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

pub(crate) use self::faults::{Behaviour, Faults, Random};
use self::journal::Journal;
pub(crate) use self::journal::Message;
pub(crate) use self::reports::Delivery;
use self::server::{Server, Shared};
pub(crate) use self::signature::sign;

/// Account whose credentials the fake accepts.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) sid: String,
    pub(crate) token: String,
}

/// Fake of Twilio's API, with a port of its own.
pub(crate) struct FakeTwilio {
    server: Server,
    shared: Arc<Shared>,
}

impl FakeTwilio {
    /// Listens on a free port until it is dropped.
    pub(crate) fn start(account: Account) -> Self {
        let shared = Arc::new(Shared::new(account));
        Self { server: Server::start(Arc::clone(&shared)), shared }
    }

    /// Value for `TWILIO_API_BASE`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// Messages accepted so far, in order of acceptance.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.journal().all()
    }

    pub(crate) fn count(&self) -> usize {
        self.journal().len()
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
        let mut accepted: watch::Receiver<usize> = self.journal().subscribe();
        let wait = async {
            loop {
                accepted.borrow_and_update();
                if self.journal().with(&enough) {
                    return self.messages();
                }
                accepted.changed().await.expect("the journal lives as long as the fake");
            }
        };
        tokio::time::timeout(patience, wait).await.unwrap_or_else(|_| {
            panic!("{patience:?} were not enough; accepted: {:#?}", self.messages())
        })
    }

    /// Sets the faults of all further requests.
    pub(crate) fn inject(&self, faults: Faults) {
        self.shared.set_faults(faults);
    }

    /// Sets the delay with which an accepted message appears in the list.
    pub(crate) fn list_lag(&self, lag: Duration) {
        self.journal().set_lag(lag);
    }

    /// Sets the delivery reports of all further messages. There are none by default.
    pub(crate) fn report(&self, delivery: Delivery) {
        self.shared.set_delivery(delivery);
    }

    /// Sets the medium of every inbound message, and returns the address of one.
    pub(crate) fn hold_medium(&self, medium: &[u8]) -> String {
        self.shared.set_medium(medium);
        let account = &self.shared.account().sid;
        format!("{}/2010-04-01/Accounts/{account}/Messages/MM1/Media/ME1", self.url())
    }

    /// Statuses that the delivery reports were answered with.
    pub(crate) fn report_answers(&self) -> Vec<u16> {
        self.shared.reporter().answers()
    }

    /// Closes the port and all connections.
    pub(crate) fn refuse_connections(&self) {
        self.server.close();
    }

    /// Opens the same port again.
    pub(crate) fn accept_connections(&self) {
        self.server.open(&self.shared);
    }

    fn journal(&self) -> &Journal {
        self.shared.journal()
    }
}
