//! Audit log: what operators have done, one line each, in a feed of the store.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{OperationError, Operations};
use crate::contracts::storage::FeedLimits;
use crate::contracts::storage::encoding::FOLLOW_LIMIT;

/// Feed of the log.
const AUDIT: &str = "audit";
/// Number of newest lines that are kept.
const LIMITS: FeedLimits = FeedLimits::lines(10_000);
/// Feed of logins. It is apart, so that many logins push no change out of the log.
const LOGINS: &str = "audit:logins";
/// Number of newest logins that are kept.
const LOGIN_LIMITS: FeedLimits = FeedLimits::lines(1_000);

/// Operator, as the log names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Address of a client, or `command line` with the name of the system's user.
    pub name: String,
    /// `read` or `write`.
    pub role: &'static str,
}

/// Line of the log. Numbers in it are masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: DateTime<Utc>,
    pub actor: String,
    pub role: String,
    pub action: String,
    pub target: String,
    pub outcome: String,
}

impl Operations {
    /// Does something, and logs it with its outcome. What was done is not undone when the log cannot be
    /// written; the process's own log says so.
    ///
    /// # Errors
    /// The same as those of the work.
    pub async fn audited<T>(
        &self,
        actor: &Actor,
        action: &str,
        target: String,
        work: impl Future<Output = Result<T, OperationError>>,
        outcome: impl FnOnce(&T) -> String,
    ) -> Result<T, OperationError> {
        let result = work.await;
        let outcome = match &result {
            Ok(done) => outcome(done),
            Err(error) => format!("failed: {error}"),
        };
        if let Err(error) = self.note(actor, action, target, outcome).await {
            tracing::error!(action, %error, "operator's action is not in the audit log");
        }
        result
    }

    /// Writes a line of the log.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn note(
        &self,
        actor: &Actor,
        action: &str,
        target: String,
        outcome: String,
    ) -> Result<(), OperationError> {
        self.publish((AUDIT, LIMITS), actor, action, (target, outcome)).await
    }

    /// Writes a line of an operator's login.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn note_login(&self, actor: &Actor) -> Result<(), OperationError> {
        let done = (String::new(), "done".to_owned());
        self.publish((LOGINS, LOGIN_LIMITS), actor, "login", done).await
    }

    async fn publish(
        &self,
        (feed, limits): (&str, FeedLimits),
        actor: &Actor,
        action: &str,
        (target, outcome): (String, String),
    ) -> Result<(), OperationError> {
        let entry = AuditEntry {
            at: self.clock.now(),
            actor: actor.name.clone(),
            role: actor.role.to_owned(),
            action: action.to_owned(),
            target,
            outcome,
        };
        let line = serde_json::to_string(&entry).expect("an entry is strings throughout");
        self.storage.publish(feed, &line, limits).await?;
        Ok(())
    }

    /// Returns up to `limit` lines of the log, the newest first.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn audit_log(&self, limit: usize) -> Result<Vec<AuditEntry>, OperationError> {
        let mut lines = self.lines(LOGINS).await?;
        lines.extend(self.lines(AUDIT).await?);
        let read = lines.iter().rev().filter_map(|line| serde_json::from_str(line).ok());
        let mut entries: Vec<AuditEntry> = read.collect();
        // The sort is stable: lines of one moment stay in their order.
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        entries.truncate(limit);
        Ok(entries)
    }

    /// Returns all lines of a feed, the oldest first.
    pub(super) async fn lines(&self, feed: &str) -> Result<Vec<String>, OperationError> {
        let (mut lines, mut after) = (Vec::new(), None);
        loop {
            let page = self.storage.follow(feed, after.as_ref(), Duration::ZERO).await?;
            let count = page.len();
            after = page.last().map(|entry| entry.place.clone()).or(after);
            lines.extend(page.into_iter().map(|entry| entry.text));
            if u32::try_from(count).is_ok_and(|count| count < FOLLOW_LIMIT) {
                return Ok(lines);
            }
        }
    }
}
