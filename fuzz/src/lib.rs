//! Calls of a provider, for the targets.

use std::sync::LazyLock;
use std::time::Duration;

use crosswire::contracts::transport::WebhookRequest;
use crosswire::transports::twilio::{Twilio, TwilioConfig, TwilioOptions, signature};
use secrecy::SecretString;

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "12345";
const ORIGIN: &str = "https://example.com";
const FORM: &str = "application/x-www-form-urlencoded";

/// Transport of all inputs, because creating one takes a thousand times as long as a call.
pub fn twilio() -> &'static Twilio {
    static TWILIO: LazyLock<Twilio> = LazyLock::new(|| {
        let config = TwilioConfig {
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
        };
        Twilio::new(config).expect("the configuration is complete")
    });
    &TWILIO
}

/// Genuine request: a POST with this form, or a GET when there is none.
pub fn signed_request(target: &str, form: Option<&str>) -> WebhookRequest {
    let body = form.unwrap_or_default();
    let url = format!("{ORIGIN}{target}");
    let signature = signature::sign(&SecretString::from(TOKEN), &url, body.as_bytes());
    let mut headers = vec![("x-twilio-signature".to_owned(), signature)];
    if form.is_some() {
        headers.push(("content-type".to_owned(), FORM.to_owned()));
    }
    WebhookRequest {
        method: if form.is_some() { "POST" } else { "GET" }.to_owned(),
        origin: ORIGIN.to_owned(),
        target: target.to_owned(),
        headers,
        body: body.to_owned().into(),
        ..WebhookRequest::default()
    }
}
