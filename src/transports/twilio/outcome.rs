//! Classification of Twilio's error responses by the action that follows.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

use super::codes::{
    self,
    Class::{self, Account, Ambiguous, Line, Message, NotSent, Recipient, Throttled},
};
use crate::contracts::transport::SendError;
use crate::http_client::Response;

/// Body of an error response.
#[derive(Deserialize)]
struct ApiError {
    code: u32,
}

/// Classifies a response other than success.
pub(super) fn send_error(response: &Response) -> SendError {
    let body = response.body.as_deref();
    let error = body.and_then(|body| serde_json::from_slice::<ApiError>(body).ok());
    let code = error.map(|error| error.code);
    let known = code.and_then(|code| Some((code, codes::known(code)?)));
    match (response.status.as_u16(), known) {
        // After a server error the message may have been accepted. 20503 proves that it was not, for
        // it comes from Twilio itself and not from a proxy.
        (500.., Some((20503, _))) => SendError::NotSent("the service is unavailable".to_owned()),
        (500.., _) => SendError::Ambiguous(format!("status {}", response.status.as_u16())),
        (429, _) => throttled(response, known.map(|(_, (class, _))| class)),
        (_, Some((code, (class, meaning)))) => classified(response, code, class, meaning),
        (status, None) => unclassified(response, status, code),
    }
}

fn classified(response: &Response, code: u32, class: Class, meaning: &str) -> SendError {
    let reason = meaning.to_owned();
    match class {
        Account => SendError::Account { code, reason },
        Line => SendError::Line { code, reason },
        Recipient => SendError::Recipient { code, reason },
        Message => SendError::Message { code, reason },
        Throttled(_) => throttled(response, Some(class)),
        NotSent => SendError::NotSent(format!("{code}: {reason}")),
        Ambiguous => SendError::Ambiguous(format!("{code}: {reason}")),
    }
}

fn throttled(response: &Response, class: Option<Class>) -> SendError {
    let usual = match class {
        Some(Throttled(seconds)) if seconds > 0 => Some(Duration::from_secs(seconds)),
        _ => None,
    };
    match response.retry_after {
        // The limit of requests at once is the account's; other limits have a code of their own.
        Some(retry_after) if response.status.as_u16() == 429 && usual.is_none() => {
            SendError::AccountThrottled { retry_after }
        }
        named => SendError::Throttled { retry_after: named.or(usual) },
    }
}

/// Classifies an unknown code by the HTTP status, which also stands for a missing code.
fn unclassified(response: &Response, status: u16, code: Option<u32>) -> SendError {
    let number = code.unwrap_or(u32::from(status));
    let reason = match code {
        Some(code) => codes::explanation(code),
        None => format!("status {status} without a Twilio error code"),
    };
    match StatusCode::from_u16(status) {
        Ok(StatusCode::REQUEST_TIMEOUT) => SendError::Ambiguous(reason),
        Ok(
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        ) => SendError::Account { code: number, reason },
        // A redirect is not followed, because the credentials would be sent along.
        Ok(status) if status.is_redirection() => SendError::Account { code: number, reason },
        // The body that held the reason was lost; it may have been a temporary one.
        Ok(status) if status.is_client_error() && response.body.is_none() => {
            SendError::NotSent(reason)
        }
        Ok(status) if status.is_client_error() => SendError::Message { code: number, reason },
        _ => SendError::Ambiguous(reason),
    }
}
