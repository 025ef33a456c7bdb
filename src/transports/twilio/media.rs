//! Media of inbound messages, fetched from Twilio's own hosts alone.
//!
//! The address of a medium is a parameter of the webhook. The credentials are sent to the account's
//! resources at the API only, and never follow a redirect: it leads to a signed address of the storage.

use reqwest::header::LOCATION;
use url::{Host, Url};

use super::{Twilio, api};
use crate::contracts::transport::MediaError;
use crate::http_client::{self, BodyError, Response};

/// Twilio's API, which the addresses of media may name although a regional host is configured.
const API: &str = "https://api.twilio.com";

/// Largest medium, which is also what Twilio takes of a picture.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// Redirects from the API to the storage.
const MAX_REDIRECTS: usize = 2;

pub(super) async fn fetch(twilio: &Twilio, address: &str) -> Result<Vec<u8>, MediaError> {
    let mut url = resource(twilio, address).ok_or(MediaError::Gone)?;
    let request = twilio.media_http.get(url.clone());
    let mut request = api::authorized(&twilio.config, request)
        .map_err(|error| MediaError::Unavailable(error.to_string()))?;
    for _ in 0..=MAX_REDIRECTS {
        let sent = request.send().await.map_err(http_client::failure);
        let response = sent.map_err(|error| MediaError::Unavailable(error.to_string()))?;
        let status = response.status();
        if !status.is_redirection() {
            return read(response).await;
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        url = location
            .and_then(|location| url.join(location).ok())
            .filter(|url| is_storage(twilio, url))
            .ok_or_else(|| MediaError::Unavailable("it leads to another host".to_owned()))?;
        request = twilio.media_http.get(url.clone());
    }
    Err(MediaError::Unavailable("it leads from one host to the next".to_owned()))
}

async fn read(response: reqwest::Response) -> Result<Vec<u8>, MediaError> {
    match response.status().as_u16() {
        200 => {}
        404 | 410 => return Err(MediaError::Gone),
        status => return Err(MediaError::Unavailable(format!("status {status}"))),
    }
    let length = response.content_length().and_then(|length| usize::try_from(length).ok());
    if length.is_some_and(|length| length > MAX_BYTES) {
        return Err(MediaError::TooLarge);
    }
    match Response::read_whole(response, MAX_BYTES).await {
        Ok(whole) => Ok(whole.body.unwrap_or_default()),
        Err(BodyError::TooLong) => Err(MediaError::TooLarge),
        Err(error @ BodyError::Broken) => Err(MediaError::Unavailable(error.to_string())),
    }
}

/// Returns the address of a medium of the account's messages at the API; `None` for any other.
fn resource(twilio: &Twilio, address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let messages = api::account_path(&twilio.config, "Messages/");
    let is_api = [API, &twilio.config.api_base].into_iter().any(|api| has_origin(&url, api));
    let is_plain = url.username().is_empty() && url.password().is_none();
    (is_api && is_plain && url.path().starts_with(&messages)).then_some(url)
}

/// Returns whether an address is one of the storage that the API leads to.
fn is_storage(twilio: &Twilio, url: &Url) -> bool {
    if !twilio.config.is_at_twilio() && has_origin(url, &twilio.config.api_base) {
        return true;
    }
    let Some(Host::Domain(host)) = url.host() else { return false };
    let is_twilio = host.ends_with(".twiliocdn.com") || host.ends_with(".twilio.com");
    let is_bucket = host.ends_with(".amazonaws.com")
        && (url.path().starts_with("/media.twiliocdn.com/")
            || host.starts_with("media.twiliocdn.com."));
    url.scheme() == "https" && url.port().is_none() && (is_twilio || is_bucket)
}

fn has_origin(url: &Url, base: &str) -> bool {
    Url::parse(base).is_ok_and(|base| base.origin() == url.origin())
}
