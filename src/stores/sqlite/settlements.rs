//! Settlements: each is fenced, and makes all of its changes or none.

use rusqlite::params;

use super::mailbox::{HeldClaim, line_of};
use super::tallies::Tally;
use super::transaction::{StorageResult, Transaction, to_i64};
use super::{commit, dead_letters};
use crate::contracts::storage::encoding::debts;
use crate::contracts::storage::{Burial, Claim, Commit, Entry, QueueKind, Retry, Settled};
use crate::model::event::Facts;
use crate::model::message::MessageId;

/// Result of a completion, before the claim is given back with it.
#[derive(PartialEq, Eq)]
pub(super) enum Verdict {
    Done,
    /// A check failed. The state of the group is now this.
    Conflict(Option<String>),
    Congested,
    LeaseLost,
}

impl Verdict {
    pub(super) fn of(self, claim: Claim) -> Settled {
        match self {
            Self::Done => Settled::Done,
            Self::Conflict(state) => Settled::Conflict(Box::new(Claim { state, ..claim })),
            Self::Congested => Settled::Congested(Box::new(claim)),
            Self::LeaseLost => Settled::LeaseLost,
        }
    }
}

/// Removes a message and applies its commit.
pub(super) fn complete(
    tx: &mut Transaction<'_>,
    claim: &Claim,
    commit: &Commit,
) -> StorageResult<Verdict> {
    let Some(held) = tx.held(claim)? else { return Ok(Verdict::LeaseLost) };
    for check in &commit.checks {
        if !commit::holds(tx, &held.row, check)? {
            return Ok(Verdict::Conflict(tx.value(&held.row, claim.group.as_str())?));
        }
    }
    if commit::is_congested(tx, &held.row, commit)? {
        return Ok(Verdict::Congested);
    }
    tx.remove_head(&held, claim)?;
    for write in &commit.writes {
        commit::write(tx, &held.row, write)?;
    }
    for entry in &commit.outbox {
        tx.append(&held.row, QueueKind::Outbox, entry)?;
    }
    for (entry, due) in &commit.wakes {
        commit::wake(tx, &held.row, entry, *due)?;
    }
    if let Some(id) = &commit.provider_id {
        commit::mark_sent(tx, &held.row, id)?;
    }
    let record = SettlementRecord {
        facts: commit.facts.as_ref(),
        settles: commit.settles.as_ref(),
        outbox: &commit.outbox,
    };
    record.write(tx, &held)?;
    Ok(Verdict::Done)
}

/// Leaves a message at the head of its group, to be claimed again after a delay.
pub(super) fn retry(
    tx: &mut Transaction<'_>,
    claim: &Claim,
    retry: &Retry,
) -> StorageResult<Settled> {
    let Some(held) = tx.held(claim)? else { return Ok(Settled::LeaseLost) };
    let (status, at) =
        if retry.after.is_zero() { ("ready", 0) } else { ("delayed", tx.in_future(retry.after)) };
    // The worker survived the message, so it is no suspect.
    tx.execute(
        "UPDATE mailboxes SET status = ?3, at = ?4, token = NULL, attempt = 0, isolated = 0,
             failures = failures + ?5, outcome_unknown = iif(?6, outcome_unknown, NULL), note = ?7
         WHERE queue = ?1 AND mailbox = ?2",
        params![
            held.queue,
            claim.group.as_str(),
            status,
            at,
            retry.failed,
            retry.outcome_unknown,
            retry.note,
        ],
    )?;
    if retry.after.is_zero() {
        tx.rotate_in(held.queue, &line_of(&claim.group))?;
    } else {
        tx.count(held.queue, Tally::delayed(1));
        tx.expect(held.queue, at);
    }
    tx.notify_ready(&held.row, claim.queue.kind);
    let record = SettlementRecord { facts: retry.facts.as_ref(), settles: None, outbox: &[] };
    record.write(tx, &held)?;
    Ok(Settled::Done)
}

/// Returns a claim as if it had never been made.
pub(super) fn release(tx: &mut Transaction<'_>, claim: &Claim) -> StorageResult<Settled> {
    let Some(held) = tx.held(claim)? else { return Ok(Settled::LeaseLost) };
    let status = if claim.is_suspect() { "suspect" } else { "ready" };
    tx.execute(
        "UPDATE mailboxes SET status = ?3, at = 0, token = NULL, attempt = attempt - 1,
             isolated = isolated - ?4, outcome_unknown = iif(?5, outcome_unknown, NULL)
         WHERE queue = ?1 AND mailbox = ?2",
        params![
            held.queue,
            claim.group.as_str(),
            status,
            claim.is_suspect(),
            claim.outcome_unknown_since.is_some(),
        ],
    )?;
    if !claim.is_suspect() {
        tx.rotate_in(held.queue, &line_of(&claim.group))?;
    }
    tx.notify_ready(&held.row, claim.queue.kind);
    Ok(Settled::Done)
}

/// Moves a message from the head of its group to the dead letters; the rest of the group goes on.
pub(super) fn bury(
    tx: &mut Transaction<'_>,
    claim: &Claim,
    burial: &Burial,
) -> StorageResult<Settled> {
    let Some(held) = tx.held(claim)? else { return Ok(Settled::LeaseLost) };
    dead_letters::insert(tx, held.queue, claim, &burial.reason)?;
    tx.remove_head(&held, claim)?;
    tx.notify_ready(&held.row, claim.queue.kind);
    for write in &burial.writes {
        commit::write(tx, &held.row, write)?;
    }
    for entry in &burial.outbox {
        tx.append(&held.row, QueueKind::Outbox, entry)?;
    }
    let record = SettlementRecord {
        facts: burial.facts.as_ref(),
        settles: burial.settles.as_ref(),
        outbox: &burial.outbox,
    };
    record.write(tx, &held)?;
    Ok(Settled::Done)
}

/// The part of a settlement that is recorded.
struct SettlementRecord<'s> {
    facts: Option<&'s Facts>,
    settles: Option<&'s MessageId>,
    outbox: &'s [Entry],
}

impl SettlementRecord<'_> {
    fn write(&self, tx: &Transaction<'_>, held: &HeldClaim<'_>) -> StorageResult<()> {
        let is_recorded = match self.settles {
            Some(message) => settle_outbound(tx, held, message)?,
            None => false,
        };
        let Some(facts) = self.facts else { return Ok(()) };
        let outbound = debts(self.outbox);
        if outbound > 0 {
            tx.execute(
                "INSERT INTO owed (partition, message, remaining) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET remaining = remaining + excluded.remaining",
                params![held.row.number, facts.message.as_str(), to_i64(outbound)],
            )?;
        }
        tx.record(&held.row, facts, is_recorded)
    }
}

/// Marks one outbound message of an inbound one as settled, and returns whether it was the last.
fn settle_outbound(
    tx: &Transaction<'_>,
    held: &HeldClaim<'_>,
    message: &MessageId,
) -> StorageResult<bool> {
    let key = params![held.row.number, message.as_str()];
    let owed = "SELECT remaining FROM owed WHERE partition = ?1 AND message = ?2";
    match tx.query_number(owed, key)? {
        None => return Ok(true),
        Some(..=1) => tx.execute("DELETE FROM owed WHERE partition = ?1 AND message = ?2", key)?,
        Some(_) => {
            let settled = "UPDATE owed SET remaining = remaining - 1
                 WHERE partition = ?1 AND message = ?2";
            tx.execute(settled, key)?;
            return Ok(false);
        }
    };
    Ok(true)
}
