//! What the thread that writes keeps of the file between transactions, so that no move reads it again.
//!
//! The process is alone with its file, so nobody else changes what is kept here, but for an operator who
//! edits the file; SQLite tells of that. A transaction that is rolled back takes with it what was learnt in
//! it.

use std::collections::{HashMap, HashSet};

use super::tallies::Tally;
use super::transaction::{StorageResult, Transaction};
use crate::contracts::storage::Partition;

/// Numbers that moves count with.
#[derive(Default)]
pub(super) struct Memo {
    /// Rows of partitions. They are never removed.
    partitions: HashMap<Partition, i64>,
    counters: HashMap<i64, Counters>,
    /// Number of the newest entry of each partition's record.
    newest_entries: HashMap<i64, i64>,
    /// Time of each queue before which no lease, retry or wake is due.
    quiet_until: HashMap<i64, i64>,
    /// Lines that are in the rotation of each queue.
    lines: HashMap<i64, HashSet<String>>,
    /// What the file holds, and what the transaction has changed of it.
    tallies: HashMap<i64, Tally>,
    changes: HashMap<i64, Tally>,
}

/// The row of a queue. It is written once in a transaction, however many moves change it.
#[derive(Clone, Copy)]
pub(super) struct Counters {
    pub(super) given: i64,
    pub(super) done: i64,
    is_changed: bool,
}

impl Memo {
    pub(super) fn new(tallies: HashMap<i64, Tally>) -> Self {
        Self { tallies, ..Self::default() }
    }

    pub(super) fn committed(&mut self) {
        for (queue, change) in self.changes.drain() {
            self.tallies.entry(queue).or_default().add(change);
        }
    }

    pub(super) fn rolled_back(&mut self) {
        *self = Self::new(std::mem::take(&mut self.tallies));
    }

    /// Forgets what somebody who edits the file may have changed.
    pub(super) fn edited(&mut self) {
        let partitions = std::mem::take(&mut self.partitions);
        *self = Self { partitions, ..Self::new(std::mem::take(&mut self.tallies)) };
    }

    pub(super) fn partition(&self, partition: &Partition) -> Option<i64> {
        self.partitions.get(partition).copied()
    }

    pub(super) fn keep_partition(&mut self, partition: &Partition, number: i64) {
        self.partitions.insert(partition.clone(), number);
    }

    pub(super) fn count(&mut self, queue: i64, change: Tally) {
        self.changes.entry(queue).or_default().add(change);
    }

    pub(super) fn tally(&self, queue: i64) -> Tally {
        let of = |tallies: &HashMap<i64, Tally>| tallies.get(&queue).copied().unwrap_or_default();
        let mut tally = of(&self.tallies);
        tally.add(of(&self.changes));
        tally
    }

    pub(super) fn is_in_rotation(&self, queue: i64, line: &str) -> bool {
        self.lines.get(&queue).is_some_and(|lines| lines.contains(line))
    }

    pub(super) fn keep_line(&mut self, queue: i64, line: &str) {
        self.lines.entry(queue).or_default().insert(line.to_owned());
    }

    pub(super) fn forget_line(&mut self, queue: i64, line: &str) {
        if let Some(lines) = self.lines.get_mut(&queue) {
            lines.remove(line);
        }
    }

    /// Notes that a record has an entry of this number.
    pub(super) fn keep_entry(&mut self, partition: i64, number: i64) {
        if let Some(newest) = self.newest_entries.get_mut(&partition) {
            *newest = number.max(*newest);
        }
    }

    /// Notes that something is due in a queue at a time.
    pub(super) fn expect(&mut self, queue: i64, at: i64) {
        if let Some(until) = self.quiet_until.get_mut(&queue) {
            *until = at.min(*until);
        }
    }

    /// Notes that nothing is due in a queue before a time.
    pub(super) fn keep_quiet(&mut self, queue: i64, until: Option<i64>) {
        self.quiet_until.insert(queue, until.unwrap_or(i64::MAX));
    }

    pub(super) fn is_quiet(&self, queue: i64, now: i64) -> bool {
        self.quiet_until.get(&queue).is_some_and(|until| now < *until)
    }
}

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
