//! Client of an app: one exchange, and the class of its failure.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;

use super::answer::Answer;
use crate::http_client::{BodyError, Endpoint, Response, failure};

/// Longest answer that is read.
const MAX_ANSWER: usize = 256 * 1024;

/// Failure of an exchange.
#[derive(Debug)]
pub(super) enum Failure {
    /// The app is away, or asks for a pause: the message is no cause of it.
    Unavailable { reason: String, retry_after: Option<Duration> },
    /// The app has refused the request, or its answer cannot be read. The text continues a sentence.
    Defect(String),
}

/// Client of one app.
pub(super) struct Client {
    endpoint: Endpoint,
}

impl Client {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    pub(super) fn host(&self) -> &str {
        self.endpoint.host()
    }

    /// Posts a request and reads the answer.
    pub(super) async fn post(
        &self,
        id: &str,
        at: DateTime<Utc>,
        request: &[u8],
    ) -> Result<Answer, Failure> {
        let response = self.endpoint.post(id, at, request.to_vec()).await;
        let response = response.map_err(|error| unavailable(failure(error).to_string()))?;
        let status = response.status();
        if !status.is_success() {
            return Err(refused(Response::read(response, 0).await));
        }
        match Response::read_whole(response, MAX_ANSWER).await {
            Ok(response) => Answer::read(&response.body.unwrap_or_default()).map_err(|problem| {
                Failure::Defect(format!("answered what cannot be used: {problem}"))
            }),
            Err(error @ BodyError::Broken) => Err(unavailable(error.to_string())),
            Err(BodyError::TooLong) => {
                Err(Failure::Defect(format!("answered with more than {MAX_ANSWER} bytes")))
            }
        }
    }
}

fn unavailable(reason: String) -> Failure {
    Failure::Unavailable { reason, retry_after: None }
}

/// Failure that a status other than success is. A redirect is not followed, since it may lead
/// anywhere: it is repaired by the URL in the settings.
fn refused(response: Response) -> Failure {
    let Response { status, retry_after, .. } = response;
    let is_passing = matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
    );
    if status.is_client_error() && !is_passing {
        return Failure::Defect(format!("refused the request with {}", status.as_u16()));
    }
    let advice = if status.is_redirection() { "; set url to where it leads" } else { "" };
    let reason = format!("the app answered {}{advice}", status.as_u16());
    Failure::Unavailable { reason, retry_after }
}
