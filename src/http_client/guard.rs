//! Guard against calls to private networks, where a URL from outside must not reach.

use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::Reach;
use crate::model::network::is_public;

/// URL of `http` or `https` that a client may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardedUrl(Url);

impl GuardedUrl {
    /// Parses a URL, and refuses one that `reach` does not allow. The addresses of a name are checked
    /// by the client when it connects.
    ///
    /// # Errors
    /// A sentence with the fix.
    pub fn parse(url: &str, reach: Reach) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| {
            format!("is no URL ({error}); write one such as https://example.com/messages")
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("is no web address; begin it with https:// or http://".to_owned());
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain("localhost")) => Some(IpAddr::from([127, 0, 0, 1])),
            _ => None,
        };
        if reach == Reach::Public && literal.is_some_and(|address| !is_public(address)) {
            return Err("is a private address; use a public one, or allow private ones".to_owned());
        }
        Ok(Self(url))
    }

    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

/// Resolver that fails for a name with a private address.
pub(super) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.iter().any(|address| !is_public(address.ip())) {
                let problem = "the name has a private address, which is not allowed here";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:8000/")]
    #[case("http://localhost/")]
    #[case("http://[::1]/")]
    #[case("http://[::ffff:10.0.0.1]/")]
    #[case("http://169.254.169.254/latest/meta-data")]
    #[case("http://0x7f.1/")]
    #[case("http://2130706433/")]
    fn private_address_is_allowed_only_on_request(#[case] url: &str) {
        assert!(GuardedUrl::parse(url, Reach::Public).unwrap_err().contains("private"));
        assert!(GuardedUrl::parse(url, Reach::Anywhere).is_ok());
    }

    #[rstest]
    #[case("ftp://example.com/", "no web address")]
    #[case("example.com", "no URL")]
    #[case("", "no URL")]
    fn other_url_is_refused_with_its_fix(#[case] url: &str, #[case] problem: &str) {
        assert!(GuardedUrl::parse(url, Reach::Anywhere).unwrap_err().contains(problem));
    }

    #[tokio::test]
    async fn client_does_not_connect_to_a_name_with_a_private_address() {
        let limits = crate::http_client::ClientLimits {
            connect_timeout: std::time::Duration::from_secs(5),
            timeout: std::time::Duration::from_secs(5),
        };
        let client = crate::http_client::client(limits, Reach::Public).unwrap();
        let error = client.get("http://localhost:9/").send().await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        assert!(format!("{error:?}").contains("private address"), "{error:?}");
    }
}
