//! Script calls of the moves, with their arguments.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::call::ScriptCall;
use super::keys::{kind_prefix, transferred};
use super::scripts;
use crate::contracts::storage::encoding::{
    self, DUPLICATE_DAYS, MAX_DEAD_LETTERS, RECLAIM_LIMIT, debts, digest, superseding,
};
use crate::contracts::storage::{
    Burial, Change, Claim, ClaimRequest, Commit, DeadLetterId, Entry, Once, Partition, Push, Queue,
    QueueKind, Replay, Retry, Token,
};
use crate::model::address::Group;
use crate::model::clock::millis;
use crate::model::event::Facts;
use crate::model::state::{Check, Write};

/// Patience of calls behind a webhook. A provider gives up on it after 15 s, so a 503 comes earlier.
const PUSH_PATIENCE: Duration = Duration::from_millis(1_500);

/// Shortest and longest life of what a commit writes. Redis refuses an expiry of zero, and one that no
/// 64 bits hold, in the middle of the script, whose earlier changes would stay.
const LIFE: (Duration, Duration) =
    (Duration::from_millis(1), Duration::from_hours(1_000 * 366 * 24));

pub(super) fn push(partition: &Partition, push: &Push) -> ScriptCall {
    let call = ScriptCall::of_move(&scripts::PUSHES, "push", partition)
        .patience(PUSH_PATIENCE)
        .entries([&push.entry])
        .arg(digest(&[push.entry.id.as_str()]))
        .numbers(push_terms(push))
        .facts(Some(&push.facts))
        .arg(encoding::dropped_detail(&push.facts))
        .arg(push.rate.as_ref().map_or("", |rate| rate.bucket.as_str()))
        .numbers([
            push.aliases.len() as u64,
            push.marks.len() as u64,
            push.writes.len() as u64,
            notice(push).is_some().into(),
            push.once.is_some().into(),
            push.is_dropped_for_good.into(),
        ]);
    let aliases = push.aliases.iter().map(|id| digest(&[id.as_str()]));
    let call = push.marks.iter().fold(aliases.fold(call, ScriptCall::arg), ScriptCall::arg);
    let call = push.writes.iter().fold(call, write);
    [notice(push), push.once.as_ref()].into_iter().flatten().fold(call, once).entries(&push.outbox)
}

/// Returns the limits of a push, which are the same for many.
fn push_terms(push: &Push) -> [u64; 9] {
    let rate = push.rate.as_ref();
    [
        DUPLICATE_DAYS,
        push.is_queued.into(),
        push.max_depth,
        push.crowded_at(),
        push.max_group_depth,
        push.max_group_depth.min(push.max_crowded_depth),
        push.facts.max_records,
        rate.map_or(0, |rate| millis(life(rate.interval))),
        rate.map_or(0, |rate| rate.burst.into()),
    ]
}

fn notice(push: &Push) -> Option<&Once> {
    push.rate.as_ref()?.notice.as_ref()
}

fn once(call: ScriptCall, once: &Once) -> ScriptCall {
    call.arg(&once.key).millis(life(once.every)).entries([&once.entry])
}

pub(super) fn record(partition: &Partition, facts: &Facts) -> ScriptCall {
    let sent = encoding::outbound_ids(facts).map(|(_, theirs)| transferred(theirs));
    let call = ScriptCall::of_move(&scripts::PUSHES, "record", partition)
        .patience(PUSH_PATIENCE)
        .arg(DUPLICATE_DAYS)
        .arg(facts.max_records)
        .facts(Some(facts))
        .noted(facts)
        .arg(sent.unwrap_or_default());
    superseding(facts).into_iter().fold(call, ScriptCall::arg)
}

pub(super) fn claim(queue: &Queue, request: &ClaimRequest) -> ScriptCall {
    let call = ScriptCall::of_move(&scripts::MOVES, "claim", &queue.partition);
    replicated_if(precedes_a_send(queue.kind), call)
        .arg(kind_prefix(queue.kind))
        .request(Some(request))
}

/// Tests whether a claim leads to a send, which cannot be undone. Only such a claim, and what a provider
/// was answered, must be on the replicas: a store that was rolled back repeats everything else.
fn precedes_a_send(kind: QueueKind) -> bool {
    kind == QueueKind::Outbox
}

fn replicated_if(replicated: bool, call: ScriptCall) -> ScriptCall {
    if replicated { call } else { call.without_replicas() }
}

/// Begins the call of a settlement with its claim and the fences.
fn settlement(name: &'static str, claim: &Claim) -> ScriptCall {
    ScriptCall::of_move(&scripts::MOVES, name, &claim.queue.partition)
        .arg(kind_prefix(claim.queue.kind))
        .arg(claim.group.as_str())
        .arg(claim.token.as_str())
        .arg(claim.sequence)
        .flag(claim.is_suspect())
}

pub(super) fn complete(
    claim: &Claim,
    commit: &Commit,
    next: Option<&ClaimRequest>,
    owed: Option<&ClaimRequest>,
) -> ScriptCall {
    let claims_a_send = owed.is_some() || next.is_some() && precedes_a_send(claim.queue.kind);
    let call = replicated_if(claims_a_send, settlement("complete", claim))
        .request(next)
        .request(owed)
        .facts(commit.facts.as_ref())
        .arg(commit.settles.as_ref().map_or("", |id| id.as_str()))
        .arg(commit.provider_id.as_deref().unwrap_or_default())
        .arg(commit.recipient.as_ref().map_or("", |limit| limit.group.as_str()))
        .numbers([
            max_records(commit.facts.as_ref()),
            debts(&commit.outbox) as u64,
            commit.checks.len() as u64,
            commit.writes.len() as u64,
            commit.outbox.len() as u64,
            commit.wakes.len() as u64,
            commit.recipient.as_ref().map_or(0, |limit| limit.max_depth),
        ]);
    let call = commit.checks.iter().fold(call, check);
    let call = commit.writes.iter().fold(call, write).entries(&commit.outbox);
    commit.wakes.iter().fold(call, |call, (entry, due)| {
        let call = call.entries([entry]);
        match due {
            None => call.arg(""),
            Some(at) => call.arg(at.timestamp_millis()),
        }
    })
}

fn check(call: ScriptCall, check: &Check) -> ScriptCall {
    match check {
        Check::Value { key, expected: Some(value) } => call.arg("V").arg(key).arg(value).arg(""),
        Check::Value { key, expected: None } => call.arg("N").arg(key).arg("").arg(""),
        Check::Member { pool, member } => {
            call.arg("M").arg(pool).arg(member.group.as_str()).arg(member.ticket)
        }
    }
}

fn write(call: ScriptCall, write: &Write) -> ScriptCall {
    match write {
        Write::Put { key, value, ttl } => call.arg("P").arg(key).arg(value).millis(life(*ttl)),
        Write::Remove { key } => call.arg("R").arg(key).arg("").arg(""),
        Write::Insert { pool, group, ttl } => {
            call.arg("I").arg(pool).arg(group.as_str()).millis(life(*ttl))
        }
        Write::Take { pool, group } => call.arg("T").arg(pool).arg(group.as_str()).arg(""),
        Write::Count { name, by, ttl } => call.arg("C").arg(name).arg(*by).millis(life(*ttl)),
    }
}

fn life(ttl: Duration) -> Duration {
    ttl.clamp(LIFE.0, LIFE.1)
}

pub(super) fn retry(claim: &Claim, retry: &Retry) -> ScriptCall {
    settlement("retry", claim)
        .without_replicas()
        .millis(retry.after)
        .flag(retry.failed)
        .flag(retry.outcome_unknown)
        .arg(retry.note.as_deref().unwrap_or_default())
        .arg(max_records(retry.facts.as_ref()))
        .facts(retry.facts.as_ref())
}

pub(super) fn release(claim: &Claim) -> ScriptCall {
    settlement("release", claim).without_replicas().flag(claim.outcome_unknown_since.is_some())
}

pub(super) fn bury(claim: &Claim, burial: &Burial) -> ScriptCall {
    let call = settlement("bury", claim)
        .without_replicas()
        .arg(&burial.reason)
        .arg(MAX_DEAD_LETTERS)
        .arg(burial.settles.as_ref().map_or("", |id| id.as_str()))
        .arg(debts(&burial.outbox))
        .arg(max_records(burial.facts.as_ref()))
        .facts(burial.facts.as_ref())
        .arg(burial.writes.len());
    burial.writes.iter().fold(call, write).entries(&burial.outbox)
}

pub(super) fn extend(queue: &Queue, lease: Duration, claims: &[(Group, Token)]) -> ScriptCall {
    let call = ScriptCall::new(&scripts::EXTEND, &queue.partition)
        .without_replicas()
        .patience(Duration::from_secs(1))
        .arg(kind_prefix(queue.kind))
        .millis(lease);
    claims.iter().fold(call, |call, (group, token)| call.arg(group.as_str()).arg(token.as_str()))
}

pub(super) fn reclaim(queue: &Queue) -> ScriptCall {
    ScriptCall::new(&scripts::RECLAIM, &queue.partition)
        .without_replicas()
        .arg(kind_prefix(queue.kind))
        .arg(RECLAIM_LIMIT)
}

pub(super) fn schedule(partition: &Partition, wake: &Entry, due: DateTime<Utc>) -> ScriptCall {
    ScriptCall::new(&scripts::SCHEDULE, partition)
        .without_replicas()
        .entries([wake])
        .arg(due.timestamp_millis())
}

pub(super) fn apply(partition: &Partition, change: &Change) -> ScriptCall {
    let call = ScriptCall::new(&scripts::APPLY, partition).arg(change.writes.len());
    change.writes.iter().fold(call, write).entries(&change.wakes)
}

pub(super) fn replay(queue: &Queue, replays: &[Replay]) -> ScriptCall {
    replays.iter().fold(unbury(queue, true), |call, Replay { letter, owed, facts }| {
        let owed = owed.as_ref().map_or("", |id| id.as_str());
        unburied(call.arg(letter.as_str()).arg(owed), facts.as_ref())
    })
}

pub(super) fn discard(queue: &Queue, discarded: &[(DeadLetterId, Option<Facts>)]) -> ScriptCall {
    discarded.iter().fold(unbury(queue, false), |call, (letter, facts)| {
        unburied(call.arg(letter.as_str()).arg(""), facts.as_ref())
    })
}

fn unbury(queue: &Queue, replays: bool) -> ScriptCall {
    ScriptCall::new(&scripts::UNBURY, &queue.partition)
        .arg(kind_prefix(queue.kind))
        .arg(Token::random().as_str())
        .repeated_flag()
        .flag(replays)
}

fn unburied(call: ScriptCall, facts: Option<&Facts>) -> ScriptCall {
    call.arg(max_records(facts)).facts(facts)
}

/// Maximum number of records. Without facts nothing is recorded, so nothing is cut.
fn max_records(facts: Option<&Facts>) -> u64 {
    facts.map_or(u64::from(u32::MAX), |facts| facts.max_records)
}
