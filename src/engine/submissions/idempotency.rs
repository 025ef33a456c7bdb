//! Idempotency keys: a request that is repeated under its key has its first effect alone.

use std::time::Duration;

use serde::Serialize;

use super::{Room, SubmitError, Submitter, in_time};
use crate::contracts::storage::FeedLimits;
use crate::contracts::storage::encoding::DUPLICATE_DAYS;

/// Longest key, in bytes.
const MAX_LENGTH: usize = 255;
/// Requests under one key whose fingerprints are kept: the first, and any that came at the same
/// instant.
const MAX_LINES: u64 = 64;
const LIMITS: FeedLimits =
    FeedLimits::lines(MAX_LINES).within(Duration::from_hours(24 * DUPLICATE_DAYS));

/// Key under which a caller may repeat a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Caller, whose keys are apart from those of every other.
    owner: String,
    key: String,
}

impl IdempotencyKey {
    /// Creates the key of a caller.
    ///
    /// # Errors
    /// `Invalid` for a key of no or of more than 255 bytes.
    pub fn new(owner: &str, key: &str) -> Result<Self, SubmitError> {
        if key.is_empty() || key.len() > MAX_LENGTH {
            let problem = format!("write 1 to {MAX_LENGTH} bytes");
            return Err(SubmitError::invalid("idempotency_key", problem));
        }
        Ok(Self { owner: owner.to_owned(), key: key.to_owned() })
    }
}

impl Submitter {
    /// Returns the digest that the id of a request is made of: a new one, or that of its key.
    ///
    /// A feed of its own remembers the request of a key. Of requests at the same instant, the one
    /// that was written first counts for all of them.
    pub(super) async fn digest(
        &self,
        topic: &str,
        key: Option<&IdempotencyKey>,
        request: &impl Serialize,
        room: Room,
    ) -> Result<[u8; 16], SubmitError> {
        let Some(IdempotencyKey { owner, key }) = key else { return Ok(random()) };
        let digest = self.groups.fingerprint("idempotency key", &[topic, owner, key]);
        let body = serde_json::to_string(request).expect("a request is strings throughout");
        let own = hex::encode(self.groups.fingerprint("request", &[&body]));
        let feed = format!("idempotency:{}", hex::encode(digest));
        let mut first = self.first_line(&feed).await?;
        // A key without room is not kept, so that refused requests fill no store.
        if first.is_none() && room == Room::ForAll {
            in_time(self.storage.publish(&feed, &own, LIMITS)).await?;
            first = self.first_line(&feed).await?;
        }
        match first {
            Some(first) if first != own => Err(SubmitError::KeyReused),
            _ => Ok(digest),
        }
    }

    async fn first_line(&self, feed: &str) -> Result<Option<String>, SubmitError> {
        let lines = in_time(self.storage.follow(feed, None, Duration::ZERO)).await?;
        Ok(lines.into_iter().next().map(|line| line.text))
    }
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
