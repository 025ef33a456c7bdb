//! Replies of the scripts.

use std::time::Duration;

use chrono::DateTime;
use redis::{Value, from_redis_value};

use crate::contracts::storage::{Claim, ClaimRequest, Claimed, Queue, StorageError, Token};
use crate::model::address::Group;
use crate::model::message::MessageId;

/// Reads `{ms until something is due or -1, claims ...}`; nothing when nothing was requested.
pub(super) fn read_claimed(
    queue: &Queue,
    request: Option<&ClaimRequest>,
    reply: Value,
) -> Result<Claimed, StorageError> {
    let (Some(request), Value::Array(mut fields)) = (request, reply) else {
        return Ok(Claimed::default());
    };
    if fields.is_empty() {
        return Err(StorageError::Corrupt("claims without a time".to_owned()));
    }
    let claims = fields.split_off(1);
    let [due]: [i64; 1] = decode(Value::Array(fields))?;
    Ok(Claimed {
        claims: claims
            .into_iter()
            .map(|claim| read_claim(queue, &request.token, claim))
            .collect::<Result<_, _>>()?,
        next_due: u64::try_from(due).ok().map(Duration::from_millis),
    })
}

/// Reads `{group, head, attempt, isolated, failures, outcome_unknown, note, state}`.
fn read_claim(queue: &Queue, token: &Token, reply: Value) -> Result<Claim, StorageError> {
    let (group, head, attempt, isolated, failures, outcome_unknown, note, state) =
        decode::<(String, String, u32, u32, u32, Option<i64>, Option<String>, Option<String>)>(
            reply,
        )?;
    let (sequence, id, payload) = split_message(&head)?;
    Ok(Claim {
        queue: queue.clone(),
        group: Group::from_id(group),
        token: token.clone(),
        sequence,
        id,
        payload,
        attempt,
        isolated,
        failures,
        outcome_unknown_since: outcome_unknown.and_then(DateTime::from_timestamp_millis),
        note,
        state,
    })
}

/// Splits a message as its list holds it: `sequence|length of id|id payload`.
pub(super) fn split_message(stored: &str) -> Result<(u64, MessageId, String), StorageError> {
    let parts = || {
        let (sequence, rest) = stored.split_once('|')?;
        let (length, rest) = rest.split_once('|')?;
        let (id, payload) = rest.split_at_checked(length.parse().ok()?)?;
        Some((sequence.parse().ok()?, MessageId::new(id), payload.to_owned()))
    };
    parts().ok_or_else(|| StorageError::Corrupt("a message without its sequence and id".to_owned()))
}

/// Converts a reply to the type that the command promises. The library's own error would quote the
/// reply, which may contain a number or a text.
pub(super) fn decode<T: redis::FromRedisValue>(reply: Value) -> Result<T, StorageError> {
    from_redis_value(reply)
        .map_err(|_| StorageError::Corrupt("a reply of an unexpected type".to_owned()))
}
