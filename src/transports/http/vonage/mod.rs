//! Vonage's Messages API (developer.vonage.com, "Messages API" version 1, and "Signed webhooks").

mod inbound;
mod token;

use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::address::check_base;
use super::gateway::{Built, Gateway};
use super::outbound::text;
use super::outcome;
use super::secrets::Secrets;
use super::settings::MediaSettings;
use crate::contracts::handler::Result;
use crate::contracts::settings::BuildContext;
use crate::contracts::transport::{ReceiveError, Received, SendError, SentReceipt, WebhookRequest};
use crate::http_client::Response;
use crate::model::message::Outbound;

/// Longest `client_ref` in characters, by the reference of the API.
const MAX_CLIENT_REF: usize = 100;

/// Settings of the preset; the variables have the names of Vonage's own libraries.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct VonageSettings {
    line: Option<String>,
    media: MediaSettings,
    channel: String,
    api_base: String,
    api_key_env: String,
    api_secret_env: String,
    signature_secret_env: String,
}

impl Default for VonageSettings {
    fn default() -> Self {
        Self {
            line: None,
            media: MediaSettings::default(),
            channel: "sms".to_owned(),
            api_base: "https://api.nexmo.com".to_owned(),
            api_key_env: "VONAGE_API_KEY".to_owned(),
            api_secret_env: "VONAGE_API_SECRET".to_owned(),
            signature_secret_env: "VONAGE_SIGNATURE_SECRET".to_owned(),
        }
    }
}

struct Vonage {
    transport: String,
    channel: String,
    url: String,
    api_key: Option<SecretString>,
    api_secret: Option<SecretString>,
    signature_secret: Option<SecretString>,
}

/// Builds the gateway, or reports every setting that cannot work.
pub(super) fn build(settings: VonageSettings, context: &BuildContext<'_>) -> Result<Built> {
    let mut secrets = Secrets::new(context);
    check_base(&settings.api_base, &mut secrets);
    let gateway = Vonage {
        transport: context.part.to_owned(),
        channel: settings.channel,
        url: format!("{}/v1/messages", settings.api_base.trim_end_matches('/')),
        api_key: secrets.read("api_key_env", &settings.api_key_env),
        api_secret: secrets.read("api_secret_env", &settings.api_secret_env),
        signature_secret: secrets.read("signature_secret_env", &settings.signature_secret_env),
    };
    let missing = secrets.missing();
    secrets.errors.into_result()?;
    let line = settings.line.filter(|line| !line.is_empty());
    let media = settings.media.policy();
    Ok(Built { gateway: Box::new(gateway), line, media, dedupe: None, missing })
}

impl Gateway for Vonage {
    fn receive(&self, request: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        let secret = self.signature_secret.as_ref();
        let secret = secret.ok_or_else(|| ReceiveError::NotConfigured("no secret".to_owned()))?;
        inbound::receive(&self.transport, secret, request)
    }

    fn request(
        &self,
        http: &reqwest::Client,
        message: &Outbound,
        line: &str,
    ) -> std::result::Result<RequestBuilder, SendError> {
        if line.is_empty() {
            let reason = "no line to send from; set line in the transport's table".to_owned();
            return Err(SendError::Line { code: 0, reason });
        }
        let body = json!({
            "message_type": "text",
            "channel": self.channel,
            "to": bare(message.to.identity.reveal()),
            "from": bare(line),
            "text": text(message),
            "client_ref": self.client_ref(message),
        });
        let (key, secret) = (self.api_key.as_ref(), self.api_secret.as_ref());
        let key = key.map(ExposeSecret::expose_secret).unwrap_or_default();
        let request = http.post(&self.url).basic_auth(key, secret.map(ExposeSecret::expose_secret));
        Ok(request.json(&body))
    }

    fn receipt(
        &self,
        response: &Response,
        _: &Outbound,
    ) -> std::result::Result<SentReceipt, SendError> {
        if !response.status.is_success() {
            return Err(outcome::send_error(response, &[]));
        }
        let id = outcome::field(response, "message_uuid");
        let unreadable = || SendError::Ambiguous("a success without a message_uuid".to_owned());
        id.map(SentReceipt::new).ok_or_else(unreadable)
    }
}

impl Vonage {
    /// Ids that the delivery reports return: the message's, and behind a comma its cause's.
    fn client_ref(&self, message: &Outbound) -> Value {
        let id = message.id.as_str();
        let both = message.cause.as_ref().map(|cause| {
            // Half of the length is saved where it is the transport's own name.
            let own = cause.id.as_str().strip_prefix(&self.transport);
            let own = own.filter(|rest| rest.starts_with(':'));
            format!("{id},{}", own.unwrap_or(cause.id.as_str()))
        });
        both.filter(|both| both.len() <= MAX_CLIENT_REF).unwrap_or_else(|| id.to_owned()).into()
    }
}

/// Number as Vonage writes it: E.164 without the `+`.
fn bare(number: &str) -> &str {
    number.strip_prefix('+').unwrap_or(number)
}
