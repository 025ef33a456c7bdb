//! Settlements: each is fenced, and makes all of what it says true or nothing.

use rusqlite::params;

use super::commit;
use super::mailbox::{Held, line_of};
use super::step::{Answer, Step, whole};
use crate::contracts::storage::encoding::{MAX_DEAD_LETTERS, debts};
use crate::contracts::storage::{Burial, Claim, Commit, Entry, QueueKind, Retry, Settled};
use crate::model::event::Facts;
use crate::model::message::MessageId;

/// Removes a message and makes its commit true.
pub(super) fn complete(step: &mut Step<'_>, claim: Claim, commit: &Commit) -> Answer<Settled> {
    let Some(held) = step.held(&claim)? else { return Ok(Settled::LeaseLost) };
    for check in &commit.checks {
        if !commit::holds(step, &held.home, check)? {
            let state = step.value(&held.home, claim.group.as_str())?;
            return Ok(Settled::Conflict(Box::new(Claim { state, ..claim })));
        }
    }
    step.remove_head(&held, &claim)?;
    for write in &commit.writes {
        commit::write(step, &held.home, write)?;
    }
    for entry in &commit.outbox {
        step.append(&held.home, QueueKind::Outbox, entry)?;
    }
    for (entry, due) in &commit.wakes {
        commit::wake(step, &held.home, entry, *due)?;
    }
    if let Some(id) = &commit.provider_id {
        commit::mark_sent(step, &held.home, id)?;
    }
    let account = Account {
        facts: commit.facts.as_ref(),
        settles: commit.settles.as_ref(),
        owes: &commit.outbox,
    };
    account.close(step, &held)?;
    Ok(Settled::Done)
}

/// Leaves a message at the head of its group, to be claimed again after a while.
pub(super) fn retry(step: &mut Step<'_>, claim: &Claim, retry: &Retry) -> Answer<Settled> {
    let Some(held) = step.held(claim)? else { return Ok(Settled::LeaseLost) };
    let (stands, at) = if retry.after.is_zero() {
        ("ready", 0)
    } else {
        ("delayed", step.in_a_while(retry.after))
    };
    // It came back, so it did not kill its worker.
    step.run(
        "UPDATE mailboxes SET stands = ?3, at = ?4, token = NULL, attempt = 0, isolated = 0,
             failures = failures + ?5, outcome_unknown = iif(?6, outcome_unknown, NULL), note = ?7
         WHERE queue = ?1 AND mailbox = ?2",
        params![
            held.queue,
            claim.group.as_str(),
            stands,
            at,
            retry.failed,
            retry.outcome_unknown,
            retry.note,
        ],
    )?;
    if retry.after.is_zero() {
        step.rotate_in(held.queue, &line_of(&claim.group))?;
    }
    step.ring(&held.home, claim.queue.kind);
    let account = Account { facts: retry.facts.as_ref(), settles: None, owes: &[] };
    account.close(step, &held)?;
    Ok(Settled::Done)
}

/// Hands a claim back as if it had never been made.
pub(super) fn release(step: &mut Step<'_>, claim: &Claim) -> Answer<Settled> {
    let Some(held) = step.held(claim)? else { return Ok(Settled::LeaseLost) };
    let stands = if claim.is_suspect() { "suspect" } else { "ready" };
    step.run(
        "UPDATE mailboxes SET stands = ?3, at = 0, token = NULL, attempt = attempt - 1,
             isolated = isolated - ?4, outcome_unknown = iif(?5, outcome_unknown, NULL)
         WHERE queue = ?1 AND mailbox = ?2",
        params![
            held.queue,
            claim.group.as_str(),
            stands,
            claim.is_suspect(),
            claim.outcome_unknown_since.is_some(),
        ],
    )?;
    if !claim.is_suspect() {
        step.rotate_in(held.queue, &line_of(&claim.group))?;
    }
    step.ring(&held.home, claim.queue.kind);
    Ok(Settled::Done)
}

/// Moves a message from the head of its group to the dead letters; the group goes on.
pub(super) fn bury(step: &mut Step<'_>, claim: &Claim, burial: &Burial) -> Answer<Settled> {
    let Some(held) = step.held(claim)? else { return Ok(Settled::LeaseLost) };
    let number = step.figure(
        "INSERT INTO dead_letters (queue, number, at, mailbox, id, payload, reason) VALUES
             (?1, 1 + coalesce((SELECT max(number) FROM dead_letters WHERE queue = ?1), 0),
              ?2, ?3, ?4, ?5, ?6)
         RETURNING number",
        params![
            held.queue,
            step.now,
            claim.group.as_str(),
            claim.id.as_str(),
            claim.payload,
            burial.reason,
        ],
    )?;
    let oldest = number.unwrap_or_default() - whole(MAX_DEAD_LETTERS);
    let cut = "DELETE FROM dead_letters WHERE queue = ?1 AND number <= ?2";
    step.run(cut, [held.queue, oldest])?;
    step.remove_head(&held, claim)?;
    step.ring(&held.home, claim.queue.kind);
    for entry in &burial.outbox {
        step.append(&held.home, QueueKind::Outbox, entry)?;
    }
    let account = Account {
        facts: burial.facts.as_ref(),
        settles: burial.settles.as_ref(),
        owes: &burial.outbox,
    };
    account.close(step, &held)?;
    Ok(Settled::Done)
}

/// What a settlement leaves behind in the record.
struct Account<'s> {
    facts: Option<&'s Facts>,
    settles: Option<&'s MessageId>,
    owes: &'s [Entry],
}

impl Account<'_> {
    fn close(&self, step: &Step<'_>, held: &Held<'_>) -> Answer<()> {
        let recorded = match self.settles {
            Some(message) => pay(step, held, message)?,
            None => false,
        };
        let Some(facts) = self.facts else { return Ok(()) };
        let debts = debts(self.owes);
        if debts > 0 {
            step.run(
                "INSERT INTO owed (partition, message, debts) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET debts = excluded.debts",
                params![held.home.number, facts.message.as_str(), whole(debts)],
            )?;
        }
        step.record(&held.home, facts, recorded, facts.max_records)
    }
}

/// One thing less is owed for an inbound message; answers whether nothing is left.
fn pay(step: &Step<'_>, held: &Held<'_>, message: &MessageId) -> Answer<bool> {
    let key = params![held.home.number, message.as_str()];
    let left = step.figure(
        "UPDATE owed SET debts = debts - 1 WHERE partition = ?1 AND message = ?2 RETURNING debts",
        key,
    )?;
    match left {
        Some(1..) => return Ok(false),
        Some(_) => step.run("DELETE FROM owed WHERE partition = ?1 AND message = ?2", key)?,
        None => 0,
    };
    Ok(true)
}
