//! Pauses of sending: a row each, by topic and scope.

use async_trait::async_trait;
use rusqlite::params;

use super::Sqlite;
use super::step::{Answer, Step, count, whole};
use crate::contracts::storage::{Pause, PauseScope, Pauses, StorageError};
use crate::model::clock::millis;
use crate::model::topic::TopicName;

#[async_trait]
impl Pauses for Sqlite {
    async fn pause(&self, topic: &TopicName, pause: &Pause) -> Result<(), StorageError> {
        let (topic, pause) = (topic.clone(), pause.clone());
        self.write(move |step| insert(step, &topic, &pause)).await
    }

    async fn pauses(&self, topic: &TopicName) -> Result<Vec<Pause>, StorageError> {
        let topic = topic.clone();
        self.read(move |step| select(step, &topic)).await
    }

    async fn resume(&self, topic: &TopicName, scope: &PauseScope) -> Result<(), StorageError> {
        let (topic, scope) = (topic.clone(), scope.encode());
        let delete = "DELETE FROM pauses WHERE topic = ?1 AND scope = ?2";
        self.write(move |step| step.run(delete, params![topic.as_str(), scope]).map(drop)).await
    }
}

/// Keeps a pause, and drops those that are over: there are never more than were set in one pause's
/// time.
fn insert(step: &Step<'_>, topic: &TopicName, pause: &Pause) -> Answer<()> {
    step.run("DELETE FROM pauses WHERE until <= ?1", [step.now])?;
    let until = step.now.saturating_add(whole(millis(pause.remaining)));
    step.run(
        "INSERT INTO pauses (topic, scope, until, code, reason) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET
             until = excluded.until, code = excluded.code, reason = excluded.reason",
        params![topic.as_str(), pause.scope.encode(), until, pause.code, pause.reason],
    )?;
    Ok(())
}

fn select(step: &Step<'_>, topic: &TopicName) -> Answer<Vec<Pause>> {
    let rows = step.all(
        "SELECT scope, until - ?2, code, reason FROM pauses WHERE topic = ?1 AND until > ?2",
        params![topic.as_str(), step.now],
        |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let mut pauses = Vec::with_capacity(rows.len());
    for (scope, remaining, code, reason) in rows {
        let remaining = std::time::Duration::from_millis(count(remaining));
        pauses.push(Pause { scope: PauseScope::decode(&scope)?, remaining, code, reason });
    }
    pauses.sort_by(|one: &Pause, other| one.scope.cmp(&other.scope));
    Ok(pauses)
}
