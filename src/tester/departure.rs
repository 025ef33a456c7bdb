//! Departure of the simulated phones: the person behind each leaves what they take part in, so that
//! none of an earlier visit meets those of the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::entry::BoardEntry;
use super::fault::{Fault, InjectedFault, active_faults};
use super::phones::Phones;
use super::transport::TRANSPORT_NAME;
use crate::contracts::handler::FORGOTTEN;
use crate::contracts::storage::{Change, Entry, FeedCursor, Partition, Storage, StorageError};
use crate::engine::topic::TopicRuntime;
use crate::model::address::{Address, Group, GroupKey, Identity};
use crate::model::message::Wake;
use crate::model::topic::TopicName;

/// Pause between two looks whether the handlers have let all of them go.
const LOOK: Duration = Duration::from_millis(25);
/// Silence of the board after which the last words of the chats count as delivered.
const SILENCE: Duration = Duration::from_millis(300);

/// Ends what the simulated phones take part in.
pub struct Departure {
    storage: Arc<dyn Storage>,
    groups: GroupKey,
    /// Number of partitions of each topic.
    topics: BTreeMap<TopicName, u16>,
}

impl Departure {
    pub fn new(storage: Arc<dyn Storage>, groups: GroupKey, topics: &[TopicRuntime]) -> Self {
        let partitions = |topic: &TopicRuntime| {
            let config = &topic.config;
            (config.name.clone(), config.limits.partitions)
        };
        Self { storage, groups, topics: topics.iter().map(partitions).collect() }
    }

    /// Resets the faults, lets every phone of the board leave its topics, waits until their handlers
    /// have let them go, and clears the board. The caller limits the time.
    pub async fn start_over(&self, phones: &Phones) -> Result<(), StorageError> {
        let board = phones.board();
        let injected = board.faults(None, Duration::ZERO).await?;
        for InjectedFault { number, .. } in active_faults(strip(injected)) {
            board.inject(&InjectedFault { number, fault: Fault::None }).await?;
        }
        let entries = board.read(None, Duration::ZERO).await?;
        let mut newest = entries.last().map(|(place, _)| place.clone());
        let leaving = self.mailboxes(strip(entries));
        for (partition, groups) in &leaving {
            let wakes = groups.iter().map(farewell).map(Entry::wake).collect();
            self.storage.apply(partition, Change { wakes, ..Change::default() }).await?;
        }
        self.handled(&leaving).await?;
        while !leaving.is_empty() {
            let news = board.read(newest.as_ref(), SILENCE).await?;
            let Some((place, _)) = news.last() else { break };
            newest = Some(place.clone());
        }
        board.append(&BoardEntry::Cleared { number: None, at: board.now() }).await
    }

    /// Returns the mailboxes of the phones that have sent anything, by partition.
    fn mailboxes(&self, entries: Vec<BoardEntry>) -> BTreeMap<Partition, BTreeSet<Group>> {
        let mut mailboxes: BTreeMap<Partition, BTreeSet<Group>> = BTreeMap::new();
        for entry in entries {
            let BoardEntry::In(message) = entry else { continue };
            let Some(&partitions) = self.topics.get(&message.topic) else { continue };
            let line = message.topic.as_str();
            let person = Address {
                transport: TRANSPORT_NAME.to_owned(),
                identity: message.number,
                line: Identity::new(line),
            };
            let partition = Partition::of(&message.topic, &person, &self.groups, partitions);
            mailboxes.entry(partition).or_default().insert(self.groups.group(&person));
        }
        mailboxes
    }

    /// Returns when no farewell waits in a mailbox any more.
    async fn handled(
        &self,
        leaving: &BTreeMap<Partition, BTreeSet<Group>>,
    ) -> Result<(), StorageError> {
        let is_farewell = |payload: &String| payload.contains(FORGOTTEN);
        for (partition, groups) in leaving {
            for group in groups {
                while self.storage.mailbox(partition, group).await?.iter().any(is_farewell) {
                    sleep(LOOK).await;
                }
            }
        }
        Ok(())
    }
}

fn farewell(group: &Group) -> Wake {
    Wake { group: group.clone(), name: FORGOTTEN.to_owned(), data: serde_json::Value::Null }
}

fn strip<T>(lines: Vec<(FeedCursor, T)>) -> Vec<T> {
    lines.into_iter().map(|(_, line)| line).collect()
}
