//! Ids of traces and spans. They are derived from the ids of messages, so that processes that share a store
//! and nothing else agree on them.

use opentelemetry::trace::{SpanId, TraceId};
use sha2::{Digest, Sha256};

/// Trace of a message.
pub(super) fn trace(topic: &str, message: &str) -> TraceId {
    TraceId::from_bytes(digest(["trace", topic, message]))
}

/// Span of the stage of a message that is not repeated.
pub(super) fn span(stage: &str, topic: &str, message: &str) -> SpanId {
    SpanId::from_bytes(digest([stage, topic, message]))
}

/// Trace of something that other processes have no part in.
pub(super) fn random_trace() -> TraceId {
    TraceId::from(fastrand::u128(1..))
}

/// Span that no other one refers to.
pub(super) fn random_span() -> SpanId {
    SpanId::from(fastrand::u64(1..))
}

fn digest<const LENGTH: usize>(parts: [&str; 3]) -> [u8; LENGTH] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    *digest.first_chunk().expect("a digest is longer than an id")
}
