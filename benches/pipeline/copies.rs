//! Copies of people: all that a store holds of some, stored again under other groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosswire::contracts::storage::transfer::{Record, Transfer};
use crosswire::model::address::Group;
use crosswire::model::clock::SystemClock;
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::stores::sqlite::{Sqlite, SqliteConfig};
use tokio::sync::mpsc::channel;

use crate::stack::Stack;

/// Records that are stored at once.
const BATCH: usize = 2_000;

/// Events that a topic keeps, however many people there are.
const EVENTS: usize = 100_000;

/// Digits of a group's id, and those of them that tell a copy.
const DIGITS: usize = 32;
const MARK: usize = 8;

pub(crate) struct Copies(Vec<Record>);

impl Copies {
    /// Reads all that a store holds.
    pub(crate) async fn of(stack: &Stack) -> Self {
        let store = open(stack).await;
        let (sender, mut batches) = channel(16);
        let mut records = Vec::new();
        let reading = async {
            while let Some(batch) = batches.recv().await {
                records.extend(batch);
            }
        };
        let (exported, ()) = tokio::join!(store.export(sender), reading);
        exported.unwrap();
        Self(records)
    }

    /// Stores what was read, and further copies of it.
    pub(crate) async fn store(&self, stack: &Stack, times: usize) {
        let store = open(stack).await;
        let mut events = Events::of(&self.0);
        for copy in 0..times {
            let copied = self.0.iter().filter_map(|record| match record {
                Record::Event { .. } => events.next(record),
                record if copy == 0 => Some(record.clone()),
                record => marked(record, copy),
            });
            let records: Vec<Record> = copied.collect();
            for batch in records.chunks(BATCH) {
                store.import(batch.to_vec()).await.unwrap();
            }
        }
    }

    /// Describes what is stored of one person.
    pub(crate) fn per_person(&self, people: usize) -> String {
        let mut counts = BTreeMap::new();
        let personal = self.0.iter().filter(|it| marked(it, 1).is_some());
        personal.for_each(|record| *counts.entry(Record::KINDS[record.kind()]).or_insert(0) += 1);
        let share =
            |(kind, count): (_, i32)| format!("{:.1} {kind}", f64::from(count) / people as f64);
        counts.into_iter().map(share).collect::<Vec<_>>().join(", ")
    }
}

async fn open(stack: &Stack) -> Box<dyn Transfer> {
    if let Some(redis) = &stack.redis {
        let url = redis.url.as_str().into();
        let config = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
        return Box::new(Redis::connect(config).await.unwrap());
    }
    let (directory, clock) = (stack.dir.path().to_owned(), Arc::new(SystemClock));
    Box::new(Sqlite::open(SqliteConfig { directory, clock, ephemeral: None }).unwrap())
}

/// Events of all copies, in an order of time, up to the number that a topic keeps.
struct Events {
    latest: i64,
    stored: usize,
}

impl Events {
    fn of(records: &[Record]) -> Self {
        let at = |it: &Record| if let Record::Event { at, .. } = it { *at } else { 0 };
        Self { latest: records.iter().map(at).max().unwrap_or_default(), stored: 0 }
    }

    fn next(&mut self, event: &Record) -> Option<Record> {
        let mut event = event.clone();
        if let Record::Event { at, place, .. } = &mut event {
            (*at, *place) = (self.latest, self.stored as u64);
        }
        self.stored += 1;
        (self.stored <= EVENTS).then_some(event)
    }
}

/// Returns a record of a person for a copy of them; nothing for a record that belongs to no person.
fn marked(record: &Record, copy: usize) -> Option<Record> {
    let mut record = record.clone();
    let is_marked = match &mut record {
        Record::Value { key, value, .. } => {
            mark(value, copy);
            mark(key, copy)
        }
        Record::Member { group, .. } => mark_group(group, copy),
        Record::Wake { group, payload, .. } => {
            mark(payload, copy);
            mark_group(group, copy)
        }
        Record::Known { digest, .. } | Record::Sent { digest, .. } => {
            digest[..4].copy_from_slice(&(copy as u32).to_be_bytes());
            true
        }
        _ => false,
    };
    is_marked.then_some(record)
}

fn mark_group(group: &mut Group, copy: usize) -> bool {
    let mut id = group.as_str().to_owned();
    let is_person = mark(&mut id, copy);
    *group = Group::from_id(id);
    is_person
}

/// Replaces the first digits of every group in a text, and returns whether there was one.
fn mark(text: &mut String, copy: usize) -> bool {
    let is_hex = |byte: &u8| byte.is_ascii_hexdigit();
    let (mut at, mut found) = (0, Vec::new());
    for run in text.as_bytes().split(|byte| !is_hex(byte)) {
        if run.len() == DIGITS {
            found.push(at);
        }
        at += run.len() + 1;
    }
    let mark = format!("{copy:0MARK$x}");
    for at in &found {
        text.replace_range(*at..at + MARK, &mark);
    }
    !found.is_empty()
}
