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
