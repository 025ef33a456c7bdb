//! Signature of a webhook: a JSON Web Token with HMAC-SHA256 (RFC 7519, RFC 7515), which has a hash of
//! the body among its claims.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::transports::http::auth::mac;

/// Longest token, in bytes. Vonage's have about 500.
const MAX_TOKEN_BYTES: usize = 4 * 1024;

/// Age of a token at most, and the difference of two clocks.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iat: i64,
    exp: Option<i64>,
    payload_hash: String,
}

/// Returns whether a token was made with this secret, for this body, and lately.
pub(super) fn is_genuine(
    secret: &SecretString,
    token: &str,
    body: &[u8],
    now: DateTime<Utc>,
) -> bool {
    verified(secret, token).is_some_and(|claims| {
        let hash = hex::encode(Sha256::digest(body));
        let claimed = claims.payload_hash.to_ascii_lowercase();
        let is_of_body: bool = hash.as_bytes().ct_eq(claimed.as_bytes()).into();
        is_of_body && is_recent(&claims, now)
    })
}

/// Claims of a token whose signature matches. The algorithm is fixed, so that no token can choose a
/// weaker one.
fn verified(secret: &SecretString, token: &str) -> Option<Claims> {
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(secret, signed.as_bytes()).verify_slice(&signature).ok()?;
    let header: Header = decoded(header)?;
    (header.alg == "HS256").then(|| decoded(claims)).flatten()
}

fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn is_recent(claims: &Claims, now: DateTime<Utc>) -> bool {
    let at = |seconds| DateTime::from_timestamp(seconds, 0);
    let is_new = at(claims.iat).is_some_and(|issued| (now - issued).abs() <= TOLERANCE);
    let is_valid = claims.exp.is_none_or(|end| at(end).is_some_and(|end| now - TOLERANCE <= end));
    is_new && is_valid
}
