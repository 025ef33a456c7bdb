//! A recording fake of Twilio's REST API over real HTTP.
//!
//! It is made of threads alone, so that it serves tests and benchmarks under any runtime, and needs
//! nothing else of the test support. It can be as awkward as the real one: see [`trouble`].

mod api;
mod http;
mod journal;
mod magic;
mod reports;
mod server;
mod signature;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use self::journal::Journal;
pub(crate) use self::journal::Message;
pub(crate) use self::reports::Delivery;
use self::server::{Server, Shared};
pub(crate) use self::signature::sign;
pub(crate) use self::trouble::{Behaviour, Random, Trouble};

/// Whose messages the fake takes.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) sid: String,
    pub(crate) token: String,
}

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

    /// What `TWILIO_API_BASE` has to be.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// Everything accepted so far, in the order it was accepted.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.journal().all()
    }

    pub(crate) fn count(&self) -> usize {
        self.journal().len()
    }

    /// How many times somebody asked for a message to be sent, accepted or not.
    pub(crate) fn attempts(&self) -> usize {
        self.journal().attempts()
    }

    /// Everything accepted, once that is at least `count` messages.
    pub(crate) async fn wait_for(&self, count: usize, patience: Duration) -> Vec<Message> {
        self.wait_until(patience, |messages| messages.len() >= count).await
    }

    /// Everything accepted, once that satisfies `enough`.
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

    /// How it behaves towards the requests from now on.
    pub(crate) fn trouble(&self, trouble: Trouble) {
        self.shared.set_trouble(trouble);
    }

    /// How long an accepted message stays out of the list.
    pub(crate) fn list_lag(&self, lag: Duration) {
        self.journal().set_lag(lag);
    }

    /// What it reports to a message's status callback from now on. Nothing unless asked.
    pub(crate) fn report(&self, delivery: Delivery) {
        self.shared.set_delivery(delivery);
    }

    /// The answers that its delivery reports got.
    pub(crate) fn report_answers(&self) -> Vec<u16> {
        self.shared.reporter().answers()
    }

    /// Closes the port. What is in hand is cut off.
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
