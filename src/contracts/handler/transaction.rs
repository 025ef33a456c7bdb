//! The transaction that a handler works in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Effects, Invocation, OutgoingMessage, Result, ScheduledWake, State};
use crate::contracts::storage::encoding::digest;
use crate::model::address::{Address, Group};
use crate::model::message::{Media, Text, Wake};
use crate::model::state::{Check, Member, Write};

/// A transaction on the state of a topic: reads are checked again at commit, writes and messages
/// take effect then, all of them or none.
///
/// Every read and every `wake` or `put` returns an error when the store is away or a value has
/// another type than the one asked for; a handler passes it on with `?`, and runs again later.
pub struct Transaction {
    pub(super) invocation: Invocation,
    /// Beginning of every key, pool, counter and wake of the app that runs, when a router runs it.
    scope: String,
    state: Arc<dyn State>,
    /// Values read or written so far; a written value is read back.
    seen: HashMap<String, Option<String>>,
    checks: BTreeMap<String, Option<String>>,
    pub(super) effects: Effects,
    /// Time of the message that the provider's verdict is about.
    pub(super) undeliverable_since: Option<DateTime<Utc>>,
}

impl Transaction {
    #[doc(hidden)]
    pub fn new(invocation: Invocation, state: Arc<dyn State>) -> Self {
        Self {
            invocation,
            scope: String::new(),
            state,
            seen: HashMap::new(),
            checks: BTreeMap::new(),
            effects: Effects::default(),
            undeliverable_since: None,
        }
    }

    /// Returns the mailbox that this transaction runs on.
    pub fn group(&self) -> Group {
        self.invocation.group.clone()
    }

    /// Returns the mailbox of another person.
    pub fn group_of(&self, address: &Address) -> Group {
        self.invocation.groups.group(address)
    }

    /// Returns the time at which this run began; it does not advance during the run.
    pub fn now(&self) -> DateTime<Utc> {
        self.invocation.now
    }

    /// Returns the number of this attempt at the message, from 1. It grows when an earlier one failed.
    pub fn attempt(&self) -> u32 {
        self.invocation.attempt
    }

    /// Returns an id of the message or wake that is the same in every attempt and in every run of one,
    /// for calls to a service that recognises a repetition by it.
    pub fn idempotency_key(&self) -> String {
        let Invocation { topic, group, sequence, .. } = &self.invocation;
        hex::encode(digest(&[topic.as_str(), group.as_str(), &sequence.to_string()]))
    }

    /// Enters the scope of an app of a router: its keys, pools, counters and wakes are apart from
    /// those of every other app. Returns the scope to [`leave`](Self::leave) to.
    #[doc(hidden)]
    pub fn enter(&mut self, app: &str) -> usize {
        let outer = self.scope.len();
        self.scope.push_str(app);
        self.scope.push('/');
        outer
    }

    /// Leaves the scope of an app.
    #[doc(hidden)]
    pub fn leave(&mut self, outer: usize) {
        self.scope.truncate(outer);
    }

    fn scoped(&self, name: &str) -> String {
        format!("{}{name}", self.scope)
    }

    /// Returns the state of this mailbox's conversation, as [`Transaction::set_state`] stored it. It
    /// came with the message and costs no round trip.
    pub async fn state<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        let group = self.group();
        self.get(group.as_str()).await
    }

    /// Stores the state of this mailbox's conversation for `ttl` from the commit on.
    pub fn set_state<T: Serialize>(&mut self, state: &T, ttl: Duration) -> Result {
        let group = self.group();
        self.put(group.as_str(), state, ttl)
    }

    /// Removes the state of this mailbox's conversation.
    pub fn clear_state(&mut self) {
        let group = self.group();
        self.remove(group.as_str());
    }

    /// Returns the value under `key`. The commit conflicts, and the handler runs again, when it has
    /// changed by then.
    pub async fn get<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>> {
        let mut values = self.get_many([key]).await?;
        Ok(values.pop().flatten())
    }

    /// Returns the value under `key`, for information: the commit does not depend on it.
    pub async fn peek<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        let key = self.scoped(key);
        let value = match self.seen.get(&key) {
            Some(value) => value.clone(),
            None => self.state.values(std::slice::from_ref(&key)).await?.pop().flatten(),
        };
        value.map(|json| parse(&key, &json)).transpose()
    }

    /// Returns several values by one round trip, in the order of their keys.
    pub async fn get_many<'k, T: DeserializeOwned>(
        &mut self,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> Result<Vec<Option<T>>> {
        let keys: Vec<String> = keys.into_iter().map(|key| self.scoped(key)).collect();
        self.read(&keys).await
    }

    /// Returns the values under keys of no scope.
    pub(super) async fn read<T: DeserializeOwned>(
        &mut self,
        keys: &[String],
    ) -> Result<Vec<Option<T>>> {
        self.load(keys).await?;
        keys.iter()
            .map(|key| match self.seen.get(key).and_then(Option::as_deref) {
                None => Ok(None),
                Some(json) => parse(key, json).map(Some),
            })
            .collect()
    }

    /// Reads those keys that have not been read or written yet.
    async fn load(&mut self, keys: &[String]) -> Result {
        let mut missing = Vec::new();
        for key in keys {
            if self.seen.contains_key(key) {
                continue;
            }
            match self.invocation.known.remove(key) {
                Some(value) => self.remember(key.clone(), value),
                None => missing.push(key.clone()),
            }
        }
        if !missing.is_empty() {
            let values = self.state.values(&missing).await?;
            for (key, value) in missing.into_iter().zip(values) {
                self.remember(key, value);
            }
        }
        Ok(())
    }

    fn remember(&mut self, key: String, value: Option<String>) {
        self.checks.insert(key.clone(), value.clone());
        self.seen.insert(key, value);
    }

    /// Returns up to `limit` members of a pool, the longest in it first. The commit conflicts when
    /// one of them has left it by then; new members do not matter to it.
    pub async fn sample(&mut self, pool: &str, limit: usize) -> Result<Vec<Member>> {
        let pool = self.scoped(pool);
        let members = self.state.members(&pool, limit).await?;
        let check = |member: &Member| Check::Member { pool: pool.clone(), member: member.clone() };
        self.effects.checks.extend(members.iter().map(check));
        Ok(members)
    }

    /// Returns up to `limit` members of a pool, the longest in it first, for information: the commit
    /// does not depend on it.
    pub async fn list(&self, pool: &str, limit: usize) -> Result<Vec<Group>> {
        let members = self.state.members(&self.scoped(pool), limit).await?;
        Ok(members.into_iter().map(|member| member.group).collect())
    }

    /// Returns the number of a pool's members, for information: the commit does not depend on it.
    pub async fn size(&self, pool: &str) -> Result<u64> {
        self.state.size(&self.scoped(pool)).await
    }

    /// Returns the value of a counter, for information: the commit does not depend on it.
    pub async fn total(&self, counter: &str) -> Result<i64> {
        self.state.total(&self.scoped(counter)).await
    }

    /// Stores `value` under `key` for `ttl` from the commit on.
    pub fn put<T: Serialize>(&mut self, key: &str, value: &T, ttl: Duration) -> Result {
        self.write(self.scoped(key), value, ttl)
    }

    /// Stores a value under a key of no scope.
    pub(super) fn write<T: Serialize>(&mut self, key: String, value: &T, ttl: Duration) -> Result {
        let value = serde_json::to_string(value)?;
        self.seen.insert(key.clone(), Some(value.clone()));
        self.effects.writes.push(Write::Put { key, value, ttl });
        Ok(())
    }

    /// Removes the value under `key`.
    pub fn remove(&mut self, key: &str) {
        self.erase(self.scoped(key));
    }

    /// Removes the value under a key of no scope.
    pub(super) fn erase(&mut self, key: String) {
        self.seen.insert(key.clone(), None);
        self.effects.writes.push(Write::Remove { key });
    }

    /// Adds a group to the end of a pool, and removes it `ttl` after the commit. A member keeps its
    /// place and gets the new `ttl`.
    pub fn insert(&mut self, pool: &str, group: &Group, ttl: Duration) {
        let (pool, group) = (self.scoped(pool), group.clone());
        self.effects.writes.push(Write::Insert { pool, group, ttl });
    }

    /// Removes a group from a pool.
    pub fn take(&mut self, pool: &str, group: &Group) {
        self.effects.writes.push(Write::Take { pool: self.scoped(pool), group: group.clone() });
    }

    /// Adds to a counter, which expires `ttl` after the last addition.
    pub fn count(&mut self, name: &str, by: i64, ttl: Duration) {
        let name = self.scoped(name);
        self.effects.writes.push(Write::Count { name, by, ttl });
    }

    /// Sends a text, from the line that `to` names.
    pub fn send(&mut self, to: &Address, text: impl Into<Text>) {
        self.send_media(to, text, Vec::new());
    }

    /// Sends a text with media.
    pub fn send_media(&mut self, to: &Address, text: impl Into<Text>, media: Vec<Media>) {
        let message = OutgoingMessage { media, ..OutgoingMessage::text(to.clone(), text) };
        self.effects.sends.push(message);
    }

    /// Returns the number of messages that this run has sent so far.
    #[doc(hidden)]
    pub fn sent(&self) -> usize {
        self.effects.sends.len()
    }

    /// Removes those of the messages after the first `passed` that are not to be sent.
    #[doc(hidden)]
    pub fn retain_sends(
        &mut self,
        passed: usize,
        mut keep: impl FnMut(&mut OutgoingMessage) -> bool,
    ) {
        let mut later = self.effects.sends.split_off(passed);
        later.retain_mut(|message| message.has_effect() || keep(message));
        self.effects.sends.append(&mut later);
    }

    /// Wakes this mailbox after a time; see [`Transaction::wake`].
    pub fn wake_after<T: Serialize>(&mut self, delay: Duration, name: &str, data: &T) -> Result {
        let (group, at) = (self.group(), self.now() + delay);
        self.wake(&group, name, Some(at), data)
    }

    /// Wakes a mailbox at a time, or at once without one. A wake of the same name and data that is
    /// the last one to wait there already is not doubled; its time moves to the new one.
    pub fn wake<T: Serialize>(
        &mut self,
        group: &Group,
        name: &str,
        at: Option<DateTime<Utc>>,
        data: &T,
    ) -> Result {
        let data = serde_json::to_value(data)?;
        let wake = Wake { group: group.clone(), name: self.scoped(name), data };
        self.effects.wakes.push(ScheduledWake { wake, at });
        Ok(())
    }

    /// Returns the effects of the run, with the reads that they depend on.
    pub(super) fn into_effects(self) -> Effects {
        let mut effects = self.effects;
        effects
            .checks
            .extend(self.checks.into_iter().map(|(key, expected)| Check::Value { key, expected }));
        effects
    }
}

fn parse<T: DeserializeOwned>(key: &str, json: &str) -> Result<T> {
    // The parser's own message would quote the value, which may be a number.
    serde_json::from_str(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        anyhow::anyhow!("the value under {key} has another type, at {line}:{column}")
    })
}
