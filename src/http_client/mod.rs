//! Outgoing HTTP calls: clients that write a request once, bounded responses, and the classes of
//! failures.

mod endpoint;
mod guard;
mod response;
mod signature;

use std::time::Duration;

use anyhow::Context as _;

pub use endpoint::{Endpoint, EndpointSettings};
pub use guard::GuardedUrl;
pub use response::{BodyError, Response, failure};
pub use signature::SigningKey;

/// Limits of a client's calls.
#[derive(Clone, Copy, Debug)]
pub struct ClientLimits {
    pub connect_timeout: Duration,
    /// Limit of the whole call.
    pub timeout: Duration,
}

/// Hosts that a client may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Any host.
    Anywhere,
    /// Hosts whose every address is public. A name is resolved once per connection, and the connection
    /// is made to the addresses that were checked.
    Public,
}

/// Creates a client that writes every request at most once: it follows no redirect and retries
/// nothing.
///
/// One retry cannot be turned off: that of a request whose pooled connection was found closed before
/// a byte was written. Restricting the client to HTTP/1 keeps it at that.
pub fn client(limits: ClientLimits, reach: Reach) -> anyhow::Result<reqwest::Client> {
    // A TLS provider that was installed earlier serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .connect_timeout(limits.connect_timeout)
        .timeout(limits.timeout)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .no_proxy()
        // The server closes idle connections, in the worst case during a write.
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("crosswire/", env!("CARGO_PKG_VERSION")));
    if reach == Reach::Public {
        builder = builder.dns_resolver(guard::PublicResolver);
    }
    builder.build().context("no HTTPS client; are the system's CA certificates installed?")
}
