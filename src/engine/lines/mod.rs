//! Lines of the log about messages: one of each process that has a message in hand, for each attempt.
//!
//! Their targets and fields are an interface: the traces are made from them. A line of level INFO ends a
//! stage of a message's way, one of a higher level is an attempt that failed.

mod arrival;
mod handling;
mod sending;

use std::time::Duration;

pub(super) use self::arrival::{Arrival, reported, submitted};
pub use self::handling::Handled;
pub(super) use self::handling::{buried, postponed, retried};
pub(super) use self::sending::{given_up, not_sent, sent, unreadable, withheld};
use crate::contracts::storage::Claim;
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

/// Target of the lines about calls that bring messages.
pub const RECEIVED: &str = "crosswire::message::received";
/// Target of the lines about runs of handlers.
pub const HANDLED: &str = "crosswire::message::handled";
/// Target of the lines about sends.
pub const SENT: &str = "crosswire::message::sent";
/// Target of the lines about delivery reports.
pub const REPORTED: &str = "crosswire::message::reported";

/// Attempt at a message in hand.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'c> {
    claim: &'c Claim,
    /// Number of attempts after which the message is given up.
    of: u32,
    clock: &'c dyn Clock,
    /// Uptime at which the attempt began.
    began: Duration,
}

impl<'c> Attempt<'c> {
    /// Begins an attempt.
    pub(super) fn begin(claim: &'c Claim, of: u32, clock: &'c dyn Clock) -> Self {
        Self { claim, of, clock, began: clock.uptime() }
    }

    pub(super) fn claim(&self) -> &'c Claim {
        self.claim
    }

    fn topic(&self) -> &TopicName {
        &self.claim.queue.partition.topic
    }

    fn number(&self) -> u32 {
        number(self.claim)
    }

    fn duration_ms(&self) -> f64 {
        milliseconds(self.clock.uptime().saturating_sub(self.began))
    }
}

/// Number of the attempt that a claim is.
fn number(claim: &Claim) -> u32 {
    claim.failures + 1
}

/// Converts a duration for the log, to the microsecond.
fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
