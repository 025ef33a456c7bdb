//! Numbers that moves count with, by the memo of the thread that writes.

use super::memo::Counters;
use super::tallies::Tally;
use super::transaction::{StorageResult, Transaction};

impl Transaction<'_> {
    /// Returns the counters of a queue.
    pub(super) fn counters(&self, queue: i64) -> StorageResult<Counters> {
        if let Some(counters) = self.memo.borrow().counters.get(&queue) {
            return Ok(*counters);
        }
        let row = self.query_optional(
            "SELECT given, done FROM queues WHERE queue = ?1",
            [queue],
            |row| Ok(Counters { given: row.get(0)?, done: row.get(1)?, is_changed: false }),
        )?;
        let counters = row.unwrap_or(Counters { given: 0, done: 0, is_changed: false });
        self.memo.borrow_mut().counters.insert(queue, counters);
        Ok(counters)
    }

    pub(super) fn set_counters(&self, queue: i64, given: i64, done: i64) {
        let counters = Counters { given, done, is_changed: true };
        self.memo.borrow_mut().counters.insert(queue, counters);
    }

    /// Counts a message that a queue receives, and returns its sequence.
    pub(super) fn next_sequence(&self, queue: i64) -> StorageResult<i64> {
        let Counters { given, done, .. } = self.counters(queue)?;
        self.set_counters(queue, given + 1, done);
        Ok(given + 1)
    }

    /// Counts a message that is removed.
    pub(super) fn count_removed(&self, queue: i64) -> StorageResult<()> {
        let Counters { given, done, .. } = self.counters(queue)?;
        self.set_counters(queue, given, done + 1);
        Ok(())
    }

    /// Writes the counters that have changed.
    pub(super) fn write_counters(&self) -> StorageResult<()> {
        for (queue, counters) in &mut self.memo.borrow_mut().counters {
            if std::mem::take(&mut counters.is_changed) {
                self.execute(
                    "UPDATE queues SET given = ?2, done = ?3 WHERE queue = ?1",
                    [*queue, counters.given, counters.done],
                )?;
            }
        }
        Ok(())
    }

    /// Returns the number of the next entry of a partition's record.
    pub(super) fn next_entry(&self, partition: i64) -> StorageResult<i64> {
        let newest = self.memo.borrow().newest_entries.get(&partition).copied();
        let newest = if let Some(newest) = newest {
            newest
        } else {
            let newest = "SELECT max(number) FROM events WHERE partition = ?1";
            self.query_number(newest, [partition])?.unwrap_or_default()
        };
        self.memo.borrow_mut().newest_entries.insert(partition, newest + 1);
        Ok(newest + 1)
    }

    /// Notes that something is due in a queue at a time.
    pub(super) fn expect(&self, queue: i64, at: i64) {
        self.memo.borrow_mut().expect(queue, at);
    }

    /// Counts a change of what a queue holds.
    pub(super) fn count(&self, queue: i64, change: Tally) {
        self.memo.borrow_mut().count(queue, change);
    }
}
