//! What a commit depends on, and what it changes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::step::{Answer, Home, Step};
use crate::contracts::storage::encoding::digest;
use crate::contracts::storage::{Entry, QueueKind};
use crate::model::state::{Check, Write};

/// How long our own messages are told from others in a provider's list.
const KNOWN_SENT: Duration = Duration::from_hours(24);

/// Whether a read still comes out the same.
pub(super) fn holds(step: &Step<'_>, home: &Home<'_>, check: &Check) -> Answer<bool> {
    match check {
        Check::Value { key, expected } => Ok(step.value(home, key)? == *expected),
        Check::Member { pool, member } => {
            let ticket = step.figure(
                "SELECT ticket FROM pools
                 WHERE partition = ?1 AND pool = ?2 AND mailbox = ?3 AND until > ?4",
                params![home.number, pool, member.group.as_str(), step.now],
            )?;
            Ok(ticket.is_some_and(|ticket| u64::try_from(ticket) == Ok(member.ticket)))
        }
    }
}

pub(super) fn write(step: &mut Step<'_>, home: &Home<'_>, write: &Write) -> Answer<()> {
    let partition = home.number;
    match write {
        Write::Put { key, value, ttl } => step.run(
            "INSERT INTO state (partition, key, value, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET value = excluded.value, until = excluded.until",
            params![partition, key, value, step.in_a_while(*ttl)],
        )?,
        Write::Remove { key } => step
            .run("DELETE FROM state WHERE partition = ?1 AND key = ?2", params![partition, key])?,
        Write::Insert { pool, group, ttl } => {
            // All of a commit happens at one time, but a later insert of it gets a later place.
            let ticket = step.take_ticket();
            step.run(
                "INSERT INTO pools (partition, pool, mailbox, ticket, until)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET until = excluded.until,
                     ticket = iif(until > ?6, ticket, excluded.ticket)",
                params![partition, pool, group.as_str(), ticket, step.in_a_while(*ttl), step.now],
            )?
        }
        Write::Take { pool, group } => step.run(
            "DELETE FROM pools WHERE partition = ?1 AND pool = ?2 AND mailbox = ?3",
            params![partition, pool, group.as_str()],
        )?,
        Write::Count { name, by, ttl } => step.run(
            "INSERT INTO counters (partition, counter, total, until) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET until = excluded.until,
                 total = excluded.total + iif(until > ?5, total, 0)",
            params![partition, name, by, step.in_a_while(*ttl), step.now],
        )?,
    };
    Ok(())
}

/// A wake goes into its mailbox now, or waits for its time.
pub(super) fn wake(
    step: &mut Step<'_>,
    home: &Home<'_>,
    entry: &Entry,
    due: Option<DateTime<Utc>>,
) -> Answer<()> {
    let Some(due) = due else { return step.append_wake(home, QueueKind::Inbound, entry) };
    step.run(
        "INSERT INTO wakes (queue, mailbox, id, payload, due) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET due = excluded.due",
        params![
            home.queue(QueueKind::Inbound),
            entry.group.as_str(),
            entry.id.as_str(),
            entry.payload,
            due.timestamp_millis(),
        ],
    )?;
    step.ring(home, QueueKind::Inbound);
    Ok(())
}

pub(super) fn mark_sent(step: &Step<'_>, home: &Home<'_>, provider_id: &str) -> Answer<()> {
    step.remember(home, &sent(provider_id), KNOWN_SENT)
}

/// What stands for a message that we know to be sent.
pub(super) fn sent(provider_id: &str) -> Vec<u8> {
    digest(&["sent", provider_id])
}

/// Drops what handlers and providers need no longer be remembered for.
pub(super) fn forget(step: &Step<'_>, home: &Home<'_>) -> Answer<()> {
    for sql in [
        "DELETE FROM state WHERE partition = ?1 AND until <= ?2",
        "DELETE FROM counters WHERE partition = ?1 AND until <= ?2",
        "DELETE FROM known WHERE partition = ?1 AND until <= ?2",
        "DELETE FROM pools WHERE partition = ?1 AND until <= ?2",
    ] {
        step.run(sql, [home.number, step.now])?;
    }
    Ok(())
}
