//! A topic in memory, for tests of a handler: mailboxes, values, pools and counters, with the storage
//! contract's rules for checks, and with every interleaving under the test's control.
//!
//! A message is handled in two steps. [`MemoryTopic::begin`] runs the handler on the current state
//! and keeps its effects; [`MemoryTopic::commit`] applies them, unless a read has changed by then.
//! Other mailboxes may go on in between; a second `begin` stands for a crash.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use crosswire::contracts::handler::{
    DynHandler, Effects, Invocation, OutgoingMessage, State, Transaction, UNDELIVERABLE, Verdict,
    process_end,
};
use crosswire::model::address::{Address, Group, GroupKey};
use crosswire::model::connection::ConnectionChange;
use crosswire::model::message::{Inbound, Incoming, Mail, MessageId, Wake};
use crosswire::model::state::{Check, Member, Write};
use crosswire::model::token::{Claims, Token, TokenKey, TokenPurpose};
use futures_util::FutureExt;
use secrecy::SecretString;

pub(crate) struct MemoryTopic {
    handler: Box<dyn DynHandler>,
    memory: Arc<Memory>,
    mailboxes: BTreeMap<Group, VecDeque<Mail>>,
    in_progress: BTreeMap<Group, Effects>,
    /// Wakes that are not due yet.
    timers: Vec<(DateTime<Utc>, Wake)>,
    groups: GroupKey,
    messages: u64,
    /// Messages sent so far.
    pub(crate) sent: Vec<OutgoingMessage>,
}

/// A completed message and its effects.
pub(crate) struct Completed {
    pub(crate) group: Group,
    pub(crate) mail: Mail,
    pub(crate) effects: Effects,
}

impl MemoryTopic {
    pub(crate) fn new(handler: impl DynHandler + 'static) -> Self {
        Self {
            handler: Box::new(handler),
            memory: Arc::default(),
            mailboxes: BTreeMap::new(),
            in_progress: BTreeMap::new(),
            timers: Vec::new(),
            groups: GroupKey::new(&SecretString::from("a secret that is only for tests")),
            messages: 0,
            sent: Vec::new(),
        }
    }

    pub(crate) fn group(&self, address: &Address) -> Group {
        self.groups.group(address)
    }

    pub(crate) fn token_key(&self) -> TokenKey {
        self.groups.token_key()
    }

    /// Returns the claims of a session token of this topic.
    pub(crate) fn session_claims(&self, token: &str) -> Claims {
        let (topic, now) = ("topic".parse().expect("the name is legal"), self.memory().now);
        let verified =
            self.token_key().verify(&Token::new(token), TokenPurpose::Session, &topic, now);
        verified.expect("the token is genuine")
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Stored> {
        self.memory.lock()
    }

    /// Appends a text to its sender's mailbox.
    pub(crate) fn send_text(&mut self, sender: &Address, text: &str) {
        self.send_message(Incoming::new(MessageId::new(""), sender.clone(), text));
    }

    /// Appends a message to its sender's mailbox, under an id of its own.
    pub(crate) fn send_message(&mut self, mut incoming: Incoming) {
        self.messages += 1;
        let own = format!("SM{}", self.messages);
        // The web process puts the session before the client's own id.
        let sender = &incoming.sender;
        let session = sender.is_socket().then(|| format!("{}:", sender.identity.reveal()));
        incoming.id = MessageId::new(session.unwrap_or_default() + &own);
        let now = self.memory().now;
        let message = Inbound::new("topic".parse().expect("the name is legal"), now, incoming);
        let group = self.group(&message.sender);
        self.mailboxes.entry(group).or_default().push_back(Mail::Message(Box::new(message)));
    }

    /// Appends a change of a connection to the mailbox of its session.
    pub(crate) fn change_connection(&mut self, change: ConnectionChange) {
        let group = self.group(change.address());
        self.mailboxes.entry(group).or_default().push_back(Mail::Connection(change));
    }

    /// Appends the provider's verdict that no message will ever reach this person.
    pub(crate) fn report_undeliverable(&mut self, address: &Address, code: u32) {
        self.report_undeliverable_since(address, code, None);
    }

    /// Appends such a verdict on a message that was handed over at a time.
    pub(crate) fn report_undeliverable_since(
        &mut self,
        address: &Address,
        code: u32,
        since: Option<DateTime<Utc>>,
    ) {
        let (group, verdict) = (self.group(address), Verdict::new(code, since));
        let wake = serde_json::json!({"group": group, "name": UNDELIVERABLE, "data": verdict});
        self.deliver(serde_json::from_value(wake).expect("these are the keys of a wake"));
    }

    /// Returns the key that turns addresses into groups.
    pub(crate) fn groups(&self) -> &GroupKey {
        &self.groups
    }

    /// Makes writes of an operator, and wakes a person's mailbox.
    pub(crate) fn change(&mut self, address: &Address, writes: &[Write], wake: &str) {
        for write in writes {
            self.memory().make(write);
        }
        let wake = serde_json::json!({"group": self.group(address), "name": wake});
        self.deliver(serde_json::from_value(wake).expect("these are the keys of a wake"));
    }

    /// Reports the loss of a web process with all its connections.
    pub(crate) fn lose_process(&mut self, process: &str) {
        self.deliver(process_end(process));
    }

    /// Returns the mailboxes that are not empty.
    pub(crate) fn pending(&self) -> Vec<Group> {
        self.mailboxes.keys().cloned().collect()
    }

    /// Returns the mailboxes whose first mail was begun and not completed.
    pub(crate) fn in_progress(&self) -> Vec<Group> {
        self.in_progress.keys().cloned().collect()
    }

    /// Runs the handler on the first mail of a mailbox and keeps its effects. Those of an earlier run
    /// are discarded, as by a crash.
    pub(crate) fn begin(&mut self, group: &Group) {
        let Some(mail) = self.mailboxes.get(group).and_then(VecDeque::front) else { return };
        let (now, own) = {
            let stored = self.memory();
            (stored.now, stored.value(group.as_str()))
        };
        let invocation = Invocation {
            topic: "topic".parse().expect("the name is legal"),
            group: group.clone(),
            sequence: self.messages,
            attempt: 1,
            now,
            groups: self.groups.clone(),
            known: HashMap::from([(group.as_str().to_owned(), own)]),
        };
        let tx = Transaction::new(invocation, Arc::clone(&self.memory) as Arc<dyn State>);
        let run = self.handler.run(tx, mail).now_or_never().expect("memory is always ready");
        self.in_progress.insert(group.clone(), run.expect("memory is never away"));
    }

    /// Applies the effects of a run, all of them, unless a check fails; then none, and the mail
    /// stays.
    pub(crate) fn commit(&mut self, group: &Group) -> Option<Completed> {
        let effects = self.in_progress.remove(group)?;
        if !self.memory().apply(&effects) {
            return None;
        }
        let mailbox = self.mailboxes.get_mut(group).expect("a run has a mailbox");
        let mail = mailbox.pop_front().expect("a run has a first mail");
        if mailbox.is_empty() {
            self.mailboxes.remove(group);
        }
        for due in &effects.wakes {
            match due.at {
                Some(at) => self.schedule(at, due.wake.clone()),
                None => self.deliver(due.wake.clone()),
            }
        }
        self.sent.extend(effects.sends.iter().cloned());
        Some(Completed { group: group.clone(), mail, effects })
    }

    /// Discards the effects of a run, as a crash does.
    pub(crate) fn abandon(&mut self, group: &Group) {
        self.in_progress.remove(group);
    }

    /// Moves the clock, and delivers the wakes that are due by then, the earliest first.
    pub(crate) fn advance(&mut self, time: Duration) {
        let now = {
            let mut stored = self.memory();
            stored.now += time;
            stored.now
        };
        self.timers.sort_by_key(|(at, _)| *at);
        let due = self.timers.partition_point(|(at, _)| *at <= now);
        let due: Vec<_> = self.timers.drain(..due).collect();
        for (_, wake) in due {
            self.deliver(wake);
        }
    }

    /// Returns the time of the next timer.
    pub(crate) fn next_timer(&self) -> Option<DateTime<Utc>> {
        self.timers.iter().map(|(at, _)| *at).min()
    }

    /// Returns the number of wakes that are not due yet.
    pub(crate) fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Schedules a wake. The time of an equal one moves.
    fn schedule(&mut self, at: DateTime<Utc>, wake: Wake) {
        self.timers.retain(|(_, other)| *other != wake);
        self.timers.push((at, wake));
    }

    /// Appends a wake, unless an equal one waits already. One whose run has begun does not count:
    /// it may have read the state before this commit.
    fn deliver(&mut self, wake: Wake) {
        let in_progress = usize::from(self.in_progress.contains_key(&wake.group));
        let mailbox = self.mailboxes.entry(wake.group.clone()).or_default();
        let waits = |mail: &Mail| matches!(mail, Mail::Wake(other) if *other == wake);
        if !mailbox.iter().skip(in_progress).any(waits) {
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

/// State of the topic.
#[derive(Default)]
pub(crate) struct Stored {
    pub(crate) now: DateTime<Utc>,
    values: BTreeMap<String, (String, DateTime<Utc>)>,
    pools: BTreeMap<String, Vec<Member>>,
    counters: BTreeMap<String, i64>,
    tickets: u64,
    /// Number of round trips of reads.
    pub(crate) reads: usize,
}

impl Stored {
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        let (value, expires) = self.values.get(key)?;
        (self.now < *expires).then(|| value.clone())
    }

    /// Returns the values that have not expired.
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
