//! Twilio: SMS, MMS and the channels that it wraps in the same protocol (`whatsapp:` and others).
//!
//! Inbound calls are trusted for their signature alone, never for where they come from. Outbound,
//! Twilio has no idempotency key, so the one question of every failure is whether the request may
//! have been taken; what cannot be proved to be *not sent* is *ambiguous*.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, ensure};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::contracts::transport::{
    ReceiveError, Received, SendError, Sent, Transport, WebhookRequest, WebhookResponse,
};
use crate::model::address::Identity;
use crate::model::message::Outbound;

mod api;
pub mod config;
mod fields;
mod form;
mod inbound;
mod listing;
mod outcome;
mod report;
pub mod signature;
mod twiml;
mod webhook;

pub const NAME: &str = "twilio";

/// What one account needs. An option that is set to nothing (`""`) counts as not set.
#[derive(Clone)]
pub struct Settings {
    pub account_sid: String,
    /// What Twilio signs with. Without it no call is genuine.
    pub auth_token: Option<SecretString>,
    /// The second token of a rotation, accepted beside the first.
    pub auth_token_secondary: Option<SecretString>,
    /// With its secret it is used for sending instead of the auth token; it cannot check signatures.
    pub api_key: Option<String>,
    pub api_secret: Option<SecretString>,
    pub from_number: Option<String>,
    pub messaging_service_sid: Option<String>,
    /// `https://api.twilio.com`, a regional host, or a test's server.
    pub api_base: String,
    /// The absolute URL of the topic's status route.
    pub status_callback: Option<String>,
    pub connect_timeout: Duration,
    /// For the whole exchange. Longer than `connect_timeout`, or a slow connect reads as ambiguous.
    pub timeout: Duration,
}

/// One Twilio account, as a transport.
pub struct Twilio {
    settings: Settings,
    http: reqwest::Client,
    status_callback: Option<Url>,
}

impl Twilio {
    pub fn new(settings: Settings) -> anyhow::Result<Self> {
        let settings = settings.without_blanks();
        ensure!(
            !settings.account_sid.is_empty()
                && settings.account_sid.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "the Twilio account SID is not one; copy it from the console (AC and 32 hex digits)"
        );
        let api = Url::parse(&settings.api_base).context("the Twilio API base is not a URL")?;
        ensure!(
            matches!(api.scheme(), "http" | "https") && api.host().is_some(),
            "the Twilio API base must be an http or https URL"
        );
        let status_callback = settings.status_callback.as_deref().map(callback).transpose()?;
        let http = api::client(&settings)?;
        Ok(Self { settings, http, status_callback })
    }
}

#[async_trait]
impl Transport for Twilio {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        webhook::receive(&self.settings, request)
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        twiml::answer(text)
    }

    async fn send(&self, message: &Outbound) -> Result<Sent, SendError> {
        api::send(self, message).await
    }

    async fn find(
        &self,
        message: &Outbound,
        since: DateTime<Utc>,
    ) -> Result<Option<Vec<Sent>>, SendError> {
        listing::find(self, message, since).await.map(Some)
    }
}

fn callback(address: &str) -> anyhow::Result<Url> {
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

impl Settings {
    /// An empty token must never become a key: everybody can sign with that.
    fn without_blanks(mut self) -> Self {
        let secret =
            |it: Option<SecretString>| it.filter(|secret| !secret.expose_secret().is_empty());
        let plain = |it: Option<String>| it.filter(|text| !text.is_empty());
        self.auth_token = secret(self.auth_token);
        self.auth_token_secondary = secret(self.auth_token_secondary);
        self.api_key = plain(self.api_key);
        self.api_secret = secret(self.api_secret);
        self.from_number = plain(self.from_number);
        self.messaging_service_sid = plain(self.messaging_service_sid);
        self.status_callback = plain(self.status_callback);
        self.api_base.truncate(self.api_base.trim_end_matches('/').len());
        self
    }

    fn tokens(&self) -> impl Iterator<Item = &SecretString> {
        self.auth_token.iter().chain(&self.auth_token_secondary)
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
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

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn settings() -> Settings {
        Settings {
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
        }
    }

    #[test]
    fn debug_shows_no_secret_and_no_number() {
        let secret = || Some(SecretString::from("hush-hush"));
        let twilio = Twilio::new(Settings {
            auth_token: secret(),
            auth_token_secondary: secret(),
            api_key: Some("SKhush-hush".to_owned()),
            api_secret: secret(),
            from_number: Some("+15005550006".to_owned()),
            api_base: "https://user:hush-hush@api.twilio.com".to_owned(),
            status_callback: Some("https://user:hush-hush@example.com/".to_owned()),
            ..settings()
        })
        .unwrap();
        let shown = format!("{twilio:?} {:#?}", twilio.settings);
        assert!(!shown.contains("hush"), "{shown}");
        assert!(!shown.contains("500555"), "{shown}");
    }

    #[test]
    fn settings_that_cannot_work_are_refused_at_once() {
        let refused = |change: fn(&mut Settings)| {
            let mut settings = settings();
            change(&mut settings);
            Twilio::new(settings).is_err()
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
