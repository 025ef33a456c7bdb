//! Work that is left in the queues when a test is over.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosswire::contracts::storage::{Depth, Partition, Queue, QueueKind, Storage};
use crosswire::model::clock::{Clock, SystemClock};
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::stores::sqlite::Sqlite;
use toml::Table;

use super::PATIENCE;

/// Returns every queue of these topics.
fn queues(topics: &str) -> Vec<Queue> {
    let table: Table = topics.parse().unwrap();
    let mut queues = Vec::new();
    for (name, topic) in table["topics"].as_table().unwrap() {
        let partitions = topic.get("partitions").and_then(toml::Value::as_integer).unwrap_or(1);
        for number in 0..u16::try_from(partitions).unwrap() {
            let partition = Partition { topic: name.parse().unwrap(), number };
            for kind in [QueueKind::Inbound, QueueKind::Outbox] {
                queues.push(Queue { partition: partition.clone(), kind });
            }
        }
    }
    queues
}

/// The store of a deployment.
pub(super) enum Place {
    Redis(String),
    /// A file in this directory, which a process may be using.
    File(PathBuf),
}

impl Place {
    async fn store(self) -> Box<dyn Storage> {
        match self {
            Self::Redis(url) => {
                let settings = RedisConfig { url: url.into(), verify_tls: true, wait_replicas: 0 };
                Box::new(Redis::connect(settings).await.unwrap())
            }
            Self::File(dir) => {
                let clock: Arc<dyn Clock> = Arc::new(SystemClock);
                Box::new(Sqlite::open_read_only(&dir, &clock).unwrap())
            }
        }
    }
}

/// Waits for the processes to finish the work in hand, and returns the work that is left.
pub(super) async fn leftovers(place: Place, topics: &str) -> Vec<String> {
    let store = place.store().await;
    let mut left = Vec::new();
    for queue in queues(topics) {
        let depth = settled(store.as_ref(), &queue).await;
        if depth.pending + depth.leased + depth.delayed + depth.suspect + depth.dead > 0 {
            left.push(format!("{} {:?}: {depth:?}", queue.partition, queue.kind));
        }
        for (_, letter) in store.dead_letters_before(&queue, None, 10).await.unwrap() {
            left.push(format!("dead letter {}: {}", letter.id, letter.reason));
        }
    }
    left
}

/// Returns the depth of a queue once it is empty, or when [`PATIENCE`] is over.
async fn settled(store: &dyn Storage, queue: &Queue) -> Depth {
    let start = Instant::now();
    loop {
        let depth = store.depth(queue).await;
        let empty = depth.as_ref().is_ok_and(|depth| depth.pending == 0 && depth.leased == 0);
        if empty || start.elapsed() > PATIENCE {
            return depth.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
