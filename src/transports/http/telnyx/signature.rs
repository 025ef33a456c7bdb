//! Signature of a webhook: Ed25519 over the time, a `|` and the raw body.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta};
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::contracts::transport::WebhookRequest;

/// Age of a signature at most, and the difference of two clocks.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// Bytes of a key (RFC 8032 section 5.1.5).
const KEY_BYTES: usize = 32;

/// Public key of an account.
pub(super) struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    /// Parses a key in Base64.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let key = BASE64_STANDARD.decode(text.trim()).ok()?;
        (key.len() == KEY_BYTES).then(|| Self(UnparsedPublicKey::new(&ED25519, key)))
    }

    /// Returns whether a request was signed by the owner of the key, lately.
    pub(super) fn has_signed(&self, request: &WebhookRequest) -> bool {
        let claimed = request.header("telnyx-signature-ed25519").unwrap_or_default();
        let time = request.header("telnyx-timestamp").unwrap_or_default();
        let Ok(signature) = BASE64_STANDARD.decode(claimed) else { return false };
        let signed_at = time.parse().ok().and_then(|time| DateTime::from_timestamp(time, 0));
        let is_recent = signed_at.is_some_and(|at| (request.received_at - at).abs() <= TOLERANCE);
        let mut signed = format!("{time}|").into_bytes();
        signed.extend_from_slice(&request.body);
        is_recent && self.0.verify(&signed, &signature).is_ok()
    }
}
