//! Journal of requests, messages and calls, in memory.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use super::message::{Direction, Message};
use crate::model::clock::{Clock, SystemClock};

/// Outcome of an inbound message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WebhookOutcome {
    pub sid: String,
    /// Status of each call, in the order in which they were made; 0 for a call without an answer.
    pub statuses: Vec<u16>,
    /// Texts that the answers gave the sender.
    pub texts: Vec<String>,
    /// Twilio's code for a call that failed, or an answer that cannot be read.
    pub error: Option<u32>,
}

/// The messages of both directions, the requests to send, and the calls that were made.
pub struct Journal {
    /// Messages that the API accepted, in this order.
    sent: Mutex<Vec<Message>>,
    /// Messages from phones, and replies without a request to the API.
    others: Mutex<Vec<Message>>,
    /// Counts the changes, for those that wait for one.
    changes: watch::Sender<u64>,
    attempts: AtomicUsize,
    reports: Mutex<Vec<u16>>,
    webhooks: Mutex<Vec<WebhookOutcome>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            sent: Mutex::default(),
            others: Mutex::default(),
            changes: watch::Sender::new(0),
            attempts: AtomicUsize::new(0),
            reports: Mutex::default(),
            webhooks: Mutex::default(),
        }
    }
}

impl Journal {
    pub(super) fn attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// Number of requests to create or change a message, accepted or not.
    pub fn attempts(&self) -> usize {
        self.attempts.load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, message: Message) {
        let list =
            if message.direction == Direction::OutboundApi { &self.sent } else { &self.others };
        lock(list).push(message);
        self.changed();
    }

    /// Changes one message, and returns it; nothing when there is none.
    pub(super) fn update(&self, sid: &str, change: impl FnOnce(&mut Message)) -> Option<Message> {
        let message = self.find(sid, |messages, at| {
            change(&mut messages[at]);
            messages[at].clone()
        });
        self.changed();
        message
    }

    /// Moves a message on to a state, and returns it.
    pub(super) fn advance(
        &self,
        sid: &str,
        status: &'static str,
        code: Option<u32>,
    ) -> Option<Message> {
        self.update(sid, |message| {
            message.status = status;
            message.error_code = code;
            message.sent.get_or_insert(SystemClock.now());
        })
    }

    /// Deletes a message, and returns whether it was there.
    pub(super) fn remove(&self, sid: &str) -> bool {
        self.find(sid, Vec::remove).is_some()
    }

    pub(super) fn get(&self, sid: &str) -> Option<Message> {
        self.find(sid, |messages, at| messages[at].clone())
    }

    /// Calls a function with the place of a message.
    fn find<T>(&self, sid: &str, found: impl FnOnce(&mut Vec<Message>, usize) -> T) -> Option<T> {
        for list in [&self.sent, &self.others] {
            let mut messages = lock(list);
            // The message that is looked for is most often one of the last.
            if let Some(at) = messages.iter().rposition(|message| message.sid == sid) {
                return Some(found(&mut messages, at));
            }
        }
        None
    }

    /// Reads the messages that the API accepted, in this order.
    pub fn sent<T>(&self, read: impl FnOnce(&[Message]) -> T) -> T {
        read(&lock(&self.sent))
    }

    /// Messages of both directions, newest first.
    pub fn newest(&self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        let copies = |list: &Mutex<Vec<Message>>| {
            lock(list).iter().filter(|message| wanted(message)).cloned().collect::<Vec<_>>()
        };
        let mut all = [copies(&self.sent), copies(&self.others)].concat();
        all.sort_by_key(|message| Reverse(message.at));
        all
    }

    pub(super) fn reported(&self, answer: u16) {
        lock(&self.reports).push(answer);
        self.changed();
    }

    /// Statuses that the status callbacks were answered with; 0 for a call without an answer.
    pub fn report_answers(&self) -> Vec<u16> {
        lock(&self.reports).clone()
    }

    pub(super) fn called(&self, outcome: WebhookOutcome) {
        lock(&self.webhooks).push(outcome);
        self.changed();
    }

    /// Outcomes of the calls for inbound messages.
    pub fn webhooks(&self) -> Vec<WebhookOutcome> {
        lock(&self.webhooks).clone()
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        lock(&self.sent).clear();
        lock(&self.others).clear();
        lock(&self.reports).clear();
        lock(&self.webhooks).clear();
        self.attempts.store(0, Ordering::Relaxed);
        self.changed();
    }

    /// Waits until `enough` holds, at most for `patience`, and returns whether it does.
    pub async fn wait_until(&self, patience: Duration, enough: impl Fn(&Self) -> bool) -> bool {
        let mut changes = self.changes.subscribe();
        let wait = async {
            loop {
                changes.borrow_and_update();
                if enough(self) || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(patience, wait).await;
        enough(self)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
