//! Levels of a topic's queues, as the store has them: what waits, for how long, and what died.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::contracts::storage::{
    Depth, Head, HeadState, Partition, Queue, QueueKind, Storage, StorageError,
};
use crate::engine::topic::TopicRuntime;
use crate::model::message::submission::Submission;
use crate::model::message::{Mail, MessageId};

/// Mailboxes of each state whose first message is looked at for the oldest one.
const LOOKED_AT: usize = 5;

/// Queues that are read at the same time.
const AT_ONCE: usize = 16;

/// Levels of the two queues of a topic, over all its partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    pub inbound: QueueLevel,
    pub outbox: QueueLevel,
}

/// Level of one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueLevel {
    pub depth: Depth,
    /// Age of the oldest waiting message that is known.
    pub oldest: Option<Duration>,
}

impl QueueLevel {
    /// Returns the age of the oldest message in seconds; 0 when none waits.
    pub fn oldest_seconds(&self) -> f64 {
        self.oldest.unwrap_or_default().as_secs_f64()
    }

    fn add(&mut self, depth: Depth, oldest: Option<Duration>) {
        let sum = &mut self.depth;
        sum.pending += depth.pending;
        sum.ready += depth.ready;
        sum.leased += depth.leased;
        sum.delayed += depth.delayed;
        sum.suspect += depth.suspect;
        sum.scheduled += depth.scheduled;
        sum.dead += depth.dead;
        self.oldest = self.oldest.max(oldest);
    }
}

impl Levels {
    /// Reads the levels of a topic. The cost is bounded by the number of partitions and lines.
    ///
    /// # Errors
    /// The store is unavailable.
    pub async fn of_queues(
        storage: &dyn Storage,
        topic: &TopicRuntime,
        now: DateTime<Utc>,
    ) -> Result<Self, StorageError> {
        let queue = |partition: Partition| {
            QueueKind::ALL.map(|kind| Queue { partition: partition.clone(), kind })
        };
        let queues = stream::iter(topic.partitions().flat_map(queue));
        let read = queues.map(|queue| async move { level(storage, &queue, now).await });
        let add = async |mut levels: Self, (kind, depth, oldest)| {
            levels.of_mut(kind).add(depth, oldest);
            Ok(levels)
        };
        read.buffer_unordered(AT_ONCE).try_fold(Self::default(), add).await
    }

    /// Returns the level of a queue.
    pub fn of(&self, kind: QueueKind) -> &QueueLevel {
        match kind {
            QueueKind::Inbound => &self.inbound,
            QueueKind::Outbox => &self.outbox,
        }
    }

    fn of_mut(&mut self, kind: QueueKind) -> &mut QueueLevel {
        match kind {
            QueueKind::Inbound => &mut self.inbound,
            QueueKind::Outbox => &mut self.outbox,
        }
    }

    /// Returns the number of messages of both queues.
    pub fn backlog(&self) -> u64 {
        self.inbound.depth.pending + self.outbox.depth.pending
    }
}

/// Reads the depth of a queue, and the age of its oldest message that is known.
async fn level(
    storage: &dyn Storage,
    queue: &Queue,
    now: DateTime<Utc>,
) -> Result<(QueueKind, Depth, Option<Duration>), StorageError> {
    let depth = storage.depth(queue).await?;
    let oldest = match depth.pending {
        0 => None,
        _ => oldest(&storage.heads(queue, LOOKED_AT).await?, now),
    };
    Ok((queue.kind, depth, oldest))
}

/// Returns the age of the oldest of these messages that nothing works on.
fn oldest(heads: &[Head], now: DateTime<Utc>) -> Option<Duration> {
    let waiting = heads.iter().filter(|head| !matches!(head.state, HeadState::Leased(_)));
    let entered = waiting.filter_map(|head| entered_at(&head.id, &head.payload));
    entered.min().map(|at| (now - at).to_std().unwrap_or_default())
}

/// Returns the time at which a message came into its queue, as far as it is known: that of the
/// provider's or program's call, or that in an id of ours.
pub fn entered_at(id: &MessageId, payload: &str) -> Option<DateTime<Utc>> {
    id.created_at().or_else(|| match serde_json::from_str(payload) {
        Ok(Mail::Message(message)) => Some(message.received_at),
        Ok(Mail::Submission(submission)) => submission.ready_at(),
        Ok(Mail::Chunk(chunk)) => chunk.messages.first().and_then(Submission::ready_at),
        _ => None,
    })
}
