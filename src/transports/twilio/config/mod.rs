//! Configuration of one Twilio account.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, ensure};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::model::address::Identity;
use crate::model::phone;

mod environment;
mod options;

pub use environment::read;
pub use options::TwilioOptions;

/// Credentials, sender and time limits of one account. An option set to `""` counts as not set.
#[derive(Clone)]
pub struct TwilioConfig {
    pub account_sid: String,
    /// Key of the signatures. Without it every webhook is refused.
    pub auth_token: Option<SecretString>,
    /// Second key during a token rotation, accepted beside the first.
    pub auth_token_secondary: Option<SecretString>,
    /// API key that sends in place of the auth token. It cannot check signatures.
    pub api_key: Option<String>,
    pub api_secret: Option<SecretString>,
    pub from_number: Option<String>,
    pub messaging_service_sid: Option<String>,
    /// `https://api.twilio.com`, a regional host, or a test's server.
    pub api_base: String,
    /// Absolute URL of the transport's status route.
    pub status_callback: Option<String>,
    pub connect_timeout: Duration,
    /// Limit of the whole exchange. It must exceed `connect_timeout`, or a slow connect counts as
    /// ambiguous.
    pub timeout: Duration,
    pub options: TwilioOptions,
}

impl TwilioConfig {
    /// Removes every option that is set to the empty string, and writes the number as E.164. An empty
    /// token must never become a key, since every caller could sign with it.
    pub(super) fn normalized(mut self) -> Self {
        let secret =
            |it: Option<SecretString>| it.filter(|secret| !secret.expose_secret().is_empty());
        let plain = |it: Option<String>| it.filter(|text| !text.is_empty());
        self.auth_token = secret(self.auth_token);
        self.auth_token_secondary = secret(self.auth_token_secondary);
        self.api_key = plain(self.api_key);
        self.api_secret = secret(self.api_secret);
        self.from_number = plain(self.from_number).map(|number| phone::normalize(&number));
        self.messaging_service_sid = plain(self.messaging_service_sid);
        self.status_callback = plain(self.status_callback);
        self.api_base.truncate(self.api_base.trim_end_matches('/').len());
        self
    }

    /// Checks what cannot work with any answer of Twilio's, and returns the parsed status callback.
    pub(super) fn check(&self) -> anyhow::Result<Option<Url>> {
        ensure!(
            !self.account_sid.is_empty()
                && self.account_sid.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "the Twilio account SID is not valid; copy it from the console (AC and 32 hex digits)"
        );
        let api = Url::parse(&self.api_base).context("the Twilio API base is not a URL")?;
        ensure!(
            matches!(api.scheme(), "http" | "https") && api.host().is_some(),
            "the Twilio API base must be an http or https URL"
        );
        self.status_callback.as_deref().map(status_callback).transpose()
    }

    /// Returns whether the API is Twilio's, and no test's server.
    pub(super) fn is_at_twilio(&self) -> bool {
        let host = Url::parse(&self.api_base).ok();
        let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
        host == "twilio.com" || host.ends_with(".twilio.com")
    }

    /// Keys that a genuine signature may have been made with.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &SecretString> {
        self.auth_token.iter().chain(&self.auth_token_secondary)
    }
}

fn status_callback(address: &str) -> anyhow::Result<Url> {
    let url = Url::parse(address).context("the status callback is not an absolute URL")?;
    ensure!(
        matches!(url.scheme(), "http" | "https"),
        "the status callback must be an http or https URL"
    );
    ensure!(
        url.host_str().is_some_and(|host| !host.contains('_')),
        "Twilio calls no host with an underscore in its name; give the status callback another one"
    );
    Ok(url)
}

impl fmt::Debug for TwilioConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioConfig")
            .field("account_sid", &self.account_sid)
            .field("auth_token", &self.auth_token.is_some())
            .field("auth_token_secondary", &self.auth_token_secondary.is_some())
            .field("api_key", &self.api_key.is_some())
            .field("api_secret", &self.api_secret.is_some())
            .field("from_number", &self.from_number.as_ref().map(Identity::new))
            .field("messaging_service_sid", &self.messaging_service_sid)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transports::twilio::Twilio;

    fn config() -> TwilioConfig {
        TwilioConfig {
            account_sid: "AC0123456789abcdef0123456789abcdef".to_owned(),
            auth_token: Some(SecretString::from("12345")),
            auth_token_secondary: None,
            api_key: None,
            api_secret: None,
            from_number: None,
            messaging_service_sid: None,
            api_base: "https://api.twilio.com".to_owned(),
            status_callback: None,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            options: TwilioOptions::default(),
        }
    }

    #[test]
    fn debug_shows_no_secret_and_no_number() {
        let secret = || Some(SecretString::from("hush-hush"));
        let twilio = Twilio::new(TwilioConfig {
            auth_token: secret(),
            auth_token_secondary: secret(),
            api_key: Some("SKhush-hush".to_owned()),
            api_secret: secret(),
            from_number: Some("+15005550006".to_owned()),
            api_base: "https://user:hush-hush@api.twilio.com".to_owned(),
            status_callback: Some("https://user:hush-hush@example.com/".to_owned()),
            ..config()
        })
        .unwrap();
        let shown = format!("{twilio:?} {:#?}", twilio.config);
        assert!(!shown.contains("hush"), "{shown}");
        assert!(!shown.contains("500555"), "{shown}");
    }

    #[test]
    fn config_that_cannot_work_is_refused() {
        let refused = |change: fn(&mut TwilioConfig)| {
            let mut config = config();
            change(&mut config);
            Twilio::new(config).is_err()
        };
        assert!(!refused(|_| ()));
        assert!(refused(|it| it.account_sid.clear()));
        assert!(refused(|it| it.account_sid = "AC1/../AC2".to_owned()));
        assert!(refused(|it| "api.twilio.com".clone_into(&mut it.api_base)));
        assert!(refused(|it| "ftp://api.twilio.com".clone_into(&mut it.api_base)));
        assert!(refused(|it| it.status_callback = Some("/status".to_owned())));
        assert!(refused(|it| it.status_callback = Some("https://my_app.example.com/".to_owned())));
    }
}
