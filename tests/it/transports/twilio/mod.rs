//! Tests of the Twilio transport through its contract.

use std::sync::LazyLock;
use std::time::Duration;

use crosswire::contracts::transport::WebhookRequest;
use crosswire::model::address::Address;
use crosswire::model::message::{MessageId, Outbound};
use crosswire::transports::twilio::{NAME, Twilio, TwilioConfig, TwilioOptions, signature};
use secrecy::SecretString;

mod config;
mod cost;
mod errors;
mod find;
mod media;
mod missed;
mod mutations;
pub(crate) mod provider;
mod receive;
mod reference;
mod report;
mod send;
mod signature_properties;
mod signatures;

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "12345";
const FORM: &str = "application/x-www-form-urlencoded";

fn test_config() -> TwilioConfig {
    TwilioConfig {
        account_sid: ACCOUNT.to_owned(),
        auth_token: Some(SecretString::from(TOKEN)),
        auth_token_secondary: None,
        api_key: None,
        api_secret: None,
        from_number: None,
        messaging_service_sid: None,
        api_base: "https://api.twilio.com".to_owned(),
        status_callback: None,
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(10),
        options: TwilioOptions::default(),
    }
}

/// Transport that the tests of `receive` share, because creating a client loads certificates.
pub(crate) fn twilio() -> &'static Twilio {
    static TWILIO: LazyLock<Twilio> = LazyLock::new(|| Twilio::new(test_config()).unwrap());
    &TWILIO
}

/// Genuine request: a POST with this form, or a GET when there is none.
pub(crate) fn signed_request(origin: &str, target: &str, form: Option<&str>) -> WebhookRequest {
    let body = form.unwrap_or_default();
    let url = format!("{origin}{target}");
    let signature = signature::sign(&SecretString::from(TOKEN), &url, body.as_bytes());
    let mut headers = vec![("x-twilio-signature".to_owned(), signature)];
    if form.is_some() {
        headers.push(("content-type".to_owned(), FORM.to_owned()));
    }
    WebhookRequest {
        method: if form.is_some() { "POST" } else { "GET" }.to_owned(),
        origin: origin.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.into(),
        ..WebhookRequest::default()
    }
}

fn outbound(text: &str) -> Outbound {
    let to = Address::new(NAME, "+14158675309", "+15005550006");
    let mut message = Outbound::new(to, text.into(), Vec::new(), None);
    message.id = MessageId::new("out-1");
    message
}
