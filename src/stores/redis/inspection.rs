//! Inspection of the store, page by page, and what an operator does about dead letters.

use std::time::Duration;

use async_trait::async_trait;

use super::call::ScriptCall;
use super::keys::{kind_prefix, queue_prefix};
use super::records::stream_time;
use super::reply::{decode, split_message};
use super::streams::{StreamEntry, checked};
use super::{Redis, moves, scripts};
use crate::contracts::storage::{
    DeadLetter, DeadLetterId, EventCursor, Head, HeadState, Inspection, Partition, Queue, Replay,
    StorageError,
};
use crate::model::address::Group;
use crate::model::event::{Event, Facts};

/// State, milliseconds until its end, group, head, claims, failures and messages, as the script returns
/// them.
type HeadReply = (String, u64, String, String, u32, u32, u64);

#[async_trait]
impl Inspection for Redis {
    async fn heads(&self, queue: &Queue, limit: usize) -> Result<Vec<Head>, StorageError> {
        let call = ScriptCall::new(&scripts::HEADS, &queue.partition)
            .without_replicas()
            .arg(kind_prefix(queue.kind))
            .arg(limit);
        let heads: Vec<HeadReply> = decode(self.shared.send(&call).await?)?;
        heads.into_iter().map(head).collect()
    }

    async fn dead_letters_before(
        &self,
        queue: &Queue,
        before: Option<&DeadLetterId>,
        limit: usize,
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError> {
        let key = format!("{}dead", queue_prefix(queue));
        let before = before.map(DeadLetterId::as_str);
        dead_letters(self.entries_before(&queue.partition, &key, before, limit).await?)
    }

    async fn dead_letters_of(
        &self,
        queue: &Queue,
        ids: &[DeadLetterId],
    ) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError> {
        check(ids.iter())?;
        let call = ScriptCall::new(&scripts::LETTERS, &queue.partition)
            .without_replicas()
            .arg(kind_prefix(queue.kind));
        let call = ids.iter().fold(call, |call, id| call.arg(id.as_str()));
        dead_letters(decode(self.shared.send(&call).await?)?)
    }

    async fn replay(&self, queue: &Queue, replays: &[Replay]) -> Result<u64, StorageError> {
        check(replays.iter().map(|replay| &replay.letter))?;
        decode(self.shared.send(&moves::replay(queue, replays)).await?)
    }

    async fn discard(
        &self,
        queue: &Queue,
        letters: &[(DeadLetterId, Option<Facts>)],
    ) -> Result<u64, StorageError> {
        check(letters.iter().map(|(id, _)| id))?;
        decode(self.shared.send(&moves::discard(queue, letters)).await?)
    }

    async fn events_after(
        &self,
        partition: &Partition,
        after: Option<&EventCursor>,
        limit: usize,
    ) -> Result<Vec<(EventCursor, Event)>, StorageError> {
        let after = after.map(EventCursor::as_str);
        let events = self.page_of_events(partition, after, limit).await?;
        Ok(events.into_iter().map(|(id, event)| (EventCursor::new(id), event)).collect())
    }
}

/// Checks that a script does not fail on an id in the middle of its changes.
fn check<'i>(mut ids: impl Iterator<Item = &'i DeadLetterId>) -> Result<(), StorageError> {
    ids.try_for_each(|id| checked(id.as_str()).map(drop))
}

fn head(reply: HeadReply) -> Result<Head, StorageError> {
    let (state, left, group, message, attempts, failures, depth) = reply;
    let (_, id, payload) = split_message(&message)?;
    let left = Duration::from_millis(left);
    let state = match state.as_str() {
        "lease" => HeadState::Leased(left),
        "delay" => HeadState::Delayed(left),
        "suspect" => HeadState::Suspect,
        _ => HeadState::Ready,
    };
    Ok(Head { group: Group::from_id(group), id, payload, state, attempts, failures, depth })
}

fn dead_letters(
    entries: Vec<StreamEntry>,
) -> Result<Vec<(DeadLetterId, DeadLetter)>, StorageError> {
    let corrupt = || StorageError::Corrupt("a dead letter without one of its parts".to_owned());
    entries.into_iter().map(|entry| dead_letter(entry).ok_or_else(corrupt)).collect()
}

fn dead_letter((entry, mut fields): StreamEntry) -> Option<(DeadLetterId, DeadLetter)> {
    let (_, id, payload) = split_message(&fields.remove("h")?).ok()?;
    let letter = DeadLetter {
        group: Group::from_id(fields.remove("g")?),
        id,
        payload,
        reason: fields.remove("r")?,
        at: stream_time(&entry)?,
    };
    Some((DeadLetterId::new(entry), letter))
}
