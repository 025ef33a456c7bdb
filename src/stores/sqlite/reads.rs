//! What can be asked without changing anything.

use chrono::DateTime;
use rusqlite::params;

use super::commit::sent;
use super::step::{Answer, Home, Step, count, whole};
use crate::contracts::storage::{DeadLetter, Depth, Partition, Queue, StorageError};
use crate::model::address::Group;
use crate::model::message::MessageId;
use crate::model::state::Member;

impl Step<'_> {
    /// A value whose time is not over.
    pub(super) fn value(&self, home: &Home<'_>, key: &str) -> Answer<Option<String>> {
        self.one(
            "SELECT value FROM state WHERE partition = ?1 AND key = ?2 AND until > ?3",
            params![home.number, key, self.now],
            |row| row.get(0),
        )
    }
}

pub(super) fn values(
    step: &Step<'_>,
    partition: &Partition,
    keys: &[String],
) -> Answer<Vec<Option<String>>> {
    let home = step.find(partition)?;
    keys.iter().map(|key| step.value(&home, key)).collect()
}

pub(super) fn members(
    step: &Step<'_>,
    partition: &Partition,
    pool: &str,
    limit: usize,
) -> Answer<Vec<Member>> {
    step.all(
        "SELECT mailbox, ticket FROM pools
         WHERE partition = ?1 AND pool = ?2 AND until > ?3 ORDER BY ticket LIMIT ?4",
        params![step.find(partition)?.number, pool, step.now, whole(limit)],
        |row| {
            let group = Group::from_id(row.get::<_, String>(0)?);
            Ok(Member { group, ticket: count(row.get(1)?) })
        },
    )
}

pub(super) fn size(step: &Step<'_>, partition: &Partition, pool: &str) -> Answer<u64> {
    let size = step.figure(
        "SELECT count(*) FROM pools WHERE partition = ?1 AND pool = ?2 AND until > ?3",
        params![step.find(partition)?.number, pool, step.now],
    )?;
    Ok(count(size.unwrap_or_default()))
}

pub(super) fn total(step: &Step<'_>, partition: &Partition, counter: &str) -> Answer<i64> {
    let total = step.figure(
        "SELECT total FROM counters WHERE partition = ?1 AND counter = ?2 AND until > ?3",
        params![step.find(partition)?.number, counter, step.now],
    )?;
    Ok(total.unwrap_or_default())
}

pub(super) fn known_sent(
    step: &Step<'_>,
    partition: &Partition,
    provider_ids: &[String],
) -> Answer<Vec<bool>> {
    let home = step.find(partition)?;
    provider_ids.iter().map(|id| step.is_known(&home, &sent(id))).collect()
}

pub(super) fn depth(step: &Step<'_>, queue: &Queue) -> Answer<Depth> {
    let number = step.find(&queue.partition)?.queue(queue.kind);
    let standing = |place: &str| {
        let all = "SELECT count(*) FROM mailboxes WHERE queue = ?1 AND stands = ?2";
        step.figure(all, params![number, place])
    };
    let figure = |sql: &str| step.figure(sql, [number]);
    let known = |figure: Option<i64>| count(figure.unwrap_or_default());
    Ok(Depth {
        pending: known(figure("SELECT given - done FROM queues WHERE queue = ?1")?),
        ready: known(standing("ready")?),
        leased: known(standing("leased")?),
        delayed: known(standing("delayed")?),
        suspect: known(standing("suspect")?),
        scheduled: known(figure("SELECT count(*) FROM wakes WHERE queue = ?1")?),
        dead: known(figure("SELECT count(*) FROM dead_letters WHERE queue = ?1")?),
    })
}

pub(super) fn dead_letters(
    step: &Step<'_>,
    queue: &Queue,
    limit: usize,
) -> Answer<Vec<DeadLetter>> {
    let number = step.find(&queue.partition)?.queue(queue.kind);
    let letters = step.all(
        "SELECT mailbox, id, payload, reason, at FROM dead_letters
         WHERE queue = ?1 ORDER BY number DESC LIMIT ?2",
        params![number, whole(limit)],
        |row| {
            let letter = DeadLetter {
                group: Group::from_id(row.get::<_, String>(0)?),
                id: MessageId::new(row.get::<_, String>(1)?),
                payload: row.get(2)?,
                reason: row.get(3)?,
                at: DateTime::UNIX_EPOCH,
            };
            Ok((letter, row.get(4)?))
        },
    )?;
    let dated = |(letter, at): (DeadLetter, i64)| {
        let at = DateTime::from_timestamp_millis(at)?;
        Some(DeadLetter { at, ..letter })
    };
    let corrupt = || StorageError::Corrupt("a dead letter at no time".to_owned());
    letters.into_iter().map(|letter| dated(letter).ok_or_else(corrupt)).collect()
}
