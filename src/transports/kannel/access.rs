//! Callers: Kannel signs nothing, so a caller is known by a shared secret, its address, or both.

use std::net::IpAddr;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::query::Query;
use crate::contracts::transport::{ReceiveError, WebhookRequest};
use crate::model::network::is_in;

/// Parameter that holds the secret, in `get-url` and in the URL of delivery reports.
pub(super) const SECRET: &str = "secret";

/// Conditions that every caller has to meet.
#[derive(Clone)]
pub struct Access {
    pub secret: Option<SecretString>,
    /// Networks of the callers; any address when there are none, but then there is a secret.
    pub allow: Vec<IpNet>,
    /// Accepts callers on this machine alone, when neither of the others is configured.
    pub loopback_only: bool,
}

impl Access {
    /// Checks a caller. The secret is compared in constant time.
    pub(super) fn check(
        &self,
        request: &WebhookRequest,
        query: &Query,
    ) -> Result<(), ReceiveError> {
        if !self.is_allowed_address(request.client) {
            return Err(ReceiveError::Denied("calls from this address"));
        }
        let Some(secret) = &self.secret else { return Ok(()) };
        let claimed = query.bytes(SECRET).ok().flatten().unwrap_or_default();
        if digest(claimed).ct_eq(&digest(secret.expose_secret().as_bytes())).into() {
            Ok(())
        } else {
            Err(ReceiveError::Denied("calls without the right secret"))
        }
    }

    fn is_allowed_address(&self, client: Option<IpAddr>) -> bool {
        if self.loopback_only {
            return client.is_some_and(|address| address.to_canonical().is_loopback());
        }
        self.allow.is_empty() || client.is_some_and(|address| is_in(&self.allow, address))
    }
}

/// Digest of a secret, so that a comparison takes the same time for every length.
fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::network::parse_network;

    fn access(secret: Option<&str>, allow: &[&str]) -> Access {
        let allow: Vec<IpNet> = allow.iter().map(|net| parse_network(net).unwrap()).collect();
        let secret = secret.map(SecretString::from);
        Access { loopback_only: secret.is_none() && allow.is_empty(), secret, allow }
    }

    fn is_allowed(access: &Access, client: &str, query: &str) -> bool {
        let request = WebhookRequest { client: client.parse().ok(), ..WebhookRequest::default() };
        access.check(&request, &Query::read(query).unwrap()).is_ok()
    }

    #[rstest]
    #[case("secret=0123456789abcdef", true)]
    #[case("a=1&secret=%30123456789abcdef&b=2", true)]
    #[case("", false)]
    #[case("secret", false)]
    #[case("secret=", false)]
    #[case("secret=0123456789abcde", false)]
    #[case("secret=0123456789abcdef0", false)]
    #[case("secret=0123456789ABCDEF", false)]
    #[case("secret=0123456789abcdef&secret=0123456789abcdef", false)]
    #[case("Secret=0123456789abcdef", false)]
    #[case("secret=0123456789abcdef%00", false)]
    fn secret_is_one_exact_value(#[case] query: &str, #[case] expected: bool) {
        assert_eq!(is_allowed(&access(Some("0123456789abcdef"), &[]), "8.8.8.8", query), expected);
    }

    #[rstest]
    #[case("10.1.2.3", true)]
    #[case("::ffff:10.1.2.3", true)]
    #[case("192.0.2.7", true)]
    #[case("2001:db8::9", true)]
    #[case("192.0.2.8", false)]
    #[case("127.0.0.1", false)]
    #[case("no address", false)]
    fn address_is_in_a_listed_network(#[case] client: &str, #[case] expected: bool) {
        let listed = access(None, &["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"]);
        assert_eq!(is_allowed(&listed, client, ""), expected);
    }

    #[rstest]
    #[case("10.0.0.1", "secret=0123456789abcdef", true)]
    #[case("10.0.0.1", "", false)]
    #[case("8.8.8.8", "secret=0123456789abcdef", false)]
    fn secret_and_address_are_both_needed_when_both_are_configured(
        #[case] client: &str,
        #[case] query: &str,
        #[case] expected: bool,
    ) {
        let both = access(Some("0123456789abcdef"), &["10.0.0.0/8"]);
        assert_eq!(is_allowed(&both, client, query), expected);
    }

    #[rstest]
    #[case("127.0.0.1", true)]
    #[case("127.8.8.8", true)]
    #[case("::1", true)]
    #[case("::ffff:127.0.0.1", true)]
    #[case("192.168.0.1", false)]
    #[case("", false)]
    fn only_this_machine_is_allowed_without_either(#[case] client: &str, #[case] expected: bool) {
        assert_eq!(is_allowed(&access(None, &[]), client, ""), expected);
    }
}
