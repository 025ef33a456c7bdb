//! Responses of bounded size, and the failures of an exchange.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::contracts::transport::SendError;

/// Longest `Retry-After` that is honoured.
const MAX_PAUSE: Duration = Duration::from_hours(24);

/// Response that has been read.
pub struct Response {
    pub status: StatusCode,
    /// Pause that the server asks for.
    pub retry_after: Option<Duration>,
    /// Time by the server's clock, in whole seconds.
    pub date: Option<DateTime<Utc>>,
    /// Absent when it could not be read, or was longer than allowed.
    pub body: Option<Vec<u8>>,
}

/// Body that was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is longer than allowed")]
    TooLong,
    #[error("the connection ended within the body")]
    Broken,
}

impl Response {
    /// Reads a response, its body up to a number of bytes.
    pub async fn read(mut response: reqwest::Response, max_bytes: usize) -> Self {
        Self {
            status: response.status(),
            retry_after: retry_after(response.headers()),
            date: date(response.headers()),
            body: body(&mut response, max_bytes).await.ok(),
        }
    }

    /// Reads a response whose body is needed.
    pub async fn read_whole(
        mut response: reqwest::Response,
        max_bytes: usize,
    ) -> Result<Self, BodyError> {
        Ok(Self {
            status: response.status(),
            retry_after: retry_after(response.headers()),
            date: date(response.headers()),
            body: Some(body(&mut response, max_bytes).await?),
        })
    }
}

async fn body(response: &mut reqwest::Response, max_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| BodyError::Broken)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(BodyError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Pause that the server asks for, in seconds or as a date. A date is compared with the response's
/// own `Date`, so that clocks need not agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let value = text(RETRY_AFTER)?;
    let pause = value.parse().map(Duration::from_secs).ok().or_else(|| {
        let until = DateTime::parse_from_rfc2822(value).ok()?;
        (until.to_utc() - date(headers)?).to_std().ok()
    })?;
    Some(pause.min(MAX_PAUSE))
}

fn date(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = headers.get(DATE)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(date).ok().map(|date| date.to_utc())
}

/// Classifies a failure of the exchange itself. An error before the connection was established is
/// certainly not sent; afterwards the request may have been written.
pub fn failure(error: reqwest::Error) -> SendError {
    let unwritten = error.is_connect() || error.is_builder();
    // The URL may hold the recipient's number.
    let sentence = sentence(&error.without_url());
    if unwritten { SendError::NotSent(sentence) } else { SendError::Ambiguous(sentence) }
}

/// Error message with those of its causes, since the outermost one is too general.
fn sentence(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
