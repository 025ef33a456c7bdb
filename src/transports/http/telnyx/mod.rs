//! Telnyx' messaging API (developers.telnyx.com, "Send a message" and "Receiving webhooks for
//! messaging").

mod inbound;
mod outcome;
mod signature;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use self::signature::PublicKey;
use super::address::check_base;
use super::gateway::{Built, Gateway};
use super::secrets::Secrets;
use super::settings::MediaSettings;
use crate::contracts::handler::Result;
use crate::contracts::settings::BuildContext;
use crate::contracts::transport::callback::Callback;
use crate::contracts::transport::{ReceiveError, Received, SendError, SentReceipt, WebhookRequest};
use crate::http_client::Response;
use crate::model::message::Outbound;

/// Settings of the preset.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TelnyxSettings {
    line: Option<String>,
    media: MediaSettings,
    messaging_profile_id: Option<String>,
    api_base: String,
    api_key_env: String,
    public_key_env: String,
}

impl Default for TelnyxSettings {
    fn default() -> Self {
        Self {
            line: None,
            media: MediaSettings::default(),
            messaging_profile_id: None,
            api_base: "https://api.telnyx.com".to_owned(),
            api_key_env: "TELNYX_API_KEY".to_owned(),
            public_key_env: "TELNYX_PUBLIC_KEY".to_owned(),
        }
    }
}

struct Telnyx {
    transport: String,
    url: String,
    messaging_profile_id: Option<String>,
    api_key: Option<SecretString>,
    public_key: Option<PublicKey>,
    status_url: Option<Callback>,
}

/// Builds the gateway, or reports every setting that cannot work.
pub(super) fn build(settings: TelnyxSettings, context: &BuildContext<'_>) -> Result<Built> {
    let mut secrets = Secrets::new(context);
    check_base(&settings.api_base, &mut secrets);
    let api_key = secrets.read("api_key_env", &settings.api_key_env);
    let key = secrets.read("public_key_env", &settings.public_key_env);
    let public_key = key.as_ref().and_then(|key| PublicKey::parse(key.expose_secret()));
    if key.is_some() && public_key.is_none() {
        let fix = "copy it from Telnyx' portal, where it is 44 characters";
        secrets.errors.add("public_key_env", format!("names a variable without a key; {fix}"));
    }
    let status = |origin| format!("{origin}/status/{}", context.topic.route(context.part));
    let gateway = Telnyx {
        transport: context.part.to_owned(),
        url: format!("{}/v2/messages", settings.api_base.trim_end_matches('/')),
        messaging_profile_id: settings.messaging_profile_id,
        api_key,
        public_key,
        status_url: context.public_url.map(status).and_then(|url| Callback::parse(&url)),
    };
    let missing = secrets.missing();
    secrets.errors.into_result()?;
    let line = settings.line.filter(|line| !line.is_empty());
    let media = settings.media.policy();
    Ok(Built { gateway: Box::new(gateway), line, media, dedupe: None, missing })
}

impl Gateway for Telnyx {
    fn receive(&self, request: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        let key = self.public_key.as_ref();
        let key = key.ok_or_else(|| ReceiveError::NotConfigured("no public key".to_owned()))?;
        inbound::receive(&self.transport, key, request)
    }

    fn request(
        &self,
        http: &reqwest::Client,
        message: &Outbound,
        line: &str,
    ) -> std::result::Result<RequestBuilder, SendError> {
        if line.is_empty() && self.messaging_profile_id.is_none() {
            let reason = "no line to send from; set line or messaging_profile_id".to_owned();
            return Err(SendError::Line { code: 0, reason });
        }
        let mut body = json!({
            "to": message.to.identity.reveal(),
            "text": message.text.reveal(),
        });
        if !line.is_empty() {
            body["from"] = line.into();
        }
        if let Some(profile) = &self.messaging_profile_id {
            body["messaging_profile_id"] = profile.as_str().into();
        }
        if !message.media.is_empty() {
            body["media_urls"] = message.media.iter().map(|media| media.url.as_str()).collect();
        }
        if let Some(url) = self.status_url(message) {
            body["webhook_url"] = url.into();
        }
        let key = self.api_key.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        Ok(http.post(&self.url).bearer_auth(key).json(&body))
    }

    fn receipt(
        &self,
        response: &Response,
        _: &Outbound,
    ) -> std::result::Result<SentReceipt, SendError> {
        outcome::receipt(response)
    }
}

impl Telnyx {
    /// Address of the message's reports, with the ids that they return. It takes the place of the
    /// profile's, and its query is not signed: the ids are as good as the body that came with them.
    fn status_url(&self, message: &Outbound) -> Option<String> {
        self.status_url.as_ref().map(|url| url.of(message))
    }
}
