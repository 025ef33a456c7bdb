//! Limits and formats that all stores share.
//!
//! One entry of a record holds the facts that one step made true of one message: their kinds, each
//! with its time when that is not the entry's own (`received,queued@1700000000000`), and the detail as
//! JSON.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::contracts::storage::{Entry, StorageError};
use crate::model::event::{Detail, Event, EventKind, Fact, Facts};
use crate::model::message::MessageId;

/// Maximum number of dead letters that a queue keeps.
pub const MAX_DEAD_LETTERS: u64 = 10_000;

/// Days for which the digest of an accepted id is kept at least: far longer than any provider
/// retries.
pub const DUPLICATE_DAYS: u64 = 3;

/// Lost claims after which a message is suspected of killing its workers.
pub const SUSPECT_AFTER: u32 = 2;

/// Maximum number of groups that a claim reclaims first, so that it stays quick.
pub const CLAIM_RECLAIMS: u32 = 16;

/// Maximum number of groups that one call of `reclaim` makes ready.
pub const RECLAIM_LIMIT: u32 = 256;

/// Maximum number of lines that one call of `follow` returns, so that a long feed holds up nothing else.
pub const FOLLOW_LIMIT: u32 = 5_000;

/// Time for which the provider's id of a message that is not known to be sent is noted.
pub const NOTED: Duration = Duration::from_hours(1);

/// Key of that id among the state of a partition.
pub fn noted_key(message: &MessageId) -> String {
    format!("seen:{message}")
}

/// Ids of the outbound message that facts are about: ours, and the provider's.
pub fn outbound_ids(facts: &Facts) -> Option<(&MessageId, &str)> {
    facts.detail.outbound.as_ref().zip(facts.detail.provider_id.as_deref())
}

/// Digest that stands for an id in a set of ids. It is half the size of most ids and reveals nothing.
pub fn digest(parts: &[&str]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize()[..16].to_vec()
}

/// Digest of the provider's id of a message that is known to be sent.
pub fn sent_digest(provider_id: &str) -> Vec<u8> {
    digest(&["sent", provider_id])
}

/// Digests of the facts after which these are no news, their own first. A state of an outbound
/// message is no news after a later state of it, and none without a kind is news. Times do not matter: a report that is repeated comes
/// later.
pub fn superseding(facts: &Facts) -> Vec<Vec<u8>> {
    if facts.facts.is_empty() {
        return Vec::new();
    }
    let mut digests = vec![digest_of(facts)];
    if let ([fact], Some(_)) = (&facts.facts[..], &facts.detail.outbound) {
        let later = fact.kind.superseded_by().filter(|kind| *kind != fact.kind);
        let with = |kind| Facts { facts: vec![Fact::from(kind)], ..facts.clone() };
        digests.extend(later.map(|kind| digest_of(&with(kind))));
    }
    digests
}

/// Digest by which facts that are recorded without a push are the same as others.
fn digest_of(facts: &Facts) -> Vec<u8> {
    let kinds = kinds(&Facts {
        facts: facts.facts.iter().map(|fact| Fact::from(fact.kind)).collect(),
        ..facts.clone()
    });
    let outbound = facts.detail.outbound.as_ref().map_or("", |id| id.as_str());
    digest(&["record", facts.message.as_str(), outbound, &kinds])
}

/// Reason for dropping a message: its sender has too many that wait.
pub const MAILBOX_FULL: &str = "too many messages of the sender are waiting";

/// Reason for dropping a message: a mark stands against its sender.
pub const SENDER_BARRED: &str = "the sender has opted out, or is barred";

/// Reason for dropping a message: its sender exceeds their rate.
pub const RATE_EXCEEDED: &str = "the sender writes faster than the topic's sender_rate";

/// Time within which one drop of a sender is recorded for each reason, so that a flood of dropped messages
/// does not push everything else out of the record.
pub const DROP_INTERVAL: Duration = Duration::from_mins(1);

/// Facts recorded of a message that is dropped at its push, with the reason.
pub fn dropped(facts: &Facts, reason: &str) -> Facts {
    let detail = Detail { reason: Some(reason.to_owned()), ..facts.detail.clone() };
    Facts { facts: vec![Fact::from(EventKind::Dropped)], detail, ..facts.clone() }
}

/// Beginning of the detail that is recorded of a message when it is dropped at its push, in front of
/// `"reason":"<reason>"}`. Empty when it is the detail of the push without its closing brace.
pub fn dropped_detail(facts: &Facts) -> String {
    if facts.detail.reason.is_none() {
        return String::new();
    }
    let mut beginning = to_json(&Detail { reason: None, ..facts.detail.clone() });
    beginning.pop();
    if beginning.len() > 1 {
        beginning.push(',');
    }
    beginning
}

/// Number of outbound messages to count for an inbound one. A single one needs no count.
pub fn debts(outbox: &[Entry]) -> usize {
    if outbox.len() >= 2 { outbox.len() } else { 0 }
}

/// Kinds of the facts, as a record keeps them.
pub fn kinds(facts: &Facts) -> String {
    let mut kinds = String::new();
    for fact in &facts.facts {
        if !kinds.is_empty() {
            kinds.push(',');
        }
        kinds.push_str(fact.kind.as_str());
        if let Some(at) = fact.at {
            kinds.push('@');
            kinds.push_str(&at.timestamp_millis().to_string());
        }
    }
    kinds
}

/// Detail of the facts, as a record keeps it.
pub fn detail(facts: &Facts) -> String {
    to_json(&facts.detail)
}

fn to_json(detail: &Detail) -> String {
    serde_json::to_string(detail).unwrap_or_default()
}

/// Reads the events of an entry. Errors quote nothing of the detail, which may hold phone numbers.
pub fn read(
    message: &MessageId,
    written: DateTime<Utc>,
    kinds: &str,
    detail: Option<&str>,
) -> Result<Vec<Event>, StorageError> {
    let detail: Detail = detail
        .map_or(Ok(Detail::default()), serde_json::from_str)
        .map_err(|_| corrupt("its detail is of another shape"))?;
    let event = |kind: &str| {
        let (name, at) = match kind.split_once('@') {
            None => (kind, Some(written)),
            Some((name, at)) => (name, at.parse().ok().and_then(DateTime::from_timestamp_millis)),
        };
        let kind: EventKind = name.parse().map_err(|_| corrupt(&format!("of kind {name}")))?;
        let at = at.ok_or_else(|| corrupt("at no time"))?;
        Ok(Event { message: message.clone(), kind, at, detail: detail.clone() })
    };
    kinds.split(',').map(event).collect()
}

/// Error about an entry of another shape than this version writes.
pub fn corrupt(what: &str) -> StorageError {
    StorageError::Corrupt(format!("an event: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::address::Address;

    #[test]
    fn detail_of_a_drop_begins_like_that_of_the_push_but_for_its_reason() {
        let address = Some(Address::new("twilio", "+14158675309", "+18005551212"));
        for (address, reason) in
            [(address.clone(), None), (address, Some("other")), (None, Some("other"))]
        {
            let detail = Detail { address, reason: reason.map(str::to_owned), ..Detail::default() };
            let facts = Facts::new(MessageId::new("twilio:SM1"), &[EventKind::Queued], detail, 9);
            let beginning = dropped_detail(&facts);
            assert_eq!(beginning.is_empty(), reason.is_none());
            if reason.is_some() {
                let whole = format!("{beginning}\"reason\":\"{SENDER_BARRED}\"}}");
                let read: Detail = serde_json::from_str(&whole).unwrap();
                assert_eq!(read, dropped(&facts, SENDER_BARRED).detail);
            }
        }
        let facts = Facts::new(MessageId::new("twilio:SM1"), &[], Detail::default(), 9);
        assert_eq!(kinds(&dropped(&facts, "")), EventKind::Dropped.as_str());
    }
}
