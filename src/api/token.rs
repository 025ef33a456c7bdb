//! Tokens of the API's callers, and their rights.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::topic::TopicName;

/// Right of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Sends messages and cancels them.
    Send,
    /// Reads the state of messages and batches.
    Read,
    /// Writes messages in the place of a person.
    Inbound,
}

impl Scope {
    pub const NAMES: [(&str, Self); 3] =
        [("send", Self::Send), ("read", Self::Read), ("inbound", Self::Inbound)];
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, scope)| scope == self).map(|(name, _)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

/// Token of a caller, with its rights.
#[derive(Clone)]
pub struct ApiToken {
    /// Name of the caller. Its idempotency keys are its own.
    pub name: String,
    /// SHA-256 of the token.
    digest: [u8; 32],
    pub scopes: Vec<Scope>,
    /// Topics that it is limited to, if any.
    pub topics: Option<Vec<TopicName>>,
}

impl ApiToken {
    pub fn new(
        name: &str,
        secret: &SecretString,
        scopes: Vec<Scope>,
        topics: Option<Vec<TopicName>>,
    ) -> Self {
        let digest = digest(secret.expose_secret().as_bytes());
        Self { name: name.to_owned(), digest, scopes, topics }
    }

    /// Returns whether two callers have the same token.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.digest.ct_eq(&other.digest).into()
    }

    /// Returns the token that a caller shows. The time depends on neither of them: digests are
    /// compared, which have one length, and with every token.
    pub(super) fn find<'t>(tokens: &'t [Self], shown: &str) -> Option<&'t Self> {
        let shown = digest(shown.as_bytes());
        let mut found = None;
        for token in tokens {
            if token.digest.ct_eq(&shown).into() {
                found = Some(token);
            }
        }
        found
    }

    /// Returns whether the token has a right for a topic.
    pub(super) fn allows(&self, scope: Scope, topic: &str) -> bool {
        let is_open = |topics: &Vec<TopicName>| topics.iter().any(|it| it.as_str() == topic);
        self.scopes.contains(&scope) && self.topics.as_ref().is_none_or(is_open)
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ApiToken");
        shown.field("name", &self.name).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

fn digest(token: &[u8]) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, secret: &str, topics: Option<&str>) -> ApiToken {
        let topics = topics.map(|topic| vec![topic.parse().unwrap()]);
        ApiToken::new(name, &SecretString::from(secret), vec![Scope::Read], topics)
    }

    #[test]
    fn caller_is_the_one_whose_whole_token_is_shown() {
        let tokens = [token("a", "first secret", None), token("b", "second secret", None)];
        let found = |shown| ApiToken::find(&tokens, shown).map(|token| token.name.as_str());
        assert_eq!(found("first secret"), Some("a"));
        assert_eq!(found("second secret"), Some("b"));
        for wrong in ["", "first", "first secret ", "First secret", "third secret"] {
            assert_eq!(found(wrong), None, "{wrong:?}");
        }
        assert!(!format!("{tokens:?}").contains("secret"));
    }

    #[test]
    fn rights_are_those_of_the_scopes_and_the_topics() {
        let limited = token("a", "secret", Some("news"));
        assert!(limited.allows(Scope::Read, "news"));
        assert!(!limited.allows(Scope::Read, "other"));
        assert!(!limited.allows(Scope::Send, "news"));
        assert!(token("b", "secret", None).allows(Scope::Read, "other"));
    }
}
