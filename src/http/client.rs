//! Address of a client, behind a proxy or not.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header::HeaderMap;

/// Returns the address that a client counts by. Of a forwarded list the last one is taken, which the
/// trusted proxy itself has added: the client can write all others.
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trust_forwarded: bool) -> IpAddr {
    let forwarded = headers.get_all("x-forwarded-for").last().filter(|_| trust_forwarded);
    let last = forwarded.and_then(|list| list.to_str().ok()?.rsplit(',').next());
    let client = last.and_then(|last| last.trim().parse().ok()).or(peer);
    client.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn address(forwarded: &'static str, trust_forwarded: bool) -> String {
        let name = HeaderName::from_static("x-forwarded-for");
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(forwarded))]);
        client_address("10.0.0.1".parse().ok(), &headers, trust_forwarded).to_string()
    }

    #[test]
    fn client_address_is_forwarded_only_by_a_trusted_proxy() {
        let forged = "1.1.1.1, 203.0.113.7";
        assert_eq!(address(forged, false), "10.0.0.1");
        assert_eq!(address(forged, true), "203.0.113.7");
        assert_eq!(address("unknown", true), "10.0.0.1");
    }
}
