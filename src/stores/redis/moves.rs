//! The moves, as calls: which script each runs, with which arguments.

use std::time::Duration;

use super::call::Call;
use super::keys::kind;
use super::scripts;
use crate::contracts::storage::encoding::{
    DUPLICATE_DAYS, MAX_DEAD_LETTERS, RECLAIM_LIMIT, debts, digest, dropped, kinds, superseding,
};
use crate::contracts::storage::{
    Burial, Claim, ClaimRequest, Commit, Partition, Push, Queue, QueueKind, Retry, Token,
};
use crate::model::address::Group;
use crate::model::event::Facts;
use crate::model::state::{Check, Write};

/// A provider gives up on a webhook after 15 seconds; it is better told before that to come again.
const PUSH_PATIENCE: Duration = Duration::from_millis(1_500);

pub(super) fn push(partition: &Partition, push: &Push) -> Call {
    Call::new(&scripts::PUSH, partition)
        .patience(PUSH_PATIENCE)
        .entries([&push.entry])
        .arg(digest(&[push.entry.id.as_str()]))
        .arg(DUPLICATE_DAYS)
        .arg(push.max_depth)
        .arg(push.max_group_depth)
        .arg(push.facts.max_records)
        .facts(Some(&push.facts))
        .arg(kinds(&dropped(&push.facts)))
        .entries(&push.outbox)
}

pub(super) fn record(partition: &Partition, facts: &Facts) -> Call {
    let call = Call::new(&scripts::RECORD, partition)
        .patience(PUSH_PATIENCE)
        .arg(DUPLICATE_DAYS)
        .arg(facts.max_records)
        .facts(Some(facts));
    superseding(facts).into_iter().fold(call, Call::arg)
}

pub(super) fn claim(queue: &Queue, ask: &ClaimRequest) -> Call {
    let call = Call::new(&scripts::CLAIM, &queue.partition);
    durable_if(intends_to_send(queue), call)
        .arg(kind(queue.kind))
        .arg(ask.token.as_str())
        .millis(ask.lease)
        .flag(ask.reclaim)
        .again()
        .closed(ask)
}

/// Whether a claim is followed by something that nobody can take back. Only that, and what a provider
/// was told, has to be on the replicas: everything else is done again by a store that was rolled back.
fn intends_to_send(queue: &Queue) -> bool {
    queue.kind == QueueKind::Outbox
}

fn durable_if(durable: bool, call: Call) -> Call {
    if durable { call } else { call.fleeting() }
}

/// What every settlement begins with: which claim it is, and its fences.
fn settling(script: &'static scripts::Script, claim: &Claim) -> Call {
    Call::new(script, &claim.queue.partition)
        .arg(kind(claim.queue.kind))
        .arg(claim.group.as_str())
        .arg(claim.token.as_str())
        .arg(claim.sequence)
        .flag(claim.is_suspect())
}

pub(super) fn complete(claim: &Claim, commit: &Commit, next: Option<&ClaimRequest>) -> Call {
    let call = settling(&scripts::COMPLETE, claim);
    let call = durable_if(next.is_some() && intends_to_send(&claim.queue), call)
        .again()
        .arg(next.map_or("", |ask| ask.token.as_str()))
        .millis(next.map_or(Duration::ZERO, |ask| ask.lease))
        .flag(next.is_some_and(|ask| ask.reclaim))
        .arg(cap(commit.facts.as_ref()))
        .facts(commit.facts.as_ref())
        .arg(commit.settles.as_ref().map_or("", |id| id.as_str()))
        .arg(commit.provider_id.as_deref().unwrap_or_default())
        .arg(debts(&commit.outbox))
        .arg(commit.checks.len())
        .arg(commit.writes.len())
        .arg(commit.outbox.len())
        .arg(commit.wakes.len());
    let call = commit.checks.iter().fold(call, check);
    let call = commit.writes.iter().fold(call, write).entries(&commit.outbox);
    let call = commit.wakes.iter().fold(call, |call, (entry, due)| {
        let call = call.entries([entry]);
        match due {
            None => call.arg(""),
            Some(at) => call.arg(at.timestamp_millis()),
        }
    });
    match next {
        Some(ask) => call.closed(ask),
        None => call,
    }
}

fn check(call: Call, check: &Check) -> Call {
    match check {
        Check::Value { key, expected: Some(value) } => call.arg("V").arg(key).arg(value).arg(""),
        Check::Value { key, expected: None } => call.arg("N").arg(key).arg("").arg(""),
        Check::Member { pool, member } => {
            call.arg("M").arg(pool).arg(member.group.as_str()).arg(member.ticket)
        }
    }
}

fn write(call: Call, write: &Write) -> Call {
    match write {
        Write::Put { key, value, ttl } => call.arg("P").arg(key).arg(value).millis(*ttl),
        Write::Remove { key } => call.arg("R").arg(key).arg("").arg(""),
        Write::Insert { pool, group, ttl } => {
            call.arg("I").arg(pool).arg(group.as_str()).millis(*ttl)
        }
        Write::Take { pool, group } => call.arg("T").arg(pool).arg(group.as_str()).arg(""),
        Write::Count { name, by, ttl } => call.arg("C").arg(name).arg(*by).millis(*ttl),
    }
}

pub(super) fn retry(claim: &Claim, retry: &Retry) -> Call {
    settling(&scripts::RETRY, claim)
        .fleeting()
        .millis(retry.after)
        .flag(retry.failed)
        .flag(retry.outcome_unknown)
        .arg(retry.note.as_deref().unwrap_or_default())
        .arg(cap(retry.facts.as_ref()))
        .facts(retry.facts.as_ref())
}

pub(super) fn release(claim: &Claim) -> Call {
    settling(&scripts::RELEASE, claim).fleeting().flag(claim.outcome_unknown_since.is_some())
}

pub(super) fn bury(claim: &Claim, burial: &Burial) -> Call {
    settling(&scripts::BURY, claim)
        .fleeting()
        .arg(&burial.reason)
        .arg(MAX_DEAD_LETTERS)
        .arg(burial.settles.as_ref().map_or("", |id| id.as_str()))
        .arg(debts(&burial.outbox))
        .arg(cap(burial.facts.as_ref()))
        .facts(burial.facts.as_ref())
        .entries(&burial.outbox)
}

pub(super) fn extend(queue: &Queue, lease: Duration, claims: &[(Group, Token)]) -> Call {
    let call = Call::new(&scripts::EXTEND, &queue.partition)
        .fleeting()
        .patience(Duration::from_secs(1))
        .arg(kind(queue.kind))
        .millis(lease);
    claims.iter().fold(call, |call, (group, token)| call.arg(group.as_str()).arg(token.as_str()))
}

pub(super) fn reclaim(queue: &Queue) -> Call {
    Call::new(&scripts::RECLAIM, &queue.partition)
        .fleeting()
        .arg(kind(queue.kind))
        .arg(RECLAIM_LIMIT)
}

/// The cap of the record. Without facts nothing is recorded, so nothing is cut.
fn cap(facts: Option<&Facts>) -> u64 {
    facts.map_or(u64::from(u32::MAX), |facts| facts.max_records)
}
