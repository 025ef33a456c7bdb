//! Input of a request: its JSON body and its query.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Payload;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::AdminError;
use crate::engine::operations::{self, OperationError};
use crate::http::body::{self, MAX_WEBHOOK_BYTES};

/// Reads a JSON body. A field that is not known is an error.
pub(super) async fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
) -> Result<T, AdminError> {
    if !body::has_content_type(request, "application/json") {
        return Err(AdminError::ContentType);
    }
    let body = body::read(request, payload, MAX_WEBHOOK_BYTES).await?;
    let mut json = serde_json::Deserializer::from_slice(&body);
    // The error itself could quote a number.
    let invalid = |at: String| AdminError::Invalid(format!("the field {at} is not of its kind"));
    let read = serde_path_to_error::deserialize(&mut json);
    let read = read.map_err(|error| invalid(error.path().to_string()))?;
    json.end().map_err(|_| AdminError::Invalid("send one JSON value alone".to_owned()))?;
    Ok(read)
}

/// Reads whether numbers and texts are asked for in full: `1` or `true` in a query, `true` in a body.
pub(super) fn flag<'d, D: Deserializer<'d>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Set(bool),
        Text(String),
    }
    Ok(match Flag::deserialize(deserializer)? {
        Flag::Set(is_set) => is_set,
        Flag::Text(text) => matches!(text.as_str(), "1" | "true"),
    })
}

/// Fails for a number, which a query may not have: logs and the histories of browsers keep addresses.
pub(super) fn require_no_number(text: &str) -> Result<(), AdminError> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_number = digits > 6 && text.chars().all(|it| !it.is_alphabetic() && it != ':');
    if is_number || text.contains('+') {
        return Err(AdminError::Invalid("send a number by POST, not in an address".to_owned()));
    }
    Ok(())
}

/// Reads a time that something lasts: seconds, or such as `7d`.
pub(super) fn time(value: Option<&Value>) -> Result<Option<Duration>, AdminError> {
    let wrong = || AdminError::Invalid("write a time such as 7d, or seconds".to_owned());
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(seconds)) => {
            seconds.as_u64().map(|it| Some(Duration::from_secs(it))).ok_or_else(wrong)
        }
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => {
            humantime::parse_duration(text.trim()).map(Some).map_err(|_| wrong())
        }
        Some(_) => Err(wrong()),
    }
}

/// Reads a time of the past: a time, or an age such as `2h`.
pub(super) fn since(
    text: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, AdminError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = |error: OperationError| AdminError::Invalid(format!("since: {error}"));
    operations::since(text, now).map(Some).map_err(wrong)
}
