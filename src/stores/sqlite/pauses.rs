//! Pauses of sending: a row each, by topic and scope.

use async_trait::async_trait;
use rusqlite::params;

use super::Sqlite;
use super::transaction::{StorageResult, Transaction, to_u64};
use crate::contracts::storage::{Pause, PauseScope, Pauses, StorageError};
use crate::model::topic::TopicName;

#[async_trait]
impl Pauses for Sqlite {
    async fn pause(&self, topic: &TopicName, pause: &Pause) -> Result<(), StorageError> {
        let (topic, pause) = (topic.clone(), pause.clone());
        self.write(move |tx| insert(tx, &topic, &pause)).await
    }

    async fn pauses(&self, topic: &TopicName) -> Result<Vec<Pause>, StorageError> {
        let topic = topic.clone();
        self.read(move |tx| select(tx, &topic)).await
    }

    async fn resume(&self, topic: &TopicName, scope: &PauseScope) -> Result<(), StorageError> {
        let (topic, scope) = (topic.clone(), scope.encode());
        let delete = "DELETE FROM pauses WHERE topic = ?1 AND scope = ?2";
        self.write(move |tx| tx.execute(delete, params![topic.as_str(), scope]).map(drop)).await
    }
}

/// Inserts a pause and removes those that are over, so that there are never more than were set within
/// the duration of one.
fn insert(tx: &Transaction<'_>, topic: &TopicName, pause: &Pause) -> StorageResult<()> {
    tx.execute("DELETE FROM pauses WHERE until <= ?1", [tx.now])?;
    let until = tx.in_future(pause.remaining);
    tx.execute(
        "INSERT INTO pauses (topic, scope, until, code, reason) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET
             until = excluded.until, code = excluded.code, reason = excluded.reason",
        params![topic.as_str(), pause.scope.encode(), until, pause.code, pause.reason],
    )?;
    Ok(())
}

fn select(tx: &Transaction<'_>, topic: &TopicName) -> StorageResult<Vec<Pause>> {
    let rows = tx.query_all(
        "SELECT scope, until - ?2, code, reason FROM pauses WHERE topic = ?1 AND until > ?2",
        params![topic.as_str(), tx.now],
        |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let mut pauses = Vec::with_capacity(rows.len());
    for (scope, remaining, code, reason) in rows {
        let remaining = std::time::Duration::from_millis(to_u64(remaining));
        pauses.push(Pause { scope: PauseScope::decode(&scope)?, remaining, code, reason });
    }
    pauses.sort_by(|one: &Pause, other| one.scope.cmp(&other.scope));
    Ok(pauses)
}
