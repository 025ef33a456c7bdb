//! Keys of the store. All keys of a partition share one hash tag, so that every script runs in one
//! slot and a topic can live on a Redis Cluster.
//!
//! | key | type | holds | bound |
//! |---|---|---|---|
//! | `{t:n}ctr` | hash | of each queue `in:seq` issued and `in:done` removed; `dup` duplicates refused; `clock` in ms as it was last seen, and `leapt` when it was far ahead of that | 7 fields |
//! | `{t:n}in:g:<group>`, `out:g:<group>` | list | `sequence\|length of id\|id payload`, head left | `max_group_depth`, `max_depth` |
//! | `…claims` | hash | by group, what is known of a claimed or failed head: `token\|claims\|failures\|claims in quarantine\|outcome unknown since\|the same before the claim\|note` | removed with its message |
//! | `…ready` | zset | ready groups without a line, by the time they became ready (0: goes first) | groups |
//! | `…ready:<line>` | zset | the same for each line of an outbox | groups |
//! | `…lines` | zset | lines that have ready groups, by the time they were last served | lines |
//! | `…lease` | zset | claimed groups, by the end of their lease in ms | claims |
//! | `…delay` | zset | groups whose head is to be retried, by when | groups |
//! | `…suspect`, `…suspect:now` | zset, string | groups whose head may kill workers; the one being tried | groups |
//! | `…bell` | list | rings of the doorbell | 64 |
//! | `…wakes` | zset | wakes that are not due yet: `length of group\|length of id\|group id payload` | one per group, name and data |
//! | `…dead` | stream | dead letters | 10,000 and an age |
//! | `{t:n}s:<key>` | string | a handler's state; opt-outs, bans and buckets of senders | its TTL |
//! | `{t:n}pool:<name>`, `pool_ttl:<name>`, `pools` | zset, zset, set | members of a pool by place, and by expiry in ms; names of the pools | the TTL of each member |
//! | `{t:n}c:<name>` | string | a handler's counters | their TTL |
//! | `{t:n}dd:<window>` | set | digests of accepted ids | expires after two windows |
//! | `{t:n}owed` | hash | number of unsettled outbound messages per inbound one, when more than one | removed with the last |
//! | `{t:n}sid:<provider id>` | string | a message that is known to be sent; `sid:#<digest>` when another store knew it | 24 h |
//! | `{t:n}ev` | stream | events | `max_records` and an age |
//! | `{t:n}answer:<token>` | string | number of dead letters that a call moved, for its repetition | 1 min |
//! | `{t:n}turn:<work>` | string | present until periodic work is due again | its TTL |
//! | `{t:n}trimmed`, `…audited` | string | present until upkeep is due again | its TTL |
//! | `{t:0}pauses` | hash | pauses of sending: `end in ms\|code\|reason` by scope | expires with the longest |
//! | `{t:0}s:process:<id>`, pool `processes` | string, zset | last report of each process; the processes that have reported | 1 h; 2 min after an end in good order |
//! | `{t:0}rate:<line>` | string | the time at which the bucket of a line is full, in microseconds | until then and a little longer |
//! | `{t:0}rep:<recipient>:<text>` | string | messages with a text, which is a fingerprint: `count\|id` | its window |
//! | `{t:0}c:segments:<day>:<kind>:<prefix>` | string | segments that were spent, or added to a budget | 72 h |
//! | `{topic:<t>}partitions` | string | the partition count of a topic | one per topic |
//! | `{feed:<name>}` | stream | a feed, of no partition: `l`, the line | about the number of lines to keep, and an age when it has one |

use crate::contracts::storage::{Partition, Queue, QueueKind, encoding};
use crate::model::topic::TopicName;

/// The hash tag that all keys of a partition begin with.
pub(super) fn tag(partition: &Partition) -> String {
    format!("{{{}:{}}}", partition.topic, partition.number)
}

/// The part of a queue's keys that follows the tag.
pub(super) fn kind_prefix(kind: QueueKind) -> &'static str {
    match kind {
        QueueKind::Inbound => "in:",
        QueueKind::Outbox => "out:",
    }
}

/// The beginning of all keys of a queue.
pub(super) fn queue_prefix(queue: &Queue) -> String {
    format!("{}{}", tag(&queue.partition), kind_prefix(queue.kind))
}

/// The key of the partition count of a topic, which belongs to no partition.
pub(super) fn partition_count(topic: &TopicName) -> String {
    format!("{{topic:{topic}}}partitions")
}

/// The key of a feed. Keys of a partition have a suffix behind their tag, so none of them is the same.
pub(super) fn feed(name: &str) -> String {
    format!("{{feed:{name}}}")
}

/// Returns the name under which a provider's id is known to be sent that came from another store.
pub(super) fn transferred(provider_id: &str) -> String {
    format!("#{}", hex::encode(encoding::sent_digest(provider_id)))
}
