//! Who may use the tester. Behind it stands everything that people wrote to it, and the means to
//! write to anybody's handler, so whoever is not let in finds nothing here.

use std::net::IpAddr;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName,
    HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::TesterState;
use crate::http::answer::{nothing, sentence, set};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data: https:; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// How a proxy says for whom it asks.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// What opens the tester.
pub struct Access {
    /// Whoever calls from this machine, and by one of its own names, needs no token. The name is what
    /// a browser was told to go to: it tells a page of this machine from another site whose name was made to
    /// point here, and from a tunnel that shows this machine to the world.
    pub is_open_here: bool,
    /// Opens it from everywhere.
    pub token: Option<SecretString>,
}

enum Verdict {
    Welcome,
    /// There is a token, and this call does not have it.
    Unproven,
    /// There is no way in.
    Nobody,
}

impl Access {
    /// Whether anybody gets in at all.
    pub fn is_closed(&self) -> bool {
        !self.is_open_here && self.token.is_none()
    }

    fn judge(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Verdict {
        let is_near = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        if self.is_open_here && is_near && is_from_here(headers) {
            return Verdict::Welcome;
        }
        match &self.token {
            None => Verdict::Nobody,
            Some(token) if shows(headers, token) => Verdict::Welcome,
            Some(_) => Verdict::Unproven,
        }
    }
}

/// Lets a call through, or turns it away.
pub(super) async fn gate(
    call: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let state = call.app_data::<Data<TesterState>>().cloned();
    let verdict = state.map_or(Verdict::Nobody, |state| {
        let peer = call.peer_addr().map(|peer| peer.ip());
        state.access.judge(peer, call.headers())
    });
    let mut response = match verdict {
        // As if there were nothing, down to its headers.
        Verdict::Nobody => return Ok(call.into_response(nothing().await)),
        Verdict::Unproven => call.into_response(ask_for_token()),
        Verdict::Welcome if is_foreign(call.method(), call.headers()) => {
            let text = "this was sent by another site; open /tester and send it from there";
            call.into_response(sentence(StatusCode::FORBIDDEN, text))
        }
        Verdict::Welcome => next.call(call).await?.map_into_boxed_body(),
    };
    guard(response.headers_mut());
    Ok(response)
}

fn ask_for_token() -> HttpResponse {
    let text = "this needs the ADMIN_TOKEN; give it as the password, with any user name";
    let mut refusal = sentence(StatusCode::UNAUTHORIZED, text);
    set(&mut refusal, WWW_AUTHENTICATE, "Basic realm=\"crosswire\"");
    refusal
}

fn guard(headers: &mut HeaderMap) {
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
}

/// Whether the caller believes to have called this machine, and no proxy stands in between.
fn is_from_here(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST);
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_ours =
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|us| us.eq_ignore_ascii_case(name));
    is_ours && !FORWARDED.iter().any(|&header| headers.contains_key(header))
}

/// Whether the call shows the token, as a password or as it is.
fn shows(headers: &HeaderMap, token: &SecretString) -> bool {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, shown)) = value.and_then(|value| value.split_once(' ')) else { return false };
    let shown = shown.trim();
    let password = if scheme.eq_ignore_ascii_case("bearer") {
        shown.as_bytes().to_vec()
    } else if scheme.eq_ignore_ascii_case("basic") {
        let Ok(mut login) = BASE64_STANDARD.decode(shown) else { return false };
        let Some(colon) = login.iter().position(|&byte| byte == b':') else { return false };
        login.split_off(colon + 1)
    } else {
        return false;
    };
    password.ct_eq(token.expose_secret().as_bytes()).into()
}

/// Whether another site makes a browser change something here. Browsers say so themselves.
fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    let site = headers.get(HeaderName::from_static("sec-fetch-site"));
    let is_ours = site.is_none_or(|site| site == "same-origin" || site == "none");
    !is_ours && !matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_this_machines_own_names_are_from_here() {
        for host in ["localhost", "LocalHost:1", "127.0.0.1:62023", "[::1]", "[::1]:80"] {
            assert!(is_from_here(&headers(&[("host", host)])), "{host}");
        }
        let others = ["", "example.com", "localhost.example.com", "127.0.0.1.nip.io", "::1", "a:b"];
        for host in others {
            assert!(!is_from_here(&headers(&[("host", host)])), "{host}");
        }
        assert!(!is_from_here(&headers(&[])));
        assert!(!is_from_here(&headers(&[("host", "localhost"), ("host", "localhost")])));
        for header in ["forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-real-ip"] {
            assert!(!is_from_here(&headers(&[("host", "localhost"), (header, "any")])), "{header}");
        }
    }

    #[test]
    fn whoever_is_somewhere_else_needs_the_token_whatever_name_they_call() {
        let access = Access { is_open_here: true, token: None };
        let local = headers(&[("host", "localhost:62023")]);
        let verdict = |peer: &str| access.judge(peer.parse().ok(), &local);
        for near in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(matches!(verdict(near), Verdict::Welcome), "{near}");
        }
        for far in ["192.168.0.2", "::ffff:192.168.0.2", "2001:db8::1", "nobody"] {
            assert!(matches!(verdict(far), Verdict::Nobody), "{far}");
        }
    }

    #[test]
    fn the_token_is_a_password_or_a_bearers_and_nothing_else() {
        let token = SecretString::from("a token: with a colon");
        // crosswire:a token: with a colon, and the same with another end.
        let right = "Basic Y3Jvc3N3aXJlOmEgdG9rZW46IHdpdGggYSBjb2xvbg==";
        let wrong = "Basic Y3Jvc3N3aXJlOmEgdG9rZW46IHdpdGggYSBjb2xvbQ==";
        for value in [right, "Bearer a token: with a colon", "bearer a token: with a colon"] {
            assert!(shows(&headers(&[("authorization", value)]), &token), "{value}");
        }
        for value in
            [wrong, "Basic %%%", "Basic YQ==", "Bearer ", "Bearer", "a token: with a colon"]
        {
            assert!(!shows(&headers(&[("authorization", value)]), &token), "{value}");
        }
        assert!(!shows(&headers(&[]), &token));
    }
}
