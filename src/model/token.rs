//! Signed tokens: what their bearer may do, until when, without a look into a store.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::serde::ts_milliseconds;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::model::topic::TopicName;

/// Longest token that is looked at, in bytes.
const MAX_LENGTH: usize = 1024;

/// Signed claims, as a text that is safe in URLs. `Debug` and `Display` show none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token itself. Never log it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Use that a token is signed for. A token is never accepted for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TokenPurpose {
    /// Identification of a session: the bearer is the one that `subject` names.
    Session,
    /// Admission to the room that `subject` names.
    Room,
}

/// Rights of a token's bearer, each independent of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Writes to the send side of a room.
    #[serde(rename = "s")]
    pub send: bool,
    /// Reads the receive side of a room.
    #[serde(rename = "r")]
    pub receive: bool,
}

impl Rights {
    pub const BOTH: Self = Self { send: true, receive: true };
    pub const SEND: Self = Self { send: true, receive: false };
    pub const RECEIVE: Self = Self { send: false, receive: true };
}

/// Statements that a token proves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    #[serde(rename = "p")]
    pub purpose: TokenPurpose,
    #[serde(rename = "t")]
    pub topic: TopicName,
    /// Id of the session or the room.
    #[serde(rename = "i")]
    pub subject: String,
    #[serde(flatten)]
    pub rights: Rights,
    /// First instant at which the token is worth nothing, in milliseconds.
    #[serde(rename = "e", with = "ts_milliseconds")]
    pub expires_at: DateTime<Utc>,
}

/// Reason for refusing a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is not one of this server's")]
    Forged,
    #[error("the token has expired")]
    Expired,
    #[error("the token is for another purpose or topic")]
    Misused,
}

/// Key that signs and verifies tokens. Every process of a deployment must hold the same one.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

impl TokenKey {
    pub(super) fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// Signs claims: `base64url(JSON).base64url(HMAC-SHA256)`.
    pub fn sign(&self, claims: &Claims) -> Token {
        let json = serde_json::to_vec(claims).expect("claims are strings and numbers");
        let body = URL_SAFE_NO_PAD.encode(json);
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&body).finalize().into_bytes());
        Token(format!("{body}.{signature}"))
    }

    /// Returns the claims of a genuine token that has not expired. The signature is compared in
    /// constant time, before anything else of the token is read.
    ///
    /// # Errors
    /// `Forged`, `Expired`, or `Misused` for another purpose or topic.
    pub fn verify(
        &self,
        token: &Token,
        purpose: TokenPurpose,
        topic: &TopicName,
        now: DateTime<Utc>,
    ) -> Result<Claims, TokenError> {
        let claims = self.genuine(token).ok_or(TokenError::Forged)?;
        if claims.purpose != purpose || claims.topic != *topic {
            return Err(TokenError::Misused);
        }
        if claims.expires_at <= now {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    fn genuine(&self, token: &Token) -> Option<Claims> {
        if token.0.len() > MAX_LENGTH {
            return None;
        }
        let (body, signature) = token.0.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(body).verify_slice(&signature).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }

    fn mac(&self, body: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(body.as_bytes());
        mac
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rstest::rstest;

    use super::*;

    fn key() -> TokenKey {
        TokenKey::new(b"0123456789abcdef")
    }

    fn topic() -> TopicName {
        "rooms".parse().unwrap()
    }

    fn claims() -> Claims {
        Claims {
            purpose: TokenPurpose::Room,
            topic: topic(),
            subject: "r1".to_owned(),
            rights: Rights::SEND,
            expires_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(600),
        }
    }

    fn verify(token: &Token, at: i64) -> Result<Claims, TokenError> {
        let now = DateTime::UNIX_EPOCH + TimeDelta::milliseconds(at);
        key().verify(token, TokenPurpose::Room, &topic(), now)
    }

    #[test]
    fn token_proves_its_claims_until_it_expires() {
        let token = key().sign(&claims());
        assert_eq!(verify(&token, 599_999), Ok(claims()));
        assert_eq!(verify(&token, 600_000), Err(TokenError::Expired));
    }

    #[test]
    fn every_changed_byte_is_refused_as_forged() {
        let token = key().sign(&claims());
        for at in 0..token.reveal().len() {
            for mask in [1, 2, 4, 8, 16, 32] {
                let mut bytes = token.reveal().as_bytes().to_vec();
                bytes[at] ^= mask;
                let changed = Token::new(String::from_utf8_lossy(&bytes));
                assert_eq!(verify(&changed, 0), Err(TokenError::Forged), "byte {at}");
            }
        }
    }

    #[rstest]
    #[case::purpose(Claims { purpose: TokenPurpose::Session, ..claims() })]
    #[case::topic(Claims { topic: "other".parse().unwrap(), ..claims() })]
    fn token_for_another_use_is_refused(#[case] claims: Claims) {
        assert_eq!(verify(&key().sign(&claims), 0), Err(TokenError::Misused));
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_signature("e30.")]
    #[case::no_body(".e30")]
    #[case::three_parts("e30.e30.e30")]
    #[case::unsigned_algorithm("eyJhbGciOiJub25lIn0.e30.")]
    fn text_that_is_no_token_is_refused_as_forged(#[case] text: &str) {
        assert_eq!(verify(&Token::new(text), 0), Err(TokenError::Forged));
    }

    #[test]
    fn token_of_another_key_is_refused_as_forged() {
        let other = TokenKey::new(b"fedcba9876543210").sign(&claims());
        assert_eq!(verify(&other, 0), Err(TokenError::Forged));
    }

    #[test]
    fn debug_shows_nothing_of_a_token() {
        assert_eq!(format!("{:?}", key().sign(&claims())), "Token(***)");
    }
}
