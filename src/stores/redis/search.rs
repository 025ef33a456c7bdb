//! Search of a partition for a person: all keys of the partition are scanned, and what they hold is
//! compared with the person's marks.

use redis::{Cmd, Value, cmd};

use super::Redis;
use super::keys::{kind_prefix, tag};
use super::reply::{decode, split_message};
use super::streams::{PAGE, StreamEntry};
use crate::contracts::storage::{Marks, Partition, Place, QueueKind, StorageError, Trace};
use crate::model::address::Group;

/// Number of values that one call reads, which may be large.
const BATCH: usize = 100;

/// Beginning of the keys of a handler's state, behind the tag.
const STATE: &str = "s:";

/// Suffix of keys whose names may be those of persons, but which hold nothing else of one, and go with the
/// members that they are about.
const DERIVED: &str = "pool_ttl:";

/// Search of one partition.
struct Search<'a> {
    redis: &'a Redis,
    partition: &'a Partition,
    marks: &'a Marks,
    found: Vec<Trace>,
}

impl Redis {
    /// Returns every trace of a person in a partition.
    pub(super) async fn search_all(
        &self,
        partition: &Partition,
        marks: &Marks,
    ) -> Result<Vec<Trace>, StorageError> {
        let mut search = Search { redis: self, partition, marks, found: Vec::new() };
        let (tag, mut cursor) = (tag(partition), String::from("0"));
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(format!("{tag}*")).arg("COUNT").arg(PAGE);
            let (next, keys): (String, Vec<String>) = decode(search.send(&scan).await?)?;
            let suffixes: Vec<&str> =
                keys.iter().filter_map(|key| key.strip_prefix(&tag)).collect();
            let (state, others): (Vec<_>, Vec<_>) =
                suffixes.into_iter().partition(|suffix| suffix.starts_with(STATE));
            search.state(&tag, &state).await?;
            for suffix in others {
                search.key(&format!("{tag}{suffix}"), suffix).await?;
            }
            if next == "0" {
                // A scan may return a key twice.
                search.found.sort_by(|one, other| order(one).cmp(&order(other)));
                search.found.dedup();
                return Ok(search.found);
            }
            cursor = next;
        }
    }

    /// Returns the payloads that wait in a mailbox of the inbound queue, the oldest first.
    pub(super) async fn mailbox_payloads(
        &self,
        partition: &Partition,
        group: &Group,
    ) -> Result<Vec<String>, StorageError> {
        let mut range = cmd("LRANGE");
        let list = format!("{}{}g:{group}", tag(partition), kind_prefix(QueueKind::Inbound));
        range.arg(list).arg(0).arg(-1);
        let messages: Vec<String> = decode(self.send_pooled(partition, &range).await?)?;
        messages.iter().map(|message| Ok(split_message(message)?.2)).collect()
    }
}

fn order(trace: &Trace) -> (Place, &str, &str, &str) {
    (trace.place, &trace.name, &trace.text, &trace.locator)
}

impl Search<'_> {
    async fn send(&self, command: &Cmd) -> Result<Value, StorageError> {
        self.redis.send_pooled(self.partition, command).await
    }

    fn add(&mut self, place: Place, name: &str, text: String, locator: &str) {
        let (name, locator) = (name.to_owned(), locator.to_owned());
        self.found.push(Trace { place, name, text, locator });
    }

    /// Searches what one key holds. The kind of a key follows from its name.
    async fn key(&mut self, key: &str, suffix: &str) -> Result<(), StorageError> {
        if let Some(pool) = suffix.strip_prefix("pool:") {
            return self.pool(key, pool).await;
        }
        if let Some(counter) = suffix.strip_prefix("c:") {
            if self.marks.name(counter) {
                self.add(Place::Counter, counter, String::new(), "");
            }
            return Ok(());
        }
        for kind in [QueueKind::Inbound, QueueKind::Outbox] {
            let Some(part) = suffix.strip_prefix(kind_prefix(kind)) else { continue };
            if let Some(group) = part.strip_prefix("g:") {
                return self.messages(key, kind, group).await;
            }
            match part {
                "wakes" => return self.wakes(key).await,
                "dead" => return self.dead_letters(key, kind).await,
                _ => {}
            }
        }
        if suffix == "ev" {
            return self.events(key).await;
        }
        if !suffix.starts_with(DERIVED) && self.marks.name(suffix) {
            self.add(Place::Other, suffix, String::new(), suffix);
        }
        Ok(())
    }

    /// Searches the values of a handler's state, by one round trip for each batch of keys.
    async fn state(&mut self, tag: &str, suffixes: &[&str]) -> Result<(), StorageError> {
        for batch in suffixes.chunks(BATCH) {
            let mut get = cmd("MGET");
            get.arg(batch.iter().map(|suffix| format!("{tag}{suffix}")).collect::<Vec<_>>());
            let values: Vec<Option<String>> = decode(self.send(&get).await?)?;
            for (suffix, value) in batch.iter().zip(values) {
                // A key may have expired since the scan.
                let (Some(name), Some(value)) = (suffix.strip_prefix(STATE), value) else {
                    continue;
                };
                if self.marks.name(name) || self.marks.text(&value) {
                    self.add(Place::State, name, value, "");
                }
            }
        }
        Ok(())
    }

    async fn pool(&mut self, key: &str, pool: &str) -> Result<(), StorageError> {
        let is_own = self.marks.name(pool);
        for page in 0.. {
            let members = self.page("ZRANGE", key, page).await?;
            let is_last = members.len() < PAGE;
            for member in
                members.into_iter().filter(|it| is_own || self.marks.name(it)).collect::<Vec<_>>()
            {
                self.add(Place::Pool, pool, member, "");
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    async fn messages(
        &mut self,
        key: &str,
        kind: QueueKind,
        group: &str,
    ) -> Result<(), StorageError> {
        let is_own = self.marks.name(group);
        for page in 0.. {
            let messages = self.page("LRANGE", key, page).await?;
            let is_last = messages.len() < PAGE;
            for message in messages {
                let (_, _, payload) = split_message(&message)?;
                if is_own || self.marks.text(&payload) {
                    self.add(Place::Message(kind), group, payload, &message);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    async fn wakes(&mut self, key: &str) -> Result<(), StorageError> {
        for page in 0.. {
            let wakes = self.page("ZRANGE", key, page).await?;
            let is_last = wakes.len() < PAGE;
            for wake in wakes {
                let (group, _, payload) = split_wake(&wake)?;
                if self.marks.name(group) || self.marks.text(payload) {
                    self.add(Place::Wake, group, payload.to_owned(), &wake);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }

    async fn dead_letters(&mut self, key: &str, kind: QueueKind) -> Result<(), StorageError> {
        let mut after = None;
        loop {
            let entries = self.entries(key, after.as_deref()).await?;
            let Some((last, _)) = entries.last() else { return Ok(()) };
            after = Some(last.clone());
            for (id, mut fields) in entries {
                let group = fields.remove("g").unwrap_or_default();
                let (_, _, payload) = split_message(&fields.remove("h").unwrap_or_default())?;
                if self.marks.name(&group) || self.marks.text(&payload) {
                    self.add(Place::DeadLetter(kind), &group, payload, &id);
                }
            }
        }
    }

    async fn events(&mut self, key: &str) -> Result<(), StorageError> {
        let mut after = None;
        loop {
            let entries = self.entries(key, after.as_deref()).await?;
            let Some((last, _)) = entries.last() else { return Ok(()) };
            after = Some(last.clone());
            for (id, mut fields) in entries {
                let message = fields.remove("m").unwrap_or_default();
                let detail = fields.remove("d").unwrap_or_default();
                if self.marks.text(&message) || self.marks.name(&detail) {
                    self.add(Place::Event, &message, detail, &id);
                }
            }
        }
    }

    /// Returns a page of a list or a sorted set.
    async fn page(
        &self,
        command: &str,
        key: &str,
        page: usize,
    ) -> Result<Vec<String>, StorageError> {
        let mut range = cmd(command);
        range.arg(key).arg(page * PAGE).arg((page + 1) * PAGE - 1);
        decode(self.send(&range).await?)
    }

    /// Returns a page of a stream.
    async fn entries(
        &self,
        key: &str,
        after: Option<&str>,
    ) -> Result<Vec<StreamEntry>, StorageError> {
        self.redis.entries_after(self.partition, key, after, PAGE).await
    }
}

/// Splits a wake as its set holds it, `length of group|length of id|group id payload`, into group, id
/// and payload.
pub(super) fn split_wake(wake: &str) -> Result<(&str, &str, &str), StorageError> {
    let parts = || {
        let (group_length, rest) = wake.split_once('|')?;
        let (id_length, rest) = rest.split_once('|')?;
        let (group, rest) = rest.split_at_checked(group_length.parse().ok()?)?;
        let (id, payload) = rest.split_at_checked(id_length.parse().ok()?)?;
        Some((group, id, payload))
    };
    parts().ok_or_else(|| StorageError::Corrupt("a wake without its group and id".to_owned()))
}
