//! The queues of a script's topics, whose consumers are stepped by hand.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use crate::contracts::storage::{DeadLetter, Queue, QueueKind, Storage};
use crate::engine::consumer::{Consumer, Step};
use crate::model::event::EventKind;
use crate::model::message::MessageId;
use crate::model::topic::TopicName;

/// All queues of a script, with their consumers.
pub(super) struct Queues {
    storage: Arc<dyn Storage>,
    queues: Vec<ConsumedQueue>,
}

/// A queue and its consumer.
struct ConsumedQueue {
    queue: Queue,
    consumer: Arc<Consumer>,
    /// Number of dead letters already reported.
    dead: u64,
}

impl Queues {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, queues: Vec::new() }
    }

    pub(super) async fn add(&mut self, queue: Queue, consumer: Arc<Consumer>) -> Result<()> {
        let dead = self.storage.depth(&queue).await?.dead;
        self.queues.push(ConsumedQueue { queue, consumer, dead });
        Ok(())
    }

    /// Steps each consumer once. Returns whether there was work, and the time until the next work is
    /// due, if any.
    pub(super) async fn step(&self) -> Result<(bool, Option<Duration>)> {
        let (mut worked, mut next) = (false, None);
        for queue in &self.queues {
            match queue.consumer.step().await? {
                Step::Worked => worked = true,
                Step::Idle { next_due } => next = next.into_iter().chain(next_due).min(),
            }
        }
        Ok((worked, next))
    }

    /// Returns the dead letters since the last call, oldest first.
    pub(super) async fn dead_letters(&mut self) -> Result<Vec<(QueueKind, DeadLetter)>> {
        let mut found = Vec::new();
        for ConsumedQueue { queue, dead: known, .. } in &mut self.queues {
            let dead = self.storage.depth(queue).await?.dead;
            let new = usize::try_from(dead.saturating_sub(*known))?;
            *known = dead;
            if new > 0 {
                let letters = self.storage.dead_letters_before(queue, None, new).await?;
                found.extend(letters.into_iter().rev().map(|(_, letter)| (queue.kind, letter)));
            }
        }
        Ok(found)
    }

    /// Returns the recorded errors of a message, given the id under which it is recorded.
    pub(super) async fn errors(&self, topic: &TopicName, key: &MessageId) -> Result<Vec<String>> {
        let mut errors = Vec::new();
        let queues = self.queues.iter().map(|one| &one.queue);
        for queue in queues.filter(|q| q.partition.topic == *topic && q.kind == QueueKind::Inbound)
        {
            for event in self.storage.events(&queue.partition, Some(key)).await? {
                // The reason of a `Received` event is recorded again with its refusal.
                let is_error = event.kind != EventKind::Received;
                let reason = event.detail.reason.filter(|_| is_error);
                errors.extend(reason.map(|reason| format!("{}: {reason}", event.kind)));
            }
        }
        Ok(errors)
    }
}
