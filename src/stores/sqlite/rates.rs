//! Rates and budgets of sending. Budgets are counters in the file; buckets and repetitions are in memory,
//! for they are the business of one process, and a restart empties them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;

use super::Sqlite;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64, to_u64};
use crate::contracts::storage::rates::SPENDING_TTL;
use crate::contracts::storage::{
    Admission, Admitted, Bucket, Budget, Partition, Rates, Repeat, Spending, StorageError,
};
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Number of entries above which those that are over are removed.
const SWEEP: usize = 10_000;

/// Buckets and repetitions of a process.
pub(super) struct Pacing {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Uptimes at which buckets are full.
    full_at: HashMap<(TopicName, String), Duration>,
    repeats: HashMap<(TopicName, String), Repeated>,
}

struct Repeated {
    value: String,
    id: String,
    count: u32,
    until: Duration,
}

impl Pacing {
    pub(super) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self { clock: Arc::clone(clock), state: Mutex::default() }
    }

    /// Admits a message as far as its bucket and its repetition go.
    fn admit(&self, topic: &TopicName, admission: &Admission, is_counted: bool) -> Admitted {
        let now = self.clock.uptime();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sweep(now);
        let count = admission.repeat.as_ref().map_or(0, |it| state.count(topic, it, now));
        if admission.repeat.as_ref().is_some_and(|repeat| count > repeat.limit) {
            return Admitted::Repeated;
        }
        let mut next = Duration::ZERO;
        if let Some(bucket) = &admission.bucket {
            let key = (topic.clone(), bucket.key.clone());
            match filled(state.full_at.get(&key).copied(), bucket, admission.cost, now) {
                Err(wait) => return Admitted::Later(wait),
                Ok(_) if !is_counted => {}
                Ok(full_at) => {
                    next = (full_at + bucket.interval.min(bucket.capacity))
                        .saturating_sub(now + bucket.capacity);
                    state.full_at.insert(key, full_at);
                }
            }
        }
        if let Some(repeat) = admission.repeat.as_ref().filter(|_| is_counted) {
            state.repeat(topic, repeat, count, now);
        }
        Admitted::Yes { next }
    }
}

impl State {
    /// Returns the number of equal texts in a row, this one included.
    fn count(&self, topic: &TopicName, repeat: &Repeat, now: Duration) -> u32 {
        let last = self.repeats.get(&(topic.clone(), repeat.key.clone()));
        match last.filter(|last| last.until > now && last.value == repeat.value) {
            None => 1,
            Some(last) => last.count + u32::from(last.id != repeat.id),
        }
    }

    fn repeat(&mut self, topic: &TopicName, repeat: &Repeat, count: u32, now: Duration) {
        let key = (topic.clone(), repeat.key.clone());
        let running = self.repeats.get(&key).map(|last| last.until).filter(|_| count > 1);
        let until = running.unwrap_or(now + repeat.window);
        let (value, id) = (repeat.value.clone(), repeat.id.clone());
        self.repeats.insert(key, Repeated { value, id, count, until });
    }

    fn sweep(&mut self, now: Duration) {
        if self.full_at.len() + self.repeats.len() > SWEEP {
            self.full_at.retain(|_, full_at| *full_at + Duration::from_mins(1) > now);
            self.repeats.retain(|_, last| last.until > now);
        }
    }
}

/// Returns the time at which the bucket will be full again, or the time until it has enough.
fn filled(
    full_at: Option<Duration>,
    bucket: &Bucket,
    cost: u32,
    now: Duration,
) -> Result<Duration, Duration> {
    let price = bucket.interval.saturating_mul(cost);
    if let Some(full_at) = full_at {
        let needed = full_at + price.min(bucket.capacity) + bucket.reserve;
        let wait = needed.saturating_sub(now + bucket.capacity);
        if !wait.is_zero() {
            return Err(wait);
        }
    }
    Ok(full_at.map_or(now, |full_at| full_at.max(now)) + price)
}

#[async_trait]
impl Rates for Sqlite {
    async fn admit(
        &self,
        topic: &TopicName,
        admission: &Admission,
    ) -> Result<Admitted, StorageError> {
        if admission.budgets.is_empty() {
            return Ok(self.pacing.admit(topic, admission, true));
        }
        // Nothing is spent for a message that has to wait, and a budget that is spent paces nothing.
        let admitted = self.pacing.admit(topic, admission, false);
        if !matches!(admitted, Admitted::Yes { .. }) {
            return Ok(admitted);
        }
        let (owner, budgets, cost) = (topic.clone(), admission.budgets.clone(), admission.cost);
        let refused = self.write(move |tx| spend(tx, &owner, &budgets, cost)).await?;
        Ok(refused.unwrap_or_else(|| self.pacing.admit(topic, admission, true)))
    }

    async fn refund(
        &self,
        topic: &TopicName,
        budgets: &[Budget],
        cost: u32,
    ) -> Result<(), StorageError> {
        let (topic, budgets) = (topic.clone(), budgets.to_vec());
        self.write(move |tx| {
            let partition = first(&topic);
            let row = tx.ensure_partition(&partition)?;
            let count = |budget: &Budget| count(tx, &row, "spent", &budget.scope, -i64::from(cost));
            budgets.iter().try_for_each(count)
        })
        .await
    }

    async fn spending(&self, topic: &TopicName, scope: &str) -> Result<Spending, StorageError> {
        let (topic, scope) = (topic.clone(), scope.to_owned());
        self.read(move |tx| {
            let partition = first(&topic);
            read(tx, &tx.find_partition(&partition)?, &scope)
        })
        .await
    }

    async fn raise(
        &self,
        topic: &TopicName,
        scope: &str,
        segments: u64,
    ) -> Result<(), StorageError> {
        let (topic, scope) = (topic.clone(), scope.to_owned());
        self.write(move |tx| {
            let partition = first(&topic);
            let row = tx.ensure_partition(&partition)?;
            count(tx, &row, "added", &scope, to_i64(segments))
        })
        .await
    }
}

/// Spends the cost of every budget, or returns the first one that does not have it.
fn spend(
    tx: &Transaction<'_>,
    topic: &TopicName,
    budgets: &[Budget],
    cost: u32,
) -> StorageResult<Option<Admitted>> {
    let partition = first(topic);
    let row = tx.ensure_partition(&partition)?;
    for (budget, Budget { scope, segments }) in budgets.iter().enumerate() {
        let Spending { spent, added } = read(tx, &row, scope)?;
        if spent + u64::from(cost) > segments.saturating_add(added) {
            let ends_in = Duration::from_millis(to_u64(DAY - tx.now.rem_euclid(DAY)));
            return Ok(Some(Admitted::Spent { budget, ends_in }));
        }
    }
    budgets.iter().try_for_each(|budget| count(tx, &row, "spent", &budget.scope, cost.into()))?;
    Ok(None)
}

fn read(tx: &Transaction<'_>, row: &PartitionRow<'_>, scope: &str) -> StorageResult<Spending> {
    let total = |count: &str| -> StorageResult<u64> {
        let total = tx.query_number(
            "SELECT total FROM counters WHERE partition = ?1 AND counter = ?2 AND until > ?3",
            params![row.number, counter(tx, count, scope), tx.now],
        )?;
        Ok(to_u64(total.unwrap_or_default()))
    };
    Ok(Spending { spent: total("spent")?, added: total("added")? })
}

fn count(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    kind: &str,
    scope: &str,
    by: i64,
) -> StorageResult<()> {
    tx.execute(
        "INSERT INTO counters (partition, counter, total, until) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET total = total + excluded.total, until = excluded.until",
        params![row.number, counter(tx, kind, scope), by, tx.in_future(SPENDING_TTL)],
    )?;
    Ok(())
}

/// Name of the counter of the present day.
fn counter(tx: &Transaction<'_>, kind: &str, scope: &str) -> String {
    format!("segments:{}:{kind}:{scope}", tx.now.div_euclid(DAY))
}

/// The partition among whose counters the budgets of a topic are.
fn first(topic: &TopicName) -> Partition {
    Partition { topic: topic.clone(), number: 0 }
}
