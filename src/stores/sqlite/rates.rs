//! Rates and budgets of sending. Budgets are counters in the file; the rest is in memory (`pacing`).

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::params;

use super::Sqlite;
use super::transaction::{PartitionRow, StorageResult, Transaction, to_i64, to_u64};
use crate::contracts::storage::rates::SPENDING_TTL;
use crate::contracts::storage::{
    Admission, Admitted, Budget, Partition, Rates, Spending, StorageError,
};
use crate::model::topic::TopicName;

const DAY: i64 = 24 * 60 * 60 * 1000;

#[async_trait]
impl Rates for Sqlite {
    async fn admit(
        &self,
        topic: &TopicName,
        admission: &Admission,
    ) -> Result<Admitted, StorageError> {
        // Nothing is spent for a message that has to wait, and a budget that is spent paces nothing.
        let paced = self.pacing.take(topic, admission);
        let Admitted::Yes { next, .. } = paced else { return Ok(paced) };
        let (owner, budgets, cost) = (topic.clone(), admission.budgets.clone(), admission.cost);
        let spent = match &admission.budgets[..] {
            [] => Ok(Spent::Day(0)),
            _ => self.write(move |tx| spend(tx, &owner, &budgets, cost)).await,
        };
        if !matches!(spent, Ok(Spent::Day(_))) {
            self.pacing.give_back(topic, admission);
        }
        match spent? {
            Spent::Refused(refused) => Ok(refused),
            Spent::Day(day) => {
                if let Some(repeat) = &admission.repeat {
                    self.pacing.count(topic, repeat);
                }
                Ok(Admitted::Yes { next, day })
            }
        }
    }

    async fn refund(
        &self,
        topic: &TopicName,
        budgets: &[Budget],
        cost: u32,
        day: u64,
    ) -> Result<(), StorageError> {
        let (topic, budgets) = (topic.clone(), budgets.to_vec());
        self.write(move |tx| {
            let partition = Partition::first(&topic);
            let row = tx.ensure_partition(&partition)?;
            let (day, cost) = (to_i64(day), -i64::from(cost));
            let count =
                |budget: &Budget| count(tx, &row, &counter(day, "spent", &budget.scope), cost);
            budgets.iter().try_for_each(count)
        })
        .await
    }

    async fn spending(&self, topic: &TopicName, scope: &str) -> Result<Spending, StorageError> {
        let (topic, scope) = (topic.clone(), scope.to_owned());
        self.read(move |tx| {
            let partition = Partition::first(&topic);
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
            let partition = Partition::first(&topic);
            let row = tx.ensure_partition(&partition)?;
            count(tx, &row, &counter(today(tx), "added", &scope), to_i64(segments))
        })
        .await
    }
}

/// Result of spending.
enum Spent {
    /// Counted on this day.
    Day(u64),
    Refused(Admitted),
}

/// Spends the cost of every budget, or returns the first one that does not have it.
fn spend(
    tx: &Transaction<'_>,
    topic: &TopicName,
    budgets: &[Budget],
    cost: u32,
) -> StorageResult<Spent> {
    let partition = Partition::first(topic);
    let row = tx.ensure_partition(&partition)?;
    for (budget, Budget { scope, segments }) in budgets.iter().enumerate() {
        let Spending { spent, added } = read(tx, &row, scope)?;
        let limit = segments.saturating_add(added);
        // A message that costs more than a whole day has is the only one of its day.
        if spent + u64::from(cost).min(limit).max(1) > limit {
            let ends_in = Duration::from_millis(to_u64(DAY - tx.now.rem_euclid(DAY)));
            return Ok(Spent::Refused(Admitted::Spent { budget, ends_in }));
        }
    }
    let day = today(tx);
    let count =
        |budget: &Budget| count(tx, &row, &counter(day, "spent", &budget.scope), cost.into());
    budgets.iter().try_for_each(count)?;
    Ok(Spent::Day(to_u64(day)))
}

fn read(tx: &Transaction<'_>, row: &PartitionRow<'_>, scope: &str) -> StorageResult<Spending> {
    let total = |count: &str| -> StorageResult<u64> {
        let total = tx.query_number(
            "SELECT total FROM counters WHERE partition = ?1 AND counter = ?2 AND until > ?3",
            params![row.number, counter(today(tx), count, scope), tx.now],
        )?;
        Ok(to_u64(total.unwrap_or_default()))
    };
    Ok(Spending { spent: total("spent")?, added: total("added")? })
}

fn count(
    tx: &Transaction<'_>,
    row: &PartitionRow<'_>,
    counter: &str,
    by: i64,
) -> StorageResult<()> {
    tx.execute(
        "INSERT INTO counters (partition, counter, total, until) VALUES (?1, ?2, max(0, ?3), ?4)
         ON CONFLICT DO UPDATE SET total = max(0, total + ?3), until = excluded.until",
        params![row.number, counter, by, tx.in_future(SPENDING_TTL)],
    )?;
    Ok(())
}

/// Name of the counter of a day.
fn counter(day: i64, kind: &str, scope: &str) -> String {
    format!("segments:{day}:{kind}:{scope}")
}

fn today(tx: &Transaction<'_>) -> i64 {
    tx.now.div_euclid(DAY)
}
