//! Limits of a topic's queues and of its sending, and the relations between them.

use std::time::Duration;

use super::spending;
use crate::contracts::settings::Section;
use crate::model::topic::{Limits, SenderLimits, Sending};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Upper bound of every queue and log: far above any useful value, it only catches typing errors.
const MOST: u64 = 1_000_000_000;

/// Least `max_backlog_age`: below it a topic would refuse what a worker takes in its next moment.
const LEAST_BACKLOG_AGE: Duration = Duration::from_secs(10);

/// Upper bound of the messages of one sender, per minute and at once.
const MAX_RATE: u32 = 6_000;

/// Reads the keys of [`Limits`], which stand beside the topic's other keys.
pub(super) fn limits(section: &mut Section<'_>) -> Limits {
    let limits = Limits {
        partitions: section.number("partitions", 1, 1..=1024),
        concurrency: section.number("concurrency", 16, 1..=1024),
        max_attempts: section.number("max_attempts", 5, 1..=100),
        max_depth: section.number("max_depth", 100_000, 1..=MOST),
        max_backlog_age: section.duration("max_backlog_age").unwrap_or(HOUR),
        max_group_depth: section.number("max_group_depth", 200, 1..=MOST),
        max_recipient_depth: section.number("max_recipient_depth", 50, 1..=MOST),
        senders: senders(section),
        max_records: section.number("max_records", 100_000, 1..=MOST),
        // A dead worker's message is reclaimed when its lease has expired, so the lease is the delay
        // that its sender notices.
        lease: section.duration("lease").unwrap_or(10 * SECOND),
        handler_timeout: section.duration("handler_timeout").unwrap_or(5 * SECOND),
        retention: section.duration("retention").unwrap_or(7 * DAY),
    };
    at_least(section, "lease", limits.lease, SECOND);
    at_least(section, "retention", limits.retention, 60 * SECOND);
    at_least(section, "handler_timeout", limits.handler_timeout, SECOND / 1000);
    if !limits.max_backlog_age.is_zero() && limits.max_backlog_age < LEAST_BACKLOG_AGE {
        let fix = "write at least 10s, or 0s for no limit";
        section.error("max_backlog_age", "is too short", fix);
    }
    if limits.lease < limits.handler_timeout {
        let least = format_duration(limits.handler_timeout);
        let fix = format!("write at least {least}, or lower handler_timeout");
        section.error("lease", "is shorter than handler_timeout", fix);
    }
    limits
}

/// Reads the rate of one sender.
fn senders(section: &mut Section<'_>) -> SenderLimits {
    let default = SenderLimits::default();
    let (rate, burst) = (section.get::<u32>("sender_rate"), section.get::<u32>("sender_burst"));
    let limits = SenderLimits {
        rate: rate.unwrap_or(default.rate),
        burst: burst.unwrap_or(default.burst),
        are_explicit: rate.is_some() || burst.is_some(),
    };
    if limits.rate > MAX_RATE {
        section.error("sender_rate", "is too high", "write at most 6000, or 0 for no limit");
    }
    if !(1..=MAX_RATE).contains(&limits.burst) {
        section.error("sender_burst", "is out of range", "write 1 to 6000");
    }
    limits
}

/// Reads the table `sending`.
pub(super) fn sending(mut section: Section<'_>) -> Sending {
    let usual = Sending::default();
    let sending = Sending {
        concurrency: section.number("concurrency", usual.concurrency, 1..=1024),
        max_attempts: section.number("max_attempts", usual.max_attempts, 1..=100),
        lease: section.duration("lease").unwrap_or(usual.lease),
        connect_timeout: section.duration("connect_timeout").unwrap_or(usual.connect_timeout),
        timeout: section.duration("timeout").unwrap_or(usual.timeout),
        on_ambiguous: section.get("on_ambiguous").unwrap_or_default(),
        settle: section.duration("settle").unwrap_or(usual.settle),
        rate: spending::rate(&mut section),
        gap: section.duration("gap").unwrap_or(usual.gap),
        repeats: section.number("repeats", usual.repeats, 0..=1000),
        budgets: spending::budgets(&mut section),
    };
    at_least(&section, "connect_timeout", sending.connect_timeout, SECOND / 1000);
    at_least(&section, "timeout", sending.timeout, sending.connect_timeout);
    let least = sending.shortest_lease();
    if sending.lease < least {
        let fix = format!(
            "write at least {} (timeout plus {} of margin), or lower timeout",
            format_duration(least),
            format_duration(least.saturating_sub(sending.timeout))
        );
        section.error("lease", "is too short for a whole call to the provider", fix);
    }
    section.finish();
    sending
}

fn at_least(section: &Section<'_>, key: &str, value: Duration, least: Duration) {
    if value < least {
        let fix = format!("write at least {}", format_duration(least));
        section.error(key, "is too short", fix);
    }
}

fn format_duration(duration: Duration) -> impl std::fmt::Display {
    humantime_serde::re::humantime::format_duration(duration)
}
