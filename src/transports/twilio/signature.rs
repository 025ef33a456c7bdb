//! `X-Twilio-Signature`: base64 of HMAC-SHA1, keyed with the auth token, over the URL as Twilio
//! requested it and the parameters of the form.
//!
//! The URL that Twilio signed may differ from the one that arrived: in the port, and in the encoding of
//! the query by its oldest library. Up to four candidates are therefore checked, and eight during a token
//! rotation. All of them are always computed, so that the time taken reveals nothing but the form of the
//! request.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::form::{self, Pair};

/// Keys of the signatures of one account, prepared once for all requests.
pub(super) struct SigningKeys(Vec<Hmac<Sha1>>);

impl SigningKeys {
    pub(super) fn new<'a>(tokens: impl Iterator<Item = &'a SecretString>) -> Self {
        Self(tokens.map(key).collect())
    }

    /// Returns whether `claimed` is the signature of one of the URLs by one of the keys.
    pub(super) fn is_genuine(&self, claimed: &str, urls: &[String], form: &[Pair<'_>]) -> bool {
        let form = signed_form(form);
        let mut genuine = Choice::from(0);
        for key in &self.0 {
            for url in urls {
                genuine |= code(key.clone(), url, &form).as_bytes().ct_eq(claimed.as_bytes());
            }
        }
        genuine.into()
    }
}

/// Signs a request. `form` is the encoded body of a POST, and empty for any other request.
pub fn sign(token: &SecretString, url: &str, form: &[u8]) -> String {
    code(key(token), url, &signed_form(&form::pairs(form)))
}

/// URLs that Twilio may have signed for this request, each once. A user and password stay part of them.
pub(super) fn candidates(origin: &str, target: &str) -> Vec<String> {
    let (with_port, without_port) = ports(origin);
    let both = |target: &str| [&with_port, &without_port].map(|origin| format!("{origin}{target}"));
    let mut urls = both(target).to_vec();
    if let Some((path, query)) = target.split_once('?').filter(|(_, query)| !query.is_empty()) {
        let reencoded = form::reencode(query);
        if reencoded != query {
            urls.extend(both(&format!("{path}?{reencoded}")));
        }
    }
    urls
}

/// Returns whether the query holds the SHA-256 of the body in hexadecimal, which is how a body that is no
/// form is signed.
pub(super) fn body_matches(query: &str, body: &[u8]) -> bool {
    let hash = hex::encode(Sha256::digest(body));
    let claims = form::pairs(query.as_bytes());
    let mut claims = claims.iter().filter(|(name, _)| name.as_ref() == b"bodySHA256");
    let claim = claims.next().map(|(_, value)| value.to_ascii_lowercase());
    claim.is_some_and(|claim| hash.as_bytes().ct_eq(&claim).into()) && claims.next().is_none()
}

fn key(token: &SecretString) -> Hmac<Sha1> {
    Hmac::new_from_slice(token.expose_secret().as_bytes()).expect("HMAC takes a key of any length")
}

fn code(mut mac: Hmac<Sha1>, url: &str, form: &[u8]) -> String {
    mac.update(url.as_bytes());
    mac.update(form);
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// Concatenates names and values: names sorted, the values of each sorted and without duplicates.
fn signed_form(form: &[Pair<'_>]) -> Vec<u8> {
    let mut pairs: Vec<&Pair<'_>> = form.iter().collect();
    pairs.sort_unstable();
    pairs.dedup();
    let length = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    let mut signed = Vec::with_capacity(length);
    for (name, value) in pairs {
        signed.extend_from_slice(name);
        signed.extend_from_slice(value);
    }
    signed
}

/// Origin with its port, or the default one of the scheme, and without.
fn ports(origin: &str) -> (String, String) {
    let host = origin.rfind(['@', '/']).map_or(0, |at| at + 1);
    // The colons of an IPv6 address come before its closing bracket.
    let end = origin.rfind(']').map_or(host, |at| at.max(host));
    if let Some(colon) = origin[end..].rfind(':') {
        return (origin.to_owned(), origin[..end + colon].to_owned());
    }
    let default = if origin.starts_with("https:") { 443 } else { 80 };
    (format!("{origin}:{default}"), origin.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HTTPS: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const CALL: &[u8] = b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309\
        &To=%2B18005551212&Caller=%2B14158675309";
    const OTHER_CALLER: &[u8] = b"CallSid=CA1234567890ABCDE&Digits=1234&From=%2B12349013030\
        &To=%2B18005551212&Caller=%2B12349013030";
    const JSON_URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2&bodySHA256=\
        0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";

    // Vectors that Twilio publishes with its libraries.
    #[rstest]
    #[case(HTTPS, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
    #[case("https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w=")]
    #[case("http://mycompany.com:80/myapp.php?foo=1&bar=2", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
    #[case("http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=")]
    #[case(HTTPS, OTHER_CALLER, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")]
    #[case(
        HTTPS,
        b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
        "IK+Dwps556ElfBT0I3Rgjkr1wJU="
    )]
    #[case(JSON_URL, b"", "a9nBmqA0ju/hNViExpshrM61xv4=")]
    fn published_vectors_are_reproduced(
        #[case] url: &str,
        #[case] form: &[u8],
        #[case] expected: &str,
    ) {
        assert_eq!(sign(&SecretString::from("12345"), url, form), expected);
    }

    #[rstest]
    #[case("https://example.com", "https://example.com:443", "https://example.com")]
    #[case("http://example.com", "http://example.com:80", "http://example.com")]
    #[case("https://example.com:8443", "https://example.com:8443", "https://example.com")]
    #[case("https://u:p@example.com", "https://u:p@example.com:443", "https://u:p@example.com")]
    #[case("http://u:p@[::1]:81", "http://u:p@[::1]:81", "http://u:p@[::1]")]
    #[case("http://[::1]", "http://[::1]:80", "http://[::1]")]
    fn origin_is_tried_with_its_port_and_without(
        #[case] origin: &str,
        #[case] with: &str,
        #[case] without: &str,
    ) {
        assert_eq!(ports(origin), (with.to_owned(), without.to_owned()));
    }

    #[test]
    fn query_is_tried_as_received_and_reencoded() {
        assert_eq!(
            candidates("https://example.com", "/in?a=it%27s+me"),
            [
                "https://example.com:443/in?a=it%27s+me",
                "https://example.com/in?a=it%27s+me",
                "https://example.com:443/in?a=it's%20me",
                "https://example.com/in?a=it's%20me",
            ]
        );
    }

    #[test]
    fn url_that_is_the_same_reencoded_is_tried_once() {
        for target in ["/in", "/in?", "/in?a=it's%20me"] {
            let urls = ["https://example.com:443", "https://example.com"];
            let urls = urls.map(|origin| format!("{origin}{target}"));
            assert_eq!(candidates("https://example.com", target), urls);
        }
    }

    #[test]
    fn prepared_keys_find_what_each_of_them_has_signed() {
        let tokens = ["12345", "another"].map(SecretString::from);
        let (keys, pairs) = (SigningKeys::new(tokens.iter()), form::pairs(CALL));
        let urls = ["https://mycompany.com".to_owned(), HTTPS.to_owned()];
        let is_genuine = |token: &str, url: &str| {
            let claimed = sign(&SecretString::from(token), url, CALL);
            keys.is_genuine(&claimed, &urls, &pairs)
        };
        assert!(is_genuine("12345", HTTPS) && is_genuine("another", &urls[0]));
        assert!(!is_genuine("12346", HTTPS) && !is_genuine("12345", "https://mycompany.com/"));
        assert!(!keys.is_genuine(&sign(&tokens[0], HTTPS, CALL), &urls, &pairs[1..]));
        assert!(!SigningKeys::new([].iter()).is_genuine("", &urls, &pairs));
    }

    #[test]
    fn body_matches_its_own_hash_alone() {
        let query = JSON_URL.split_once('?').unwrap().1;
        let body = br#"{"property": "value", "boolean": true}"#;
        assert!(body_matches(query, body));
        assert!(body_matches(&query.to_uppercase().replace("BODY", "body"), body));
        assert!(!body_matches(query, b"{}"));
        assert!(!body_matches("foo=1", body));
        assert!(!body_matches(&format!("{query}&bodySHA256=00"), body));
    }
}
