//! How a claim comes back from a script.

use std::time::Duration;

use chrono::DateTime;
use redis::{Value, from_redis_value};

use crate::address::Group;
use crate::message::MessageId;
use crate::storage::{Claim, Claimed, Queue, StorageError, Token};

/// Reads `{EMPTY, ms}` or `{group, head, attempt, isolated, failures, unsettled, note, state}`.
pub(super) fn read(queue: &Queue, token: &Token, answer: Value) -> Result<Claimed, StorageError> {
    let Value::Array(fields) = answer else {
        return Err(StorageError::Corrupt("a claim that is no list".to_owned()));
    };
    if fields.len() == 2 {
        let due: (String, i64) = decode(Value::Array(fields))?;
        return Ok(Claimed::Empty {
            next_due: u64::try_from(due.1).ok().map(Duration::from_millis),
        });
    }
    let (group, head, attempt, isolated, failures, unsettled, note, state) =
        decode::<(String, String, u32, u32, u32, Option<i64>, Option<String>, Option<String>)>(
            Value::Array(fields),
        )?;
    let mut parts = head.splitn(3, '|');
    let (Some(sequence), Some(id), Some(payload)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(StorageError::Corrupt("a message without its sequence and id".to_owned()));
    };
    Ok(Claimed::Message(Box::new(Claim {
        queue: queue.clone(),
        group: Group::from_id(group),
        token: token.clone(),
        sequence: sequence.parse().map_err(|_| {
            StorageError::Corrupt("a message whose sequence is no number".to_owned())
        })?,
        id: MessageId::new(id),
        payload: payload.to_owned(),
        attempt,
        isolated,
        failures,
        unsettled_since: unsettled.and_then(DateTime::from_timestamp_millis),
        note,
        state,
    })))
}

/// Takes an answer for what the script promises.
pub(super) fn decode<T: redis::FromRedisValue>(answer: Value) -> Result<T, StorageError> {
    from_redis_value(answer).map_err(|error| StorageError::Corrupt(error.to_string()))
}
