//! Memory of the thread that writes: what it keeps of the file between transactions, so that no move reads
//! it again.
//!
//! The process is alone with its file, so nobody else changes what is kept here, but for an operator who
//! edits the file; SQLite tells of that. A transaction that is rolled back takes with it what was learnt in
//! it.

use std::collections::{HashMap, HashSet};

use super::tallies::Tally;
use crate::contracts::storage::Partition;

/// Numbers that moves count with.
#[derive(Default)]
pub(super) struct Memo {
    /// Rows of partitions. They are never removed.
    partitions: HashMap<Partition, i64>,
    pub(super) counters: HashMap<i64, Counters>,
    /// Number of the newest entry of each partition's record.
    pub(super) newest_entries: HashMap<i64, i64>,
    /// Time of each queue before which no lease, retry or wake is due.
    quiet_until: HashMap<i64, i64>,
    /// Lines that are in the rotation of each queue.
    lines: HashMap<i64, HashSet<String>>,
    /// Content of the file, and the changes of the transaction.
    tallies: HashMap<i64, Tally>,
    changes: HashMap<i64, Tally>,
}

/// The row of a queue. It is written once in a transaction, however many moves change it.
#[derive(Clone, Copy)]
pub(super) struct Counters {
    pub(super) given: i64,
    pub(super) done: i64,
    pub(super) is_changed: bool,
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

    /// Forgets when something is due.
    pub(super) fn forget_quiet(&mut self) {
        self.quiet_until.clear();
    }

    pub(super) fn is_quiet(&self, queue: i64, now: i64) -> bool {
        self.quiet_until.get(&queue).is_some_and(|until| now < *until)
    }
}
