//! Events of a partition, and digests for deduplication.

use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use rusqlite::{Row, params};

use super::Sqlite;
use super::commit;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64};
use crate::contracts::storage::encoding::{DUPLICATE_DAYS, superseding};
use crate::contracts::storage::{
    EventCursor, Partition, Records, StateReads, StorageError, encoding,
};
use crate::model::event::{Event, Facts};
use crate::model::message::MessageId;
use crate::model::state::Write;

/// Time for which the digest of an accepted message is remembered.
pub(super) const REMEMBERED: Duration = Duration::from_hours(24 * DUPLICATE_DAYS);
/// Number of events that are removed together, so that most inserts cost no removal.
const REMOVED_TOGETHER: i64 = 64;

#[async_trait]
impl Records for Sqlite {
    async fn record(&self, partition: &Partition, facts: Facts) -> Result<(), StorageError> {
        self.check_reserve()?;
        let partition = partition.clone();
        self.write(move |tx| record_once(tx, &partition, &facts)).await
    }

    async fn provider_id(
        &self,
        partition: &Partition,
        message: &MessageId,
    ) -> Result<Option<String>, StorageError> {
        Ok(self.values(partition, &[encoding::noted_key(message)]).await?.pop().flatten())
    }

    async fn events(
        &self,
        partition: &Partition,
        message: Option<&MessageId>,
    ) -> Result<Vec<Event>, StorageError> {
        let (partition, message) = (partition.clone(), message.cloned());
        self.read(move |tx| events(tx, &partition, message.as_ref())).await
    }

    async fn known_sent(
        &self,
        partition: &Partition,
        provider_ids: &[String],
    ) -> Result<Vec<bool>, StorageError> {
        let (partition, ids) = (partition.clone(), provider_ids.to_vec());
        self.read(move |tx| {
            let row = tx.find_partition(&partition)?;
            ids.iter().map(|id| commit::is_sent(tx, &row, id)).collect()
        })
        .await
    }
}

impl Transaction<'_> {
    /// Records facts, and that the message is recorded completely, when it is.
    pub(super) fn record(
        &self,
        row: &PartitionRow<'_>,
        facts: &Facts,
        is_recorded: bool,
    ) -> StorageResult<()> {
        let mut kinds = encoding::kinds(facts);
        if is_recorded {
            kinds.push_str(",recorded");
        }
        if kinds.is_empty() {
            return Ok(());
        }
        let number = self.next_entry(row.number)?;
        let (message, detail) = (facts.message.as_str(), encoding::detail(facts));
        self.execute(
            "INSERT INTO events (partition, number, at, message, kinds, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![row.number, number, self.now, message, kinds, detail],
        )?;
        if number % REMOVED_TOGETHER == 0 {
            let oldest = number.saturating_sub(to_i64(facts.max_records));
            let cut = "DELETE FROM events WHERE partition = ?1 AND number <= ?2";
            self.execute(cut, [row.number, oldest])?;
        }
        Ok(())
    }

    pub(super) fn is_known(&self, row: &PartitionRow<'_>, digest: &[u8]) -> StorageResult<bool> {
        let until = self.query_number(
            "SELECT until FROM known WHERE partition = ?1 AND digest = ?2",
            params![row.number, digest],
        )?;
        Ok(until.is_some_and(|until| until > self.now))
    }

    pub(super) fn remember(
        &self,
        row: &PartitionRow<'_>,
        digest: &[u8],
        time: Duration,
    ) -> StorageResult<()> {
        self.execute(
            "INSERT INTO known (partition, digest, until) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET until = excluded.until",
            params![row.number, digest, self.in_future(time)],
        )?;
        Ok(())
    }
}

/// Records facts about a message that is in no queue, once.
fn record_once(
    tx: &mut Transaction<'_>,
    partition: &Partition,
    facts: &Facts,
) -> StorageResult<()> {
    let row = tx.ensure_partition(partition)?;
    let digests = superseding(facts);
    for digest in &digests {
        if tx.is_known(&row, digest)? {
            return Ok(());
        }
    }
    note(tx, &row, facts)?;
    let Some(own) = digests.first() else { return Ok(()) };
    tx.remember(&row, own, REMEMBERED)?;
    tx.record(&row, facts, false)
}

/// Notes the provider's id of an outbound message that is not known to be sent.
fn note(tx: &mut Transaction<'_>, row: &PartitionRow<'_>, facts: &Facts) -> StorageResult<()> {
    let Some((ours, theirs)) = encoding::outbound_ids(facts) else { return Ok(()) };
    if commit::is_sent(tx, row, theirs)? {
        return Ok(());
    }
    let (key, value) = (encoding::noted_key(ours), theirs.to_owned());
    commit::write(tx, row, &Write::Put { key, value, ttl: encoding::NOTED })
}

/// Returns the events of a partition, or of one message in it, oldest first.
fn events(
    tx: &Transaction<'_>,
    partition: &Partition,
    message: Option<&MessageId>,
) -> StorageResult<Vec<Event>> {
    let row = tx.find_partition(partition)?;
    let entries = tx.query_all(
        "SELECT number, at, message, kinds, detail FROM events
         WHERE partition = ?1 AND (?2 IS NULL OR message = ?2) ORDER BY number",
        params![row.number, message.map(MessageId::as_str)],
        RecordEntry::read,
    )?;
    let events = entries.iter().map(RecordEntry::events).collect::<StorageResult<Vec<_>>>()?;
    Ok(events.into_iter().flatten().collect())
}

/// Number and time of an entry of the record.
pub(super) type EntryPlace = (i64, i64);

pub(super) fn read_cursor(cursor: &EventCursor) -> StorageResult<EntryPlace> {
    let parts = cursor.as_str().split_once('-');
    let place = parts.and_then(|(number, at)| Some((number.parse().ok()?, at.parse().ok()?)));
    place.ok_or_else(|| StorageError::Corrupt("a cursor that this store did not issue".to_owned()))
}

/// Returns the events of up to `limit` entries after a place.
pub(super) fn events_after(
    tx: &Transaction<'_>,
    partition: &Partition,
    after: Option<EntryPlace>,
    limit: usize,
) -> StorageResult<Vec<(EventCursor, Event)>> {
    let row = tx.find_partition(partition)?;
    let (number, at) = match after {
        None => (0, i64::MIN),
        Some(place) => resume(tx, &row, place)?,
    };
    let entries = tx.query_all(
        "SELECT number, at, message, kinds, detail FROM events
         WHERE partition = ?1 AND number > ?2 AND at > ?3 ORDER BY number LIMIT ?4",
        params![row.number, number, at, to_i64(limit)],
        RecordEntry::read,
    )?;
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        let cursor = EventCursor::new(format!("{}-{}", entry.number, entry.at));
        events.extend(entry.events()?.into_iter().map(|event| (cursor.clone(), event)));
    }
    Ok(events)
}

/// Returns the number and the time after which the entries behind a place are found. Numbers go on from
/// the newest entry: when that is gone, they are given again, and the time decides.
fn resume(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    (number, at): EntryPlace,
) -> StorageResult<EntryPlace> {
    let next = tx.query_optional(
        "SELECT number, at FROM events WHERE partition = ?1 AND number >= ?2 ORDER BY number LIMIT 1",
        [row.number, number],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let is_continued = next.is_some_and(|next| next.0 > number || next.1 == at);
    Ok(if is_continued { (number, i64::MIN) } else { (0, at) })
}

/// Entry of the record.
struct RecordEntry {
    number: i64,
    at: i64,
    message: String,
    kinds: String,
    detail: String,
}

impl RecordEntry {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: row.get(0)?,
            at: row.get(1)?,
            message: row.get(2)?,
            kinds: row.get(3)?,
            detail: row.get(4)?,
        })
    }

    fn events(&self) -> StorageResult<Vec<Event>> {
        let at = DateTime::from_timestamp_millis(self.at);
        let at = at.ok_or_else(|| encoding::corrupt("at no time"))?;
        encoding::read(&MessageId::new(&self.message), at, &self.kinds, Some(&self.detail))
    }
}

/// Removes events that are older than `since`. They are in the order of their times, so this reads no
/// more of them than it removes.
pub(super) fn remove_older(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    since: i64,
) -> StorageResult<()> {
    tx.execute(
        "DELETE FROM events WHERE partition = ?1 AND number < coalesce(
             (SELECT number FROM events WHERE partition = ?1 AND at >= ?2 ORDER BY number LIMIT 1),
             (SELECT max(number) + 1 FROM events WHERE partition = ?1))",
        [row.number, since],
    )?;
    Ok(())
}
