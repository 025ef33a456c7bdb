//! Reading what handlers keep, and what is known.

use std::collections::{BTreeMap, BTreeSet};

use super::super::call::ScriptCall;
use super::super::reply::decode;
use super::super::scripts;
use super::super::streams::PAGE;
use super::reader::{BATCH, Export, Sent, corrupt, send, whole};
use crate::contracts::storage::encoding;
use crate::contracts::storage::transfer::{Record, end_of_span};
use crate::model::address::Group;
use crate::model::message::MessageId;

/// Prefix of the names under which digests of sent messages are kept that came from another store.
pub(super) const SENT_DIGEST: char = '#';

impl Export<'_> {
    /// Sends what is kept in strings: values, counters and what is known to be sent.
    pub(super) async fn strings(&self, names: &BTreeSet<String>) -> Sent {
        let is_ours = |name: &&String| ["s:", "c:", "sid:"].iter().any(|it| name.starts_with(it));
        let names: Vec<&String> = names.iter().filter(is_ours).collect();
        for batch in names.chunks(BATCH) {
            let call = ScriptCall::new(&scripts::DUMP, self.partition).arg("");
            let call = batch.iter().fold(call, |call, name| call.arg(name.as_str()));
            let found: Vec<(Option<String>, i64)> =
                decode(self.redis.shared.send(&call.without_replicas()).await?)?;
            let mut records = Vec::with_capacity(found.len());
            for (name, (value, ends)) in batch.iter().zip(found) {
                // It may have expired since it was found.
                let Some(value) = value else { continue };
                records.push(self.string(name, value, ends)?);
            }
            send(self.to, records).await?;
        }
        Ok(())
    }

    fn string(&self, name: &str, value: String, ends: i64) -> Sent<Record> {
        let partition = self.partition.clone();
        // A key without an end has one that never comes.
        let ends = if ends < 0 { i64::MAX } else { ends };
        if let Some(key) = name.strip_prefix("s:") {
            return Ok(Record::Value { partition, key: key.to_owned(), value, ends });
        }
        if let Some(name) = name.strip_prefix("c:") {
            let total = value.parse().map_err(|_| corrupt("a counter"))?;
            return Ok(Record::Counter { partition, name: name.to_owned(), total, ends });
        }
        let id = name.strip_prefix("sid:").unwrap_or(name);
        let digest = match id.strip_prefix(SENT_DIGEST) {
            Some(digest) => hex::decode(digest).map_err(|_| corrupt("a digest"))?,
            None => encoding::sent_digest(id),
        };
        Ok(Record::Sent { partition, digest, ends })
    }

    pub(super) async fn pool(&self, name: &str, pool: &str) -> Sent {
        let ttl = format!("pool_ttl:{pool}");
        for first in (0..).step_by(PAGE) {
            let page = self.scored(name, first).await?;
            let is_last = page.len() < PAGE;
            if page.is_empty() {
                break;
            }
            let members: Vec<&str> = page.iter().map(|(member, _)| member.as_str()).collect();
            let ends: Vec<Option<f64>> = self.command(&["ZMSCORE"], &ttl, &members).await?;
            let lasting = page.iter().zip(ends).filter_map(|((member, ticket), ends)| {
                let ends = ends.map_or(i64::MAX, whole);
                (ends > self.now).then(|| Record::Member {
                    partition: self.partition.clone(),
                    pool: pool.to_owned(),
                    group: Group::from_id(member),
                    ticket: whole(*ticket),
                    ends,
                })
            });
            send(self.to, lasting.collect()).await?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    pub(super) async fn known(&self, name: &str, span: &str) -> Sent {
        let span: i64 = span.parse().map_err(|_| corrupt("a set of digests"))?;
        if end_of_span(span) <= self.now {
            return Ok(());
        }
        let mut cursor = "0".to_owned();
        let mut sent = BTreeSet::new();
        loop {
            let (next, digests): (String, Vec<Vec<u8>>) =
                self.command(&["SSCAN"], name, &[&cursor, "COUNT", "1000"]).await?;
            // A scan may return a member twice.
            let new = digests.into_iter().filter(|digest| sent.insert(digest.clone()));
            let partition = || self.partition.clone();
            let known = new.map(|digest| Record::Known { partition: partition(), digest, span });
            send(self.to, known.collect()).await?;
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }

    pub(super) async fn owed(&self) -> Sent {
        let owed: BTreeMap<String, i64> = self.command(&["HGETALL"], "owed", &[]).await?;
        let partition = || self.partition.clone();
        let record = |(message, remaining): (String, i64)| Record::Owed {
            partition: partition(),
            message: MessageId::new(message),
            remaining,
        };
        send(self.to, owed.into_iter().map(record).collect()).await
    }

    pub(super) async fn pauses(&self) -> Sent {
        let pauses: BTreeMap<String, String> = self.command(&["HGETALL"], "pauses", &[]).await?;
        let mut records = Vec::with_capacity(pauses.len());
        for (scope, pause) in pauses {
            let read = || {
                let mut parts = pause.splitn(3, '|');
                let (ends, code) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
                let (topic, reason) = (self.partition.topic.clone(), parts.next()?.to_owned());
                Some(Record::Pause { topic, scope, code, reason, ends })
            };
            let pause = read().ok_or_else(|| corrupt("a pause"))?;
            records.extend(Some(pause).filter(|it| it.ends().is_some_and(|ends| ends > self.now)));
        }
        send(self.to, records).await
    }
}
