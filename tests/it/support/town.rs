//! A whole topic in memory, for a handler's tests: mailboxes, values, pools and counters, with the
//! storage contract's rules for checks, and with every interleaving under the test's control.
//!
//! A message is handled in two moves. [`Town::begin`] runs the handler on what is stored now and
//! keeps its effects in hand; [`Town::commit`] makes them true, unless a read would come out
//! otherwise by then. Between the two, others may go on; beginning again is what a crash leads to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use crosswire::contracts::handler::{
    DynHandler, Effects, Invocation, OutgoingMessage, State, Transaction,
};
use crosswire::model::address::{Address, Group, GroupKey};
use crosswire::model::message::{Inbound, Incoming, Mail, MessageId, Wake};
use crosswire::model::state::{Check, Member, Write};
use futures_util::FutureExt;
use secrecy::SecretString;

pub(crate) struct Town {
    handler: Box<dyn DynHandler>,
    memory: Arc<Memory>,
    mailboxes: BTreeMap<Group, VecDeque<Mail>>,
    in_hand: BTreeMap<Group, Effects>,
    groups: GroupKey,
    messages: u64,
    /// Everything that was ever sent.
    pub(crate) sent: Vec<OutgoingMessage>,
}

/// A message that has completed.
pub(crate) struct Completed {
    pub(crate) group: Group,
    pub(crate) mail: Mail,
    pub(crate) effects: Effects,
}

impl Town {
    pub(crate) fn new(handler: impl DynHandler + 'static) -> Self {
        Self {
            handler: Box::new(handler),
            memory: Arc::default(),
            mailboxes: BTreeMap::new(),
            in_hand: BTreeMap::new(),
            groups: GroupKey::new(&SecretString::from("a secret that is only for tests")),
            messages: 0,
            sent: Vec::new(),
        }
    }

    pub(crate) fn group(&self, address: &Address) -> Group {
        self.groups.group(address)
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Stored> {
        self.memory.lock()
    }

    /// Puts a text into its sender's mailbox.
    pub(crate) fn say(&mut self, sender: &Address, text: &str) {
        self.write(Incoming::new(MessageId::new(""), sender.clone(), text));
    }

    /// Puts a message into its sender's mailbox, under an id of its own.
    pub(crate) fn write(&mut self, mut incoming: Incoming) {
        self.messages += 1;
        incoming.id = MessageId::new(format!("SM{}", self.messages));
        let now = self.memory().now;
        let message = Inbound::new("town".parse().expect("it is a topic's name"), now, incoming);
        let group = self.group(&message.sender);
        self.mailboxes.entry(group).or_default().push_back(Mail::Message(Box::new(message)));
    }

    /// The mailboxes that have something in them.
    pub(crate) fn busy(&self) -> Vec<Group> {
        self.mailboxes.keys().cloned().collect()
    }

    /// The mailboxes whose head was begun and not completed.
    pub(crate) fn in_hand(&self) -> Vec<Group> {
        self.in_hand.keys().cloned().collect()
    }

    /// Runs the handler on the head of a mailbox and keeps what it wants in hand. What was in hand
    /// before is thrown away, as by a crash.
    pub(crate) fn begin(&mut self, group: &Group) {
        let Some(mail) = self.mailboxes.get(group).and_then(VecDeque::front) else { return };
        let (now, own) = {
            let stored = self.memory();
            (stored.now, stored.value(group.as_str()))
        };
        let turn = Invocation {
            group: group.clone(),
            now,
            groups: self.groups.clone(),
            known: HashMap::from([(group.as_str().to_owned(), own)]),
        };
        let tx = Transaction::new(turn, Arc::clone(&self.memory) as Arc<dyn State>);
        let run = self.handler.run(tx, mail).now_or_never().expect("memory is always ready");
        self.in_hand.insert(group.clone(), run.expect("memory is never away"));
    }

    /// Makes true what is in hand, all of it, unless a check fails; then nothing, and the message
    /// stays.
    pub(crate) fn commit(&mut self, group: &Group) -> Option<Completed> {
        let effects = self.in_hand.remove(group)?;
        if !self.memory().apply(&effects) {
            return None;
        }
        let mailbox = self.mailboxes.get_mut(group).expect("what is in hand came from a mailbox");
        let mail = mailbox.pop_front().expect("what is in hand stands at its mailbox's head");
        if mailbox.is_empty() {
            self.mailboxes.remove(group);
        }
        for due in &effects.wakes {
            assert!(due.at.is_none(), "this town has no timers");
            self.deliver(due.wake.clone());
        }
        self.sent.extend(effects.sends.iter().cloned());
        Some(Completed { group: group.clone(), mail, effects })
    }

    /// Throws away what is in hand, as a crash does.
    pub(crate) fn forget(&mut self, group: &Group) {
        self.in_hand.remove(group);
    }

    /// A wake is dropped when one of its name waits already. One that is in hand waits no more: it
    /// may have looked before there was anything to see.
    fn deliver(&mut self, wake: Wake) {
        let in_hand = usize::from(self.in_hand.contains_key(&wake.group));
        let mailbox = self.mailboxes.entry(wake.group.clone()).or_default();
        let waits = |mail: &Mail| matches!(mail, Mail::Wake(other) if other.name == wake.name);
        if !mailbox.iter().skip(in_hand).any(waits) {
            mailbox.push_back(Mail::Wake(wake));
        }
    }
}

#[derive(Default)]
struct Memory(Mutex<Stored>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Stored> {
        self.0.lock().expect("a test that panicked is over")
    }
}

/// What the town remembers.
#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) now: DateTime<Utc>,
    values: BTreeMap<String, (String, DateTime<Utc>)>,
    pools: BTreeMap<String, Vec<Member>>,
    counters: BTreeMap<String, i64>,
    tickets: u64,
    /// Round trips made to read.
    pub(crate) reads: usize,
}

impl Stored {
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        let (value, expires) = self.values.get(key)?;
        (self.now < *expires).then(|| value.clone())
    }

    /// Everything that has not expired.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .filter(|(_, (_, expires))| self.now < *expires)
            .map(|(key, (value, _))| (key.as_str(), value.as_str()))
    }

    pub(crate) fn put(&mut self, key: &str, value: &str, ttl: Duration) {
        self.values.insert(key.to_owned(), (value.to_owned(), self.now + ttl));
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.values.remove(key);
    }

    pub(crate) fn pool(&self, pool: &str) -> &[Member] {
        self.pools.get(pool).map_or(&[], Vec::as_slice)
    }

    fn apply(&mut self, effects: &Effects) -> bool {
        if !effects.checks.iter().all(|check| self.holds(check)) {
            return false;
        }
        for write in &effects.writes {
            self.make(write);
        }
        true
    }

    fn holds(&self, check: &Check) -> bool {
        match check {
            Check::Value { key, expected } => self.value(key) == *expected,
            Check::Member { pool, member } => self.pool(pool).contains(member),
        }
    }

    fn make(&mut self, write: &Write) {
        match write {
            Write::Put { key, value, ttl } => self.put(key, value, *ttl),
            Write::Remove { key } => self.remove(key),
            Write::Insert { pool, group, .. } => {
                if !self.pool(pool).iter().any(|member| member.group == *group) {
                    self.tickets += 1;
                    let member = Member { group: group.clone(), ticket: self.tickets };
                    self.pools.entry(pool.clone()).or_default().push(member);
                }
            }
            Write::Take { pool, group } => {
                self.pools.entry(pool.clone()).or_default().retain(|member| member.group != *group);
            }
            Write::Count { name, by, .. } => *self.counters.entry(name.clone()).or_default() += by,
        }
    }
}

#[async_trait]
impl State for Memory {
    async fn values(&self, keys: &[String]) -> anyhow::Result<Vec<Option<String>>> {
        let mut stored = self.lock();
        stored.reads += 1;
        Ok(keys.iter().map(|key| stored.value(key)).collect())
    }

    async fn members(&self, pool: &str, limit: usize) -> anyhow::Result<Vec<Member>> {
        let mut stored = self.lock();
        stored.reads += 1;
        Ok(stored.pool(pool).iter().take(limit).cloned().collect())
    }

    async fn size(&self, pool: &str) -> anyhow::Result<u64> {
        Ok(u64::try_from(self.lock().pool(pool).len())?)
    }

    async fn total(&self, counter: &str) -> anyhow::Result<i64> {
        Ok(self.lock().counters.get(counter).copied().unwrap_or_default())
    }
}
