//! The admin token in the `Authorization` header, as a bearer token or as a Basic password.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Reports that a request tries to authorize itself.
pub fn has_authorization(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}

/// Compares the token of a request with the right one. The time depends on neither of them: digests
/// are compared, which have one length.
pub fn has_token(headers: &HeaderMap, token: &SecretString) -> bool {
    shown_token(headers).is_some_and(|shown| is_token(&shown, token))
}

/// Compares a token with the right one.
pub fn is_token(shown: &[u8], token: &SecretString) -> bool {
    let shown = Sha256::digest(shown);
    let token = Sha256::digest(token.expose_secret());
    shown.as_slice().ct_eq(token.as_slice()).into()
}

/// Returns the token that a request shows.
pub fn shown_token(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    // `user:password`, of which only the password counts.
    let mut login = BASE64_STANDARD.decode(credentials).ok()?;
    let colon = login.iter().position(|&byte| byte == b':')?;
    Some(login.split_off(colon + 1))
}

#[cfg(test)]
pub(crate) mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    /// Headers of a request, by lower-case name.
    pub(crate) fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn token_is_a_basic_password_or_a_bearer_token() {
        let token = SecretString::from("a token: with a colon");
        // crosswire:a token: with a colon, and the same with another end.
        let right = "Basic Y3Jvc3N3aXJlOmEgdG9rZW46IHdpdGggYSBjb2xvbg==";
        let wrong = "Basic Y3Jvc3N3aXJlOmEgdG9rZW46IHdpdGggYSBjb2xvbQ==";
        for value in [right, "Bearer a token: with a colon", "bearer a token: with a colon"] {
            assert!(has_token(&headers(&[("authorization", value)]), &token), "{value}");
        }
        for value in
            [wrong, "Basic %%%", "Basic YQ==", "Bearer ", "Bearer", "a token: with a colon"]
        {
            assert!(!has_token(&headers(&[("authorization", value)]), &token), "{value}");
        }
        assert!(!has_token(&headers(&[]), &token));
    }
}
