//! Addresses that are called with credentials.

use url::{Host, Url};

use super::secrets::Secrets;
use crate::http_client::{GuardedUrl, Reach};
use crate::model::network::is_public;

/// Problem with credentials that would leave this network without encryption, if there is one. A name
/// without a dot is one of this network, such as a container's.
pub(super) fn plain_http_problem(url: &Url) -> Option<&'static str> {
    let is_near = match url.host()? {
        Host::Ipv4(address) => !is_public(address.into()),
        Host::Ipv6(address) => !is_public(address.into()),
        Host::Domain(name) => !name.contains('.') || name.ends_with(".internal"),
    };
    let is_safe = url.scheme() == "https" || is_near;
    (!is_safe).then_some("would send the credentials unencrypted; write https://")
}

/// Checks the address of an API that is called with credentials.
pub(super) fn check_base(api_base: &str, secrets: &mut Secrets<'_>) {
    let problem = match GuardedUrl::parse(api_base, Reach::Anywhere) {
        Err(problem) => Some(problem),
        Ok(url) => plain_http_problem(url.as_url()).map(str::to_owned),
    };
    if let Some(problem) = problem {
        secrets.errors.add("api_base", problem);
    }
}
