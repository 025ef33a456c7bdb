//! Detection of cross-site requests (CSRF): another site can make a browser post to the pages of this
//! server, with the token that the browser remembers. And of requests of this machine's own browser.

use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};

/// Origin of the requesting page as the browser classifies it. Browsers send it to HTTPS sites and
/// to localhost, but not to plain HTTP sites with another name.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Headers that a proxy adds to a request.
const PROXY_HEADERS: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Reports a request other than a read that a page of another origin has made.
///
/// Every current browser sends `Sec-Fetch-Site` or `Origin` with a post. A request without both is
/// from a client that is no browser, which shows the token deliberately.
pub fn is_cross_site(method: &Method, headers: &HeaderMap, public_url: Option<&str>) -> bool {
    if matches!(*method, Method::GET | Method::HEAD) {
        return false;
    }
    let is_own_site = |site: &HeaderValue| site == "same-origin" || site == "none";
    if !headers.get_all(&SEC_FETCH_SITE).all(is_own_site) {
        return true;
    }
    let is_classified = headers.contains_key(&SEC_FETCH_SITE);
    !headers.get_all(ORIGIN).all(|origin| {
        let Some((scheme, host)) = split_origin(origin) else { return false };
        // A proxy may have rewritten the host; the browser's own classification stands.
        is_classified || is_own_host(scheme, host, headers, public_url)
    })
}

/// Accepts one `Host` header with a local name, on a request that no proxy has passed on. The name tells
/// a page of this machine from a site whose name resolves to it (DNS rebinding).
pub fn is_called_locally(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST);
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_local =
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|known| known.eq_ignore_ascii_case(name));
    is_local && !PROXY_HEADERS.iter().any(|&header| headers.contains_key(header))
}

/// Splits `scheme://host:port`. The origin `null`, of a sandboxed frame or a local file, has
/// neither.
fn split_origin(origin: &HeaderValue) -> Option<(&str, &str)> {
    origin.to_str().ok()?.split_once("://").filter(|(_, host)| !host.is_empty())
}

/// Compares with every name that this server is called by. A page cannot forge them: a request
/// across origins with `X-Forwarded-Host` needs a preflight, which is refused.
fn is_own_host(scheme: &str, host: &str, headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let public_host = public_url.and_then(|url| url.split_once("://")).map(|(_, host)| host);
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let hosts = [header(HOST), header(X_FORWARDED_HOST), public_host];
    let host = without_default_port(scheme, host);
    hosts
        .into_iter()
        .flatten()
        .any(|own| without_default_port(scheme, own.trim()).eq_ignore_ascii_case(host))
}

fn without_default_port<'h>(scheme: &str, host: &'h str) -> &'h str {
    let port = if scheme == "https" { ":443" } else { ":80" };
    host.strip_suffix(port).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::token::tests::headers;

    fn is_refused(lines: &[(&'static str, &'static str)]) -> bool {
        is_cross_site(&Method::POST, &headers(lines), Some("https://tester.example"))
    }

    #[test]
    fn origin_must_name_the_host_of_the_request() {
        for (host, origin) in [
            ("example.com", "http://example.com"),
            ("Example.com:62023", "http://example.com:62023"),
            ("example.com:80", "http://example.com"),
            ("example.com", "https://example.com:443"),
            ("internal:62023", "https://tester.example"),
        ] {
            assert!(!is_refused(&[("host", host), ("origin", origin)]), "{host} {origin}");
        }
        for origin in ["null", "", "http://", "example.com", "http://example.com:8080"] {
            assert!(is_refused(&[("host", "example.com"), ("origin", origin)]), "{origin}");
        }
        assert!(is_refused(&[("origin", "http://example.com")]), "without a host");
        let proxied = [("host", "internal"), ("origin", "http://a.example")];
        assert!(is_refused(&proxied));
        assert!(!is_refused(&[&proxied[..], &[("x-forwarded-host", "a.example")]].concat()));
    }

    #[test]
    fn fetch_metadata_precedes_the_origin() {
        let origin = ("origin", "https://outer.example");
        assert!(!is_refused(&[("sec-fetch-site", "same-origin"), ("host", "inner"), origin]));
        let same_host = ("origin", "http://inner");
        assert!(is_refused(&[("sec-fetch-site", "cross-site"), ("host", "inner"), same_host]));
        assert!(is_refused(&[("sec-fetch-site", "none"), ("origin", "null")]));
    }

    #[test]
    fn reads_and_clients_without_origin_are_accepted() {
        assert!(!is_refused(&[("host", "example.com")]));
        let foreign = headers(&[("sec-fetch-site", "cross-site"), ("origin", "null")]);
        assert!(!is_cross_site(&Method::GET, &foreign, None));
    }

    #[test]
    fn local_access_requires_a_local_host_name_and_no_proxy() {
        for host in ["localhost", "LocalHost:1", "127.0.0.1:62023", "[::1]", "[::1]:80"] {
            assert!(is_called_locally(&headers(&[("host", host)])), "{host}");
        }
        let others = ["", "example.com", "localhost.example.com", "127.0.0.1.nip.io", "::1", "a:b"];
        for host in others {
            assert!(!is_called_locally(&headers(&[("host", host)])), "{host}");
        }
        assert!(!is_called_locally(&headers(&[])));
        assert!(!is_called_locally(&headers(&[("host", "localhost"), ("host", "localhost")])));
        for header in ["forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"] {
            let headers = headers(&[("host", "localhost"), (header, "any")]);
            assert!(!is_called_locally(&headers), "{header}");
        }
    }
}
