//! Finding the keys of a deployment among all others.

use std::collections::{BTreeMap, BTreeSet};

use redis::cmd;

use super::super::Redis;
use super::super::connection::Connection;
use super::super::error::to_storage_error;
use super::super::reply::decode;
use crate::contracts::storage::{Partition, StorageError};
use crate::model::topic::TopicName;

/// Number of keys that one call looks at.
const PAGE: usize = 1_000;

/// Keys of a deployment.
#[derive(Default)]
pub(super) struct Keys {
    /// Topics whose partition count is remembered.
    pub(super) topics: BTreeSet<TopicName>,
    /// Keys of each partition, without the tag.
    pub(super) partitions: BTreeMap<Partition, BTreeSet<String>>,
    pub(super) feeds: BTreeSet<String>,
}

impl Keys {
    /// Finds all keys. A scan may return a key twice.
    pub(super) async fn find(redis: &Redis) -> Result<Self, StorageError> {
        let mut keys = Self::default();
        let mut connection = redis.pool.get().await?;
        if let Connection::Cluster(_) = &*connection {
            // A scan has a cursor for each node; nothing runs on the store, so all may be listed at once.
            let all = connection.send_to_masters(cmd("KEYS").arg("{*}*")).await;
            for reply in all.map_err(|error| to_storage_error(&error))? {
                keys.add_all(&decode::<Vec<String>>(reply)?);
            }
            return Ok(keys);
        }
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg("{*}*").arg("COUNT").arg(PAGE);
            let reply = connection.send(&scan, "").await;
            let (next, page): (String, Vec<String>) =
                decode(reply.map_err(|error| to_storage_error(&error))?)?;
            keys.add_all(&page);
            if next == "0" {
                return Ok(keys);
            }
            cursor = next;
        }
    }

    fn add_all(&mut self, keys: &[String]) {
        for key in keys {
            self.add(key);
        }
    }

    fn add(&mut self, key: &str) {
        let Some((tag, suffix)) = key.strip_prefix('{').and_then(|rest| rest.split_once('}'))
        else {
            return;
        };
        let Some((first, second)) = tag.split_once(':') else { return };
        match (first, suffix) {
            ("feed", "") => {
                self.feeds.insert(second.to_owned());
            }
            ("topic", "partitions") => self.topics.extend(second.parse().ok()),
            (_, "") => {}
            _ => {
                let (Ok(topic), Ok(number)) = (first.parse(), second.parse()) else { return };
                let partition = self.partitions.entry(Partition { topic, number }).or_default();
                partition.insert(suffix.to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_other_programs_and_of_every_kind_are_told_apart() {
        let mut keys = Keys::default();
        let all = [
            "{chat:0}s:a",
            "{chat:0}ev",
            "{chat:1}in:g:b}c",
            "{topic:chat}partitions",
            "{topic:3}s:a",
            "{feed:live:chat}",
            "{feed:0}ev",
            "{chat}ev",
            "{chat:x}ev",
            "{chat:0}",
            "chat:0",
        ];
        keys.add_all(&all.map(str::to_owned));
        let found: Vec<_> =
            keys.partitions.iter().map(|(it, keys)| (it.to_string(), keys.len())).collect();
        let expected = [("chat:0", 2), ("chat:1", 1), ("feed:0", 1), ("topic:3", 1)];
        assert_eq!(found, expected.map(|(name, number)| (name.to_owned(), number)));
        assert!(keys.feeds.iter().eq(["live:chat"]));
        assert_eq!(keys.topics.len(), 1);
    }
}
