//! Where everything is kept. All keys of a partition share one hash tag, so that every script runs in
//! one slot and a topic can live on a Redis Cluster.
//!
//! | key | type | holds | bound |
//! |---|---|---|---|
//! | `{t:n}in:ctr`, `out:ctr` | hash | `seq` given out, `done` removed, `dup` refused twice | 3 fields |
//! | `…g:<group>` | list | `sequence\|length of id\|id payload`, head left | `max_group_depth`, `max_depth` |
//! | `…gs:<group>` | hash | a claimed or failed head: `tok att err amb was note iso` | gone with its message |
//! | `…ready` | zset | groups to claim, by the time they became ready (0: goes first) | groups |
//! | `…lease` | zset | claimed groups, by the end of their lease in ms | claims |
//! | `…delay` | zset | groups whose head is to be tried again, by when | groups |
//! | `…suspect`, `…suspect:now` | zset, string | groups whose head may kill workers; the one being tried | groups |
//! | `…bell` | list | the doorbell's wake-ups | 64 |
//! | `…wakes` | zset | wakes whose time has not come: `length of group\|length of id\|group id payload` | one per group, name and data |
//! | `…dead` | stream | dead letters | 10,000 and an age |
//! | `{t:n}s:<key>` | string | a handler's state | its TTL |
//! | `{t:n}pool:<name>`, `pools` | zset, set | a handler's pools, and their names | an age |
//! | `{t:n}c:<name>` | string | a handler's counters | their TTL |
//! | `{t:n}dd:<window>` | set | digests of accepted ids | expires after two windows |
//! | `{t:n}owed` | hash | outbound messages still owed per inbound one, when more than one | gone with the last |
//! | `{t:n}sid:<provider id>` | string | a message that we know to be sent | 24 h |
//! | `{t:n}ev` | stream | events | `max_records` and an age |
//! | `{t:n}trimmed`, `…audited` | string | when upkeep was last done | its TTL |
//! | `{t:0}pauses` | hash | pauses of sending: `end in ms\|code\|reason` by scope | expires with the longest |
//! | `{topic:<t>}partitions` | string | the partition count of a topic | one per topic |
//! | `{feed:<name>}` | stream | a feed, of no partition | about what it is told to keep |

use crate::contracts::storage::{Partition, QueueKind};
use crate::model::topic::TopicName;

/// The tag that all keys of a partition begin with.
pub(super) fn tag(partition: &Partition) -> String {
    format!("{{{}:{}}}", partition.topic, partition.number)
}

/// What the keys of one of a partition's queues have behind the tag.
pub(super) fn kind(kind: QueueKind) -> &'static str {
    match kind {
        QueueKind::Inbound => "in:",
        QueueKind::Outbox => "out:",
    }
}

/// The key of the partition count of a topic, which belongs to no partition.
pub(super) fn partitions(topic: &TopicName) -> String {
    format!("{{topic:{topic}}}partitions")
}
