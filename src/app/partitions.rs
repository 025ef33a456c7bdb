//! Partition counts. The partition of a person depends on their number, so a change of it must not
//! strand messages where they are neither found in order nor handled at all.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info};

use super::process::Stop;
use crate::contracts::storage::{Partition, Queue, QueueKind, Storage, StorageError};
use crate::engine::topic::TopicRuntime;
use crate::model::topic::TopicName;

/// Pause between two attempts to reach an unavailable store.
const RETRY: Duration = Duration::from_secs(1);
/// Interval at which a running process compares its counts with those that the store remembers.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// A topic's configured partition count.
#[derive(Clone)]
pub(super) struct Count {
    topic: TopicName,
    configured: u16,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum PartitionError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(
        "topics.{topic}.partitions cannot change from {remembered} to {configured} while messages \
         or wakes wait (now: {waiting}); set it to {remembered}, stop the web processes, run `worker \
         --drain`, and change it then"
    )]
    Stranding { topic: TopicName, remembered: u16, configured: u16, waiting: u64 },
    #[error(
        "another process has changed topics.{topic}.partitions from {configured} to {remembered}; \
         set it to {remembered} and start this process again"
    )]
    Changed { topic: TopicName, remembered: u16, configured: u16 },
}

/// Returns the configured partition counts of these topics.
pub(super) fn counts(topics: &[TopicRuntime]) -> Vec<Count> {
    let count = |topic: &TopicRuntime| Count {
        topic: topic.config.name.clone(),
        configured: topic.config.limits.partitions,
    };
    topics.iter().map(count).collect()
}

/// Makes the store remember the configured counts, unless a change would strand messages.
pub(super) async fn adopt(counts: &[Count], store: &dyn Storage) -> Result<(), PartitionError> {
    for count in counts {
        let remembered = store.remember_partitions(&count.topic, count.configured).await?;
        if remembered == count.configured {
            continue;
        }
        require_empty(count, remembered, store).await?;
        store.change_partitions(&count.topic, count.configured).await?;
        info!(
            topic.name = %count.topic,
            from = remembered,
            to = count.configured,
            "partition count changed"
        );
    }
    Ok(())
}

/// Adopts the counts when that is still to be done, and watches them from then on.
pub(super) async fn keep(
    counts: Vec<Count>,
    store: Arc<dyn Storage>,
    stop: Stop,
    is_adopted: bool,
) {
    if is_adopted || adopt_when_available(&counts, store.as_ref(), &stop).await.is_ok() {
        watch(&counts, store.as_ref(), &stop).await;
    }
}

/// Stops the process when another one changes a count that this one runs with: it would store
/// messages in partitions that no worker reads.
async fn watch(counts: &[Count], store: &dyn Storage, stop: &Stop) {
    let interval = || stop.0.run_until_cancelled(tokio::time::sleep(WATCH_INTERVAL));
    while interval().await.is_some() {
        if let Err(error @ PartitionError::Changed { .. }) = compare(counts, store).await {
            error!(%error, "stopping: the topics do not fit the store");
            stop.0.cancel();
        }
    }
}

/// Fails when the store remembers another count of a topic than a program that writes to it has.
pub(super) async fn require_known(counts: &[Count], store: &dyn Storage) -> anyhow::Result<()> {
    match compare(counts, store).await {
        Err(PartitionError::Changed { topic, remembered, .. }) => anyhow::bail!(
            "topics.{topic}.partitions is not that of the deployment; set it to {remembered}"
        ),
        other => Ok(other?),
    }
}

/// Fails when the store remembers another count of a topic.
async fn compare(counts: &[Count], store: &dyn Storage) -> Result<(), PartitionError> {
    for Count { topic, configured } in counts {
        let remembered = store.known_partitions(topic).await?.unwrap_or(*configured);
        if remembered != *configured {
            let (topic, configured) = (topic.clone(), *configured);
            return Err(PartitionError::Changed { topic, remembered, configured });
        }
    }
    Ok(())
}

/// Adopts the counts once an unavailable store answers, and stops the process when it must not run.
async fn adopt_when_available(
    counts: &[Count],
    store: &dyn Storage,
    stop: &Stop,
) -> Result<(), PartitionError> {
    loop {
        match adopt(counts, store).await {
            Err(PartitionError::Storage(StorageError::Unavailable(_))) => {
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => {
                error!(%error, "stopping: the topics do not fit the store");
                stop.0.cancel();
                return Err(error);
            }
            Ok(()) => {
                info!("store is available");
                return Ok(());
            }
        }
    }
}

/// Prints every change that the next start makes or refuses, and returns the number of refusals.
pub(super) async fn review(
    counts: &[Count],
    store: &dyn Storage,
    out: &mut impl Write,
) -> anyhow::Result<usize> {
    let mut refused = 0;
    for count in counts {
        let remembered = store.known_partitions(&count.topic).await?;
        let Some(remembered) = remembered.filter(|known| *known != count.configured) else {
            continue;
        };
        match require_empty(count, remembered, store).await {
            Ok(()) => writeln!(
                out,
                "topics.{}.partitions: the next start changes it from {remembered} to {}",
                count.topic, count.configured
            )?,
            Err(error @ PartitionError::Stranding { .. }) => {
                refused += 1;
                writeln!(out, "fatal: {error}")?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

/// Refuses a change while messages or wakes wait in any partition that workers read today. Messages
/// beyond those are stranded, and a larger count is what makes workers read them again.
async fn require_empty(
    count: &Count,
    remembered: u16,
    store: &dyn Storage,
) -> Result<(), PartitionError> {
    let mut waiting = 0;
    for number in 0..remembered {
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            let partition = Partition { topic: count.topic.clone(), number };
            let depth = store.depth(&Queue { partition, kind }).await?;
            waiting += depth.pending + depth.scheduled;
        }
    }
    if waiting == 0 {
        return Ok(());
    }
    let (topic, configured) = (count.topic.clone(), count.configured);
    Err(PartitionError::Stranding { topic, remembered, configured, waiting })
}
