//! Replies of the scripts.

use std::time::Duration;

use chrono::DateTime;
use redis::{Value, from_redis_value};

use crate::contracts::storage::{Claim, ClaimRequest, Claimed, Queue, StorageError, Token};
use crate::model::address::Group;
use crate::model::message::MessageId;

/// Reads `{ms until something is due or -1, claims ...}`; nothing when nothing was requested.
pub fn read_claimed(
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contracts::storage::{Partition, QueueKind};

    /// A reply of any shape, as a server, a proxy or another version could send it.
    fn any_reply() -> impl Strategy<Value = Value> {
        let text = prop_oneof![Just("1|2|ab{}".to_owned()), "[0-9|]{0,12}", "\\PC{0,12}"];
        let leaf = prop_oneof![
            Just(Value::Nil),
            Just(Value::Okay),
            any::<i64>().prop_map(Value::Int),
            any::<bool>().prop_map(Value::Boolean),
            text.prop_map(|text| Value::BulkString(text.into_bytes())),
            prop::collection::vec(any::<u8>(), 0..12).prop_map(Value::BulkString),
            "[A-Z]{0,9}".prop_map(Value::SimpleString),
        ];
        leaf.prop_recursive(3, 64, 9, |inner| {
            prop::collection::vec(inner, 0..10).prop_map(Value::Array)
        })
    }

    fn queue() -> Queue {
        let topic = "t".parse().unwrap();
        Queue { partition: Partition::first(&topic), kind: QueueKind::Inbound }
    }

    fn request() -> ClaimRequest {
        let (token, lease) = (Token::random(), Duration::from_secs(1));
        ClaimRequest { token, lease, max: 1, reclaim: false, closed: Vec::new() }
    }

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    proptest! {
        #[test]
        fn reply_of_any_shape_is_read_or_refused(reply in any_reply()) {
            let request = request();
            let _ = read_claimed(&queue(), Some(&request), reply.clone());
            let _ = decode::<Vec<String>>(reply.clone());
            let _ = decode::<(i64, i64, u64)>(reply);
        }

        #[test]
        fn message_is_split_as_it_was_stored(sequence: u64, id in "\\PC{1,20}", payload in "\\PC{0,20}") {
            let stored = format!("{sequence}|{}|{id}{payload}", id.len());
            let expected = (sequence, MessageId::new(&id), payload.clone());
            prop_assert_eq!(split_message(&stored).unwrap(), expected.clone());
            let number = Value::Int(1);
            let claim = [bulk("g"), bulk(&stored), number.clone(), Value::Int(0), Value::Int(0)];
            let claim = claim.into_iter().chain([Value::Nil, Value::Nil, bulk("s")]).collect();
            let reply = Value::Array(vec![number, Value::Array(claim)]);
            let request = request();
            let read = read_claimed(&queue(), Some(&request), reply).unwrap();
            prop_assert_eq!(read.next_due, Some(Duration::from_millis(1)));
            let claim = &read.claims[0];
            prop_assert_eq!((claim.sequence, claim.id.clone(), claim.payload.clone()), expected);
        }

        #[test]
        fn stored_message_of_any_shape_is_split_or_refused(stored in "[0-9|]{0,9}\\PC{0,9}") {
            let _ = split_message(&stored);
        }
    }
}
