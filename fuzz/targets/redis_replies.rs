//! A reply of any shape, as a server, a proxy or another version could send it, is read or refused.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use crosswire::contracts::storage::{ClaimRequest, Partition, Queue, QueueKind, Token};
use crosswire::stores::redis::reply::read_claimed;
use libfuzzer_sys::fuzz_target;

static QUEUE: LazyLock<Queue> = LazyLock::new(|| {
    let topic = "t".parse().expect("a name of a topic");
    Queue { partition: Partition::first(&topic), kind: QueueKind::Inbound }
});

static REQUEST: LazyLock<ClaimRequest> = LazyLock::new(|| {
    let (token, lease) = (Token::random(), Duration::from_secs(1));
    ClaimRequest { token, lease, max: 1, reclaim: false, closed: Vec::new() }
});

fuzz_target!(|reply: &[u8]| {
    if let Ok(reply) = redis::parse_redis_value(reply) {
        let _ = read_claimed(&QUEUE, Some(&REQUEST), reply);
    }
});
