//! Waiting messages: the first of each mailbox, the oldest in front.

use serde::Serialize;

use super::letter::Letter;
use super::people::shown;
use super::{OperationError, Operations};
use crate::contracts::storage::{Head, HeadState, Queue, QueueKind};
use crate::model::address::Address;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// Messages that a list has at most.
pub const LISTED: usize = 100;

/// Message that waits at the head of its mailbox.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub topic: TopicName,
    pub kind: QueueKind,
    pub head: Head,
    pub letter: Letter,
    pub seconds_old: Option<f64>,
}

/// Waiting message as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingRow {
    pub topic: TopicName,
    pub queue: &'static str,
    pub message: MessageId,
    pub person: Option<String>,
    pub state: &'static str,
    pub seconds_old: Option<f64>,
    pub attempts: u32,
    pub failures: u32,
    pub next_try_seconds: Option<f64>,
    /// Messages of the mailbox that wait behind it.
    pub behind: u64,
}

impl Waiting {
    pub fn person(&self) -> Option<&Address> {
        self.letter.person.as_ref()
    }

    pub fn row(&self, show: bool) -> WaitingRow {
        let (state, next) = match self.head.state {
            HeadState::Ready => ("ready", None),
            HeadState::Leased(left) => ("leased", Some(left)),
            HeadState::Delayed(left) => ("delayed", Some(left)),
            HeadState::Suspect => ("suspect", None),
        };
        WaitingRow {
            topic: self.topic.clone(),
            queue: self.kind.as_str(),
            message: self.head.id.clone(),
            person: self.person().map(|person| shown(&person.identity, show)),
            state,
            seconds_old: self.seconds_old,
            attempts: self.head.attempts,
            failures: self.head.failures,
            next_try_seconds: next.map(|time| time.as_secs_f64()),
            behind: self.head.depth.saturating_sub(1),
        }
    }
}

impl Operations {
    /// Returns the first messages of mailboxes, the oldest first, from `limit` mailboxes of each state of
    /// each queue.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn waiting(
        &self,
        topic: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Waiting>, OperationError> {
        let now = self.clock.now();
        let mut found = Vec::new();
        for service in self.chosen(topic)? {
            for partition in service.partitions() {
                for kind in QueueKind::ALL {
                    let queue = Queue { partition: partition.clone(), kind };
                    for head in self.storage.heads(&queue, limit).await? {
                        let letter = Letter::read(kind, &head.id, &head.payload);
                        let age = letter.entered_at.map(|at| (now - at).to_std());
                        let seconds_old = age.map(|age| age.unwrap_or_default().as_secs_f64());
                        let topic = service.config.name.clone();
                        found.push(Waiting { topic, kind, head, letter, seconds_old });
                    }
                }
            }
        }
        // Those of unknown age come last.
        let age = |it: &Waiting| it.seconds_old.unwrap_or(-1.0);
        found.sort_by(|one, other| age(other).total_cmp(&age(one)));
        Ok(found)
    }

    /// Returns the samples of a topic, the oldest first, as they were published.
    ///
    /// # Errors
    /// There is no such topic, or the store is unavailable.
    pub async fn history(&self, topic: &str) -> Result<Vec<serde_json::Value>, OperationError> {
        let service = self.service(topic)?;
        let feed = crate::engine::processes::samples::feed(&service.config.name);
        let lines = self.lines(&feed).await?;
        Ok(lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}
