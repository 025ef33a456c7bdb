//! Back-off after wrong tokens, for each client and for all of them together.
//!
//! A client is an IPv4 address or an IPv6 /64 network. After some wrong tokens its next attempt has
//! to wait, twice as long each time; an earlier one is refused without a check of its token.
//! While many clients guess at once, a single wrong token is followed by a long delay. The first
//! attempt of a client is never delayed, so the operator's right token passes during an attack from
//! elsewhere.

pub mod calls;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing::warn;

use crate::model::clock::Clock;
use crate::model::network::network;

/// Number of wrong tokens that starts the delays of a client.
const MAX_FAILURES: u32 = 5;
const FIRST_DELAY: Duration = Duration::from_secs(1);
const MAX_DELAY: Duration = Duration::from_mins(15);
/// Number of wrong tokens of all clients in a minute that counts as a distributed attack.
const ATTACK_FAILURES: u32 = 100;
/// First delay of a client during a distributed attack.
const ATTACK_DELAY: Duration = Duration::from_mins(1);
const MINUTE: Duration = Duration::from_mins(1);
/// Time after the last attempt until the wrong tokens of a client are forgotten.
const RETENTION: Duration = Duration::from_hours(1);
/// Maximum number of clients kept in memory, at about 80 bytes each. All others share one entry.
const MAX_CLIENTS: usize = 4_096;

/// The result of one attempt to authorize.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    Accepted,
    Wrong,
    /// Refused unseen; the next attempt is possible after this time.
    Throttled(Duration),
}

/// Counts wrong tokens and delays further attempts.
pub struct TokenThrottle {
    /// Path that the tokens open, for the log.
    path: &'static str,
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    clients: HashMap<IpAddr, Client>,
    /// Entry of all clients for which there is no room.
    others: Client,
    last_purge: Duration,
    /// Wrong tokens of all clients.
    total: MinuteCount,
    /// Wrong and throttled attempts of all clients, for the log.
    refused: MinuteCount,
}

#[derive(Clone, Copy, Default)]
struct Client {
    failures: u32,
    /// Uptime from which the next attempt is possible.
    next_attempt: Duration,
    last_attempt: Duration,
    /// Has shown the right token before, so that a distributed attack does not slow it down.
    is_known: bool,
}

/// A count that starts anew every minute.
#[derive(Default)]
struct MinuteCount {
    start: Duration,
    count: u32,
}

impl TokenThrottle {
    pub fn new(path: &'static str, clock: Arc<dyn Clock>) -> Self {
        Self { path, clock, counts: Mutex::default() }
    }

    /// Checks a client's token with `is_right`, unless the client has to wait.
    pub fn attempt(&self, client: IpAddr, is_right: impl FnOnce() -> bool) -> Attempt {
        let now = self.clock.uptime();
        // Held during the check: attempts in parallel are counted one by one.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_attack = counts.total.is_above(ATTACK_FAILURES, now);
        let (entry, is_shared) = counts.entry(network(client), now);
        let delay = entry.next_attempt.saturating_sub(now);
        let attempt = if !delay.is_zero() {
            Attempt::Throttled(delay)
        } else if is_right() {
            *entry = Client { is_known: !is_shared, last_attempt: now, ..Client::default() };
            Attempt::Accepted
        } else {
            entry.fail(is_attack, now);
            counts.total.add(now);
            Attempt::Wrong
        };
        if attempt != Attempt::Accepted {
            counts.log(self.path, client, now);
        }
        attempt
    }
}

impl Counts {
    /// Returns the entry of a client, and whether it is the shared one.
    fn entry(&mut self, client: IpAddr, now: Duration) -> (&mut Client, bool) {
        if !self.clients.contains_key(&client) && self.clients.len() >= MAX_CLIENTS {
            self.purge(now);
            if self.clients.len() >= MAX_CLIENTS {
                return (&mut self.others, true);
            }
        }
        let entry = self.clients.entry(client).or_default();
        if entry.is_stale(now) {
            *entry = Client { is_known: entry.is_known, ..Client::default() };
        }
        (entry, false)
    }

    /// Removes stale clients, at most once a minute: an attack must not buy a scan per attempt.
    fn purge(&mut self, now: Duration) {
        if now.saturating_sub(self.last_purge) >= MINUTE {
            self.last_purge = now;
            self.clients.retain(|_, old| old.is_known || !old.is_stale(now));
        }
    }

    /// Logs the first refusal, and then at most one line a minute.
    fn log(&mut self, path: &str, client: IpAddr, now: Duration) {
        let since_last_line = self.refused.count.max(1);
        if self.refused.add(now) {
            warn!(client.address = %client, attempts.refused = since_last_line, path,
                "wrong token; further attempts are delayed");
        }
    }
}

impl Client {
    fn is_stale(&self, now: Duration) -> bool {
        now.saturating_sub(self.last_attempt) >= RETENTION
    }

    fn fail(&mut self, is_attack: bool, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.last_attempt = now;
        let (limit, first) = if is_attack && !self.is_known {
            (1, ATTACK_DELAY)
        } else {
            (MAX_FAILURES, FIRST_DELAY)
        };
        if let Some(doublings) = self.failures.checked_sub(limit) {
            let factor = 2_u32.saturating_pow(doublings);
            self.next_attempt = now + first.saturating_mul(factor).min(MAX_DELAY);
        }
    }
}

impl MinuteCount {
    /// Counts one, and reports that a new minute began with it.
    fn add(&mut self, now: Duration) -> bool {
        let is_new = self.count == 0 || now.saturating_sub(self.start) >= MINUTE;
        if is_new {
            *self = Self { start: now, count: 0 };
        }
        self.count = self.count.saturating_add(1);
        is_new
    }

    fn is_above(&self, limit: u32, now: Duration) -> bool {
        self.count >= limit && now.saturating_sub(self.start) < MINUTE
    }
}

#[cfg(test)]
mod tests;
