//! Origin of the page that opens a socket. Browsers let the pages of every site open sockets to every
//! server, and say which page it is (RFC 6455 section 10.2).

use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use url::{Origin, Url};

const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Names under which this server is called.
#[derive(Clone, Copy)]
pub(super) struct OwnNames<'a> {
    pub(super) public_url: Option<&'a str>,
    pub(super) trust_forwarded: bool,
}

/// Returns whether the client may open a socket: it is no browser, its page is this server's own, or
/// one of a listed origin.
pub(super) fn may_connect(headers: &HeaderMap, own: OwnNames<'_>, listed: &[String]) -> bool {
    let mut origins = headers.get_all(ORIGIN);
    let Some(origin) = origins.next() else { return true };
    if listed.iter().any(|listed| listed == "*") {
        return true;
    }
    // No browser sends two origins.
    let Some(origin) = parse_value(origin).filter(|_| origins.next().is_none()) else {
        return false;
    };
    own.urls(headers, &origin)
        .chain(listed.iter().map(String::as_str).filter_map(parse))
        .any(|allowed| allowed == origin)
}

impl OwnNames<'_> {
    /// Returns the origins of this server. It does not know the scheme of its host names, because a
    /// proxy may have taken TLS off; it is taken from the origin.
    fn urls(self, headers: &HeaderMap, origin: &Origin) -> impl Iterator<Item = Origin> {
        let scheme = match origin {
            Origin::Tuple(scheme, ..) => scheme.as_str(),
            Origin::Opaque(_) => "",
        };
        let named = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // With several proxies the first name is that of the outermost one.
        let forwarded = named(X_FORWARDED_HOST).filter(|_| self.trust_forwarded);
        let forwarded = forwarded.and_then(|names| names.split(',').next()).map(str::trim);
        let hosts = [named(HOST), forwarded].into_iter().flatten();
        let hosts = hosts.filter_map(move |host| parse(&format!("{scheme}://{host}")));
        hosts.chain(self.public_url.and_then(parse)).collect::<Vec<_>>().into_iter()
    }
}

fn parse_value(origin: &HeaderValue) -> Option<Origin> {
    parse(origin.to_str().ok()?)
}

/// Parses scheme, host and port. Nothing may follow, and no user precede: an origin has neither.
fn parse(text: &str) -> Option<Origin> {
    let (scheme, host) = text.split_once("://")?;
    let is_bare = !host.is_empty() && !host.contains(['/', '\\', '?', '#', '@']);
    let is_web = ["http", "https"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
    Url::parse(text).ok().filter(|_| is_bare && is_web).map(|url| url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let line = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        lines.iter().map(line).collect()
    }

    /// Returns whether a page of `origin` may connect to `host`, whose public name is `public.example`.
    fn is_allowed(host: &'static str, origin: &'static str, listed: &[&str]) -> bool {
        let own = OwnNames { public_url: Some("https://public.example"), trust_forwarded: false };
        let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
        may_connect(&headers(&[("host", host), ("origin", origin)]), own, &listed)
    }

    #[test]
    fn page_of_this_server_may_connect_under_each_of_its_names() {
        for (host, origin) in [
            ("example.com", "http://example.com"),
            ("example.com", "https://example.com"),
            ("example.com:62023", "http://example.com:62023"),
            ("Example.COM", "http://example.com"),
            ("example.com", "HTTP://EXAMPLE.com"),
            ("example.com:80", "http://example.com"),
            ("example.com", "https://example.com:443"),
            ("localhost:62023", "http://localhost:62023"),
            ("[::1]:62023", "http://[::1]:62023"),
            ("internal:62023", "https://public.example"),
        ] {
            assert!(is_allowed(host, origin, &[]), "{host} {origin}");
        }
    }

    #[test]
    fn page_of_another_site_may_not_connect() {
        for origin in [
            "http://evil.example",
            "http://example.com.evil.example",
            "http://evil-example.com",
            "http://sub.example.com",
            "http://example.com:8080",
            "https://example.com:80",
            "http://example.com@evil.example",
            "http://evil.example@example.com",
            "http://evil.example/example.com",
            "http://example.com/",
            "http://example.com?",
            "http://example.com.",
            "http://public.example",
            "ftp://example.com",
            "chrome-extension://abcdef",
            "file://",
            "http://",
            "example.com",
            "null",
            "NULL",
            "",
        ] {
            assert!(!is_allowed("example.com", origin, &[]), "{origin}");
        }
    }

    #[test]
    fn listed_origin_may_connect_and_no_similar_one() {
        let listed = ["https://a.example", "http://b.example:8080"];
        for origin in ["https://a.example", "https://A.example:443", "http://b.example:8080"] {
            assert!(is_allowed("example.com", origin, &listed), "{origin}");
        }
        for origin in ["http://a.example", "https://a.example:8443", "http://b.example", "null"] {
            assert!(!is_allowed("example.com", origin, &listed), "{origin}");
        }
    }

    #[test]
    fn star_allows_every_origin() {
        for origin in ["null", "https://evil.example", "file://", ""] {
            assert!(is_allowed("example.com", origin, &["*"]), "{origin}");
        }
    }

    #[test]
    fn client_without_origin_may_connect_and_two_origins_may_not() {
        let own = OwnNames { public_url: None, trust_forwarded: false };
        assert!(may_connect(&headers(&[("host", "a.example")]), own, &[]));
        let origin = ("origin", "http://a.example");
        assert!(may_connect(&headers(&[("host", "a.example"), origin]), own, &[]));
        let two = [("host", "a.example"), origin, ("origin", "http://a.example")];
        let mut two_headers = headers(&two[..2]);
        two_headers.append(ORIGIN, HeaderValue::from_static(two[2].1));
        assert!(!may_connect(&two_headers, own, &[]));
        assert!(!may_connect(&headers(&[origin]), own, &[]), "without a host");
    }

    #[test]
    fn forwarded_host_counts_only_from_a_trusted_proxy() {
        let lines = [
            ("host", "inner"),
            ("x-forwarded-host", "a.example, b.example"),
            ("origin", "https://a.example"),
        ];
        let is_allowed = |trust_forwarded| {
            may_connect(&headers(&lines), OwnNames { public_url: None, trust_forwarded }, &[])
        };
        assert!(is_allowed(true));
        assert!(!is_allowed(false));
    }
}
