//! Messages that the fake has accepted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use crosswire::model::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

/// Accepted message, which reaches its recipient even if the response was lost.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) sid: String,
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) body: String,
    pub(crate) media: Vec<String>,
    pub(crate) status_callback: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) at: Instant,
}

impl Message {
    pub(super) fn new(to: &str, from: &str, body: &str, media: Vec<String>) -> Self {
        let kind = if media.is_empty() { "SM" } else { "MM" };
        Self {
            sid: format!("{kind}{}", Uuid::now_v7().simple()),
            to: to.to_owned(),
            from: from.to_owned(),
            body: body.to_owned(),
            media,
            status_callback: None,
            created: SystemClock.now(),
            at: Instant::now(),
        }
    }

    /// JSON of a message that Twilio has just accepted.
    pub(super) fn to_json(&self, account: &str) -> Value {
        // Twilio's dates are RFC 2822, to the second.
        let date = self.created.to_rfc2822();
        let uri = format!("/2010-04-01/Accounts/{account}/Messages/{}", self.sid);
        json!({
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": date,
            "date_sent": null,
            "date_updated": date,
            "direction": "outbound-api",
            "error_code": null,
            "error_message": null,
            "from": self.from,
            "messaging_service_sid": null,
            "num_media": self.media.len().to_string(),
            "num_segments": "1",
            "price": null,
            "price_unit": "USD",
            "sid": self.sid,
            "status": "queued",
            "subresource_uris": { "media": format!("{uri}/Media.json") },
            "to": self.to,
            "uri": format!("{uri}.json"),
        })
    }
}

/// Messages in order of acceptance.
pub(super) struct Journal {
    messages: Mutex<Vec<Message>>,
    accepted: watch::Sender<usize>,
    attempts: AtomicUsize,
    lag: Mutex<Duration>,
}

impl Journal {
    pub(super) fn new() -> Self {
        Self {
            messages: Mutex::default(),
            accepted: watch::Sender::new(0),
            attempts: AtomicUsize::new(0),
            lag: Mutex::default(),
        }
    }

    pub(super) fn attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn attempts(&self) -> usize {
        self.attempts.load(Ordering::Relaxed)
    }

    pub(super) fn accept(&self, message: Message) {
        let mut messages = self.messages.lock().unwrap();
        messages.push(message);
        self.accepted.send_replace(messages.len());
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<usize> {
        self.accepted.subscribe()
    }

    pub(super) fn all(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    pub(super) fn len(&self) -> usize {
        self.messages.lock().unwrap().len()
    }

    pub(super) fn with<T>(&self, read: impl Fn(&[Message]) -> T) -> T {
        read(&self.messages.lock().unwrap())
    }

    pub(super) fn set_lag(&self, lag: Duration) {
        *self.lag.lock().unwrap() = lag;
    }

    /// Messages that the list shows, newest first.
    pub(super) fn listed(&self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        let lag = *self.lag.lock().unwrap();
        let messages = self.messages.lock().unwrap();
        let shown = |message: &&Message| message.at.elapsed() >= lag && wanted(message);
        messages.iter().rev().filter(shown).cloned().collect()
    }
}
