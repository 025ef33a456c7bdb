//! The contract of a handler, and the transaction that it works in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::address::{Address, Group, GroupKey};
use crate::model::message::{Inbound, Media, Text, Wake};
use crate::model::state::{Check, Member, Write};
use crate::model::topic::Properties;

/// The name of the wake that a person's mailbox gets when a provider says that nothing will ever
/// reach them (opted out, no such number); its data is the provider's code.
pub const UNDELIVERABLE: &str = "undeliverable";

/// A topic's logic.
///
/// Messages of one sender arrive in order, one at a time. A handler may run again after a crash or
/// a conflict; nothing it said before has happened, so there is nothing to guard against.
#[async_trait]
pub trait Handler: Send + Sync {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result<(), HandlerError>;

    /// Something that a commit asked for with [`Context::wake`] is due.
    async fn wake(&self, cx: &mut Context, wake: &Wake) -> Result<(), HandlerError> {
        let _ = (cx, wake);
        Ok(())
    }
}

/// Why a handler could not do its work. `?` means `Retry`.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Try again later; after the topic's `max_attempts` the message is buried.
    #[error(transparent)]
    Retry(#[from] anyhow::Error),
    /// Never going to work: tell the sender this, and be done with it.
    #[error("refused")]
    Refuse(String),
}

/// Is told of messages that were handled, for whoever shows it to people. A crash in between keeps it
/// from being told.
#[async_trait]
pub trait HandledObserver: Send + Sync {
    async fn handled(&self, message: &Inbound);
}

/// What a context reads from. The engine's is the store; a handler's own tests may hand in a map.
#[async_trait]
pub trait State: Send + Sync {
    /// The values under these keys, in their order.
    async fn values(&self, keys: &[String]) -> anyhow::Result<Vec<Option<String>>>;
    /// Up to `limit` members of a pool, the longest there first.
    async fn members(&self, pool: &str, limit: usize) -> anyhow::Result<Vec<Member>>;
    async fn size(&self, pool: &str) -> anyhow::Result<u64>;
    async fn total(&self, counter: &str) -> anyhow::Result<i64>;
}

/// What a handler wants done, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    pub checks: Vec<Check>,
    pub writes: Vec<Write>,
    pub sends: Vec<OutgoingMessage>,
    pub wakes: Vec<ScheduledWake>,
}

/// A message that a handler wants sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingMessage {
    pub to: Address,
    pub text: Text,
    pub media: Vec<Media>,
}

/// A wake, and when it is due; at once when no time is named.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledWake {
    pub wake: Wake,
    pub at: Option<DateTime<Utc>>,
}

/// What one run of a handler starts from.
pub struct Invocation {
    /// The mailbox whose message this is.
    pub group: Group,
    /// Who wrote, when it was a person and not a wake.
    pub sender: Option<Address>,
    pub now: DateTime<Utc>,
    pub properties: Arc<Properties>,
    pub groups: GroupKey,
    /// What is known of the state already, so that reading it costs nothing.
    pub known: HashMap<String, Option<String>>,
}

/// The transaction that a handler works in: reads are remembered and checked again at commit,
/// writes are held back until then.
pub struct Context {
    turn: Invocation,
    state: Arc<dyn State>,
    /// Read or written so far; what was written is read back.
    seen: HashMap<String, Option<String>>,
    checks: BTreeMap<String, Option<String>>,
    effects: Effects,
}

impl Context {
    pub fn new(turn: Invocation, state: Arc<dyn State>) -> Self {
        Self {
            turn,
            state,
            seen: HashMap::new(),
            checks: BTreeMap::new(),
            effects: Effects::default(),
        }
    }

    /// The mailbox that this runs on.
    pub fn group(&self) -> &Group {
        &self.turn.group
    }

    /// The mailbox of somebody else.
    pub fn group_of(&self, address: &Address) -> Group {
        self.turn.groups.group(address)
    }

    /// The time at which this run began; it stands still while the handler runs.
    pub fn now(&self) -> DateTime<Utc> {
        self.turn.now
    }

    /// The topic's own settings.
    pub fn properties(&self) -> &Properties {
        &self.turn.properties
    }

    /// What is stored under `key`. The value under the group's own id ([`Context::group`]) came
    /// with the message and costs no round trip.
    ///
    /// # Errors
    /// When the store is away, or what is stored is not a `T`.
    pub async fn get<T: DeserializeOwned>(&mut self, key: &str) -> anyhow::Result<Option<T>> {
        let mut values = self.get_many([key]).await?;
        Ok(values.pop().flatten())
    }

    /// Several values in one round trip, in the order of their keys.
    ///
    /// # Errors
    /// As [`Context::get`].
    pub async fn get_many<'k, T: DeserializeOwned>(
        &mut self,
        keys: impl IntoIterator<Item = &'k str>,
    ) -> anyhow::Result<Vec<Option<T>>> {
        let keys: Vec<&str> = keys.into_iter().collect();
        let mut missing = Vec::new();
        for key in &keys {
            if self.seen.contains_key(*key) {
                continue;
            }
            if let Some(value) = self.turn.known.remove(*key) {
                self.remember(key, value);
            } else {
                missing.push((*key).to_owned());
            }
        }
        if !missing.is_empty() {
            let values = self.state.values(&missing).await?;
            for (key, value) in missing.iter().zip(values) {
                self.remember(key, value);
            }
        }
        keys.into_iter()
            .map(|key| match self.seen.get(key).and_then(Option::as_deref) {
                None => Ok(None),
                // The parser's own message would quote what is stored, which may be a number.
                Some(json) => serde_json::from_str(json).map(Some).map_err(|error| {
                    let (line, column) = (error.line(), error.column());
                    anyhow::anyhow!("the value under {key} is of another shape, at {line}:{column}")
                }),
            })
            .collect()
    }

    fn remember(&mut self, key: &str, value: Option<String>) {
        self.checks.insert(key.to_owned(), value.clone());
        self.seen.insert(key.to_owned(), value);
    }

    /// Up to `limit` members of a pool, the longest there first. The commit conflicts when one of
    /// them has left it meanwhile; newcomers do not matter to it.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn sample(&mut self, pool: &str, limit: usize) -> anyhow::Result<Vec<Member>> {
        let members = self.state.members(pool, limit).await?;
        self.effects.checks.extend(
            members
                .iter()
                .map(|member| Check::Member { pool: pool.to_owned(), member: member.clone() }),
        );
        Ok(members)
    }

    /// How many are in a pool. A figure for people: the commit does not depend on it.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn size(&self, pool: &str) -> anyhow::Result<u64> {
        self.state.size(pool).await
    }

    /// What a counter stands at. A figure for people: the commit does not depend on it.
    ///
    /// # Errors
    /// When the store is away.
    pub async fn total(&self, counter: &str) -> anyhow::Result<i64> {
        self.state.total(counter).await
    }

    /// Stores `value` under `key` for `ttl` from the commit on.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn put<T: Serialize>(&mut self, key: &str, value: &T, ttl: Duration) -> anyhow::Result<()> {
        let value = serde_json::to_string(value)?;
        self.seen.insert(key.to_owned(), Some(value.clone()));
        self.effects.writes.push(Write::Put { key: key.to_owned(), value, ttl });
        Ok(())
    }

    pub fn remove(&mut self, key: &str) {
        self.seen.insert(key.to_owned(), None);
        self.effects.writes.push(Write::Remove { key: key.to_owned() });
    }

    /// Adds a group to the end of a pool, and removes it `ttl` after the commit. A member keeps its
    /// place and gets the new `ttl`.
    pub fn insert(&mut self, pool: &str, group: &Group, ttl: Duration) {
        let (pool, group) = (pool.to_owned(), group.clone());
        self.effects.writes.push(Write::Insert { pool, group, ttl });
    }

    pub fn take(&mut self, pool: &str, group: &Group) {
        self.effects.writes.push(Write::Take { pool: pool.to_owned(), group: group.clone() });
    }

    /// Adds to a counter, which is forgotten `ttl` after it was last added to.
    pub fn count(&mut self, name: &str, by: i64, ttl: Duration) {
        self.effects.writes.push(Write::Count { name: name.to_owned(), by, ttl });
    }

    /// Answers whoever wrote. Says nothing when it was a wake and not a person.
    pub fn reply(&mut self, text: impl Into<Text>) {
        if let Some(sender) = self.turn.sender.clone() {
            self.send(&sender, text);
        }
    }

    /// Sends a text, from the line that `to` belongs to.
    pub fn send(&mut self, to: &Address, text: impl Into<Text>) {
        self.send_media(to, text, Vec::new());
    }

    pub fn send_media(&mut self, to: &Address, text: impl Into<Text>, media: Vec<Media>) {
        self.effects.sends.push(OutgoingMessage { to: to.clone(), text: text.into(), media });
    }

    /// Wakes a group's mailbox, now or at a time. When the last that waits there is a wake of the
    /// same name and data, that one is enough; one for another time moves to the new time.
    ///
    /// # Errors
    /// When the data has no JSON form.
    pub fn wake<T: Serialize>(
        &mut self,
        group: &Group,
        name: &str,
        at: Option<DateTime<Utc>>,
        data: &T,
    ) -> anyhow::Result<()> {
        let data = serde_json::to_value(data)?;
        let wake = Wake { group: group.clone(), name: name.to_owned(), data };
        self.effects.wakes.push(ScheduledWake { wake, at });
        Ok(())
    }

    /// What the handler wants done, with everything it depends on.
    pub fn into_effects(self) -> Effects {
        let mut effects = self.effects;
        effects
            .checks
            .extend(self.checks.into_iter().map(|(key, expected)| Check::Value { key, expected }));
        effects
    }
}
