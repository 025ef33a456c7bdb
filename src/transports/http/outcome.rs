//! Meaning of a gateway's responses.

use reqwest::StatusCode;
use serde_json::Value;

use crate::contracts::transport::SendError;
use crate::http_client::Response;

/// Classifies a status other than success. `retry` are statuses that mean that the message was
/// certainly not accepted.
pub(super) fn send_error(response: &Response, retry: &[u16]) -> SendError {
    let status = response.status;
    let reason = format!("status {}", status.as_u16());
    let code = u32::from(status.as_u16());
    match status {
        StatusCode::TOO_MANY_REQUESTS => throttled(response),
        _ if retry.contains(&status.as_u16()) => match response.retry_after {
            Some(_) => throttled(response),
            None => SendError::NotSent(reason),
        },
        // A server that names a time has looked at the request and refused it.
        StatusCode::SERVICE_UNAVAILABLE if response.retry_after.is_some() => throttled(response),
        StatusCode::REQUEST_TIMEOUT => SendError::Ambiguous(reason),
        StatusCode::UNAUTHORIZED
        | StatusCode::PAYMENT_REQUIRED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::PROXY_AUTHENTICATION_REQUIRED => SendError::Account { code, reason },
        // A redirect is not followed, because the credentials would be sent along.
        status if status.is_redirection() => SendError::Account { code, reason },
        status if status.is_client_error() => SendError::Message { code, reason },
        _ => SendError::Ambiguous(reason),
    }
}

fn throttled(response: &Response) -> SendError {
    SendError::Throttled { retry_after: response.retry_after }
}

/// Value of a field of a JSON response, by the dotted path of its keys.
pub(super) fn field(response: &Response, path: &str) -> Option<String> {
    let json: Value = serde_json::from_slice(response.body.as_deref()?).ok()?;
    let value = path.split('.').try_fold(&json, |json, key| match json {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        json => json.get(key),
    })?;
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
