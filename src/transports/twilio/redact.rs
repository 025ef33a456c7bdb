//! Redaction: the text of a message is emptied in Twilio's records.

use reqwest::StatusCode;

use super::{Twilio, api, outcome};
use crate::contracts::transport::SendError;

/// Empties the text of a message. One that Twilio no longer has is empty already.
pub(super) async fn redact(twilio: &Twilio, sid: &str) -> Result<(), SendError> {
    let is_sid = sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_sid {
        return Ok(());
    }
    let messages = api::messages_url(&twilio.config);
    let url = format!("{}/{sid}.json", messages.trim_end_matches(".json"));
    let request = twilio.http.post(url).form(&[("Body", "")]);
    let response = api::exchange(twilio, request).await?;
    if response.status.is_success() || response.status == StatusCode::NOT_FOUND {
        return Ok(());
    }
    Err(outcome::send_error(&response))
}
