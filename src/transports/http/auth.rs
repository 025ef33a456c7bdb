//! Credentials of requests, in both directions: a bearer token, a user with a password, a shared
//! secret, and an HMAC-SHA256 over the body. All that are configured apply.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::secrets::Secrets;
use crate::contracts::transport::WebhookRequest;

/// Credentials as topics.toml describes them. Every `_env` is the name of an environment variable.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AuthSettings {
    pub(super) bearer_env: Option<String>,
    user: Option<String>,
    password_env: Option<String>,
    secret_env: Option<String>,
    secret_field: Option<String>,
    secret_header: Option<String>,
    hmac_env: Option<String>,
    hmac_header: Option<String>,
}

/// Place of a shared secret.
enum Place {
    Field(String),
    Header(String),
}

/// Credentials with their secrets.
#[derive(Default)]
pub(super) struct Auth {
    bearer: Option<SecretString>,
    basic: Option<(String, SecretString)>,
    secret: Option<(Place, SecretString)>,
    hmac: Option<(String, SecretString)>,
}

impl AuthSettings {
    /// Returns whether a secret is named. A field or a header without one proves nothing.
    pub(super) fn names_credentials(&self) -> bool {
        [&self.bearer_env, &self.password_env, &self.secret_env, &self.hmac_env]
            .into_iter()
            .any(Option::is_some)
    }

    /// Reads the secrets. `table` is the key of these settings.
    pub(super) fn read(self, table: &str, secrets: &mut Secrets<'_>) -> Auth {
        let mut secret = |key: &str, name: Option<String>| {
            name.and_then(|name| secrets.read(&format!("{table}.{key}"), &name))
        };
        let bearer = secret("bearer_env", self.bearer_env);
        let password = secret("password_env", self.password_env.clone());
        let shared = secret("secret_env", self.secret_env);
        let key = secret("hmac_env", self.hmac_env);
        if self.user.is_some() != self.password_env.is_some() {
            let sentence = "user and password_env go together; write both or neither";
            secrets.errors.add(table, sentence);
        }
        let place = match (self.secret_field, self.secret_header) {
            (field, None) => Place::Field(field.unwrap_or_else(|| "secret".to_owned())),
            (None, Some(header)) => Place::Header(header.to_ascii_lowercase()),
            (Some(_), Some(_)) => {
                let sentence = "secret_field and secret_header name two places; remove one";
                secrets.errors.add(table, sentence);
                Place::Field(String::new())
            }
        };
        let header = self.hmac_header.unwrap_or_else(|| "x-signature".to_owned());
        Auth {
            bearer,
            basic: self.user.zip(password),
            secret: shared.map(|secret| (place, secret)),
            hmac: key.map(|key| (header.to_ascii_lowercase(), key)),
        }
    }
}

impl Auth {
    pub(super) fn is_empty(&self) -> bool {
        self.bearer.is_none() && self.basic.is_none() && !self.is_signed() && self.secret.is_none()
    }

    fn is_signed(&self) -> bool {
        self.hmac.is_some()
    }

    /// Returns whether a request has every credential, but for a secret among its fields.
    pub(super) fn is_met_by(&self, request: &WebhookRequest) -> bool {
        let authorization = request.header("authorization").unwrap_or_default();
        let bearer = self.bearer.iter().all(|token| {
            // Some gateways, such as Junebug, call it a token.
            let sent = scheme(authorization, "bearer").or(scheme(authorization, "token"));
            sent.is_some_and(|sent| is_equal(sent, token))
        });
        let basic = self.basic.iter().all(|(user, password)| {
            let pair = SecretString::from(format!("{user}:{}", password.expose_secret()));
            let sent = scheme(authorization, "basic")
                .and_then(|sent| String::from_utf8(BASE64_STANDARD.decode(sent).ok()?).ok());
            sent.is_some_and(|sent| is_equal(&sent, &pair))
        });
        let header = self.secret.iter().all(|(place, secret)| match place {
            Place::Field(_) => true,
            Place::Header(name) => request.header(name).is_some_and(|it| is_equal(it, secret)),
        });
        let hmac = self.hmac.iter().all(|(name, key)| {
            let content = if request.method == "GET" {
                request.query().as_bytes()
            } else {
                request.body.as_slice()
            };
            request.header(name).is_some_and(|claimed| is_signature(key, content, claimed))
        });
        bearer && basic && header && hmac
    }

    /// Name of the field with the secret, if there is one.
    pub(super) fn secret_field(&self) -> Option<&str> {
        match &self.secret {
            Some((Place::Field(name), _)) => Some(name),
            _ => None,
        }
    }

    /// Returns whether this is the secret.
    pub(super) fn is_secret(&self, sent: &str) -> bool {
        self.secret.as_ref().is_some_and(|(_, secret)| is_equal(sent, secret))
    }

    /// Field that a request of ours needs.
    pub(super) fn field(&self) -> Option<(&str, &str)> {
        let (_, secret) = self.secret.as_ref()?;
        self.secret_field().map(|name| (name, secret.expose_secret()))
    }

    /// Adds the headers of a request of ours, whose content is signed.
    pub(super) fn add_headers(
        &self,
        mut request: RequestBuilder,
        content: &[u8],
    ) -> RequestBuilder {
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some((user, password)) = &self.basic {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        if let Some((Place::Header(name), secret)) = &self.secret {
            request = request.header(name, secret.expose_secret());
        }
        if let Some((name, key)) = &self.hmac {
            request = request.header(name, hex::encode(mac(key, content).finalize().into_bytes()));
        }
        request
    }
}

/// Credentials of an `Authorization` header of this scheme (RFC 9110 section 11.4).
pub(super) fn scheme<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let (scheme, credentials) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then(|| credentials.trim())
}

/// Compares in a time that depends on neither text: both are hashed first.
fn is_equal(sent: &str, secret: &SecretString) -> bool {
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    digest(sent).ct_eq(&digest(secret.expose_secret())).into()
}

pub(super) fn mac(key: &SecretString, content: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(content);
    mac
}

/// Checks a signature in hexadecimal or Base64, with or without `sha256=` before it.
fn is_signature(key: &SecretString, content: &[u8], claimed: &str) -> bool {
    let claimed = claimed.strip_prefix("sha256=").unwrap_or(claimed);
    let decoded = hex::decode(claimed).ok().or_else(|| BASE64_STANDARD.decode(claimed).ok());
    decoded.is_some_and(|claimed| mac(key, content).verify_slice(&claimed).is_ok())
}
