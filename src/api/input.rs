//! Input of a request: its JSON body, its idempotency key, and ids in its path.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde::de::DeserializeOwned;

use super::access::Caller;
use super::problem::{Problem, ProblemCode};
use crate::engine::submissions::{IdempotencyKey, SubmitError};
use crate::http::body;
use crate::model::message::submission::SubmissionId;

const JSON: &str = "application/json";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Reads a JSON body of at most `limit` bytes. A field that is not known is an error.
pub(super) async fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
) -> Result<T, Problem> {
    if !body::has_content_type(request, JSON) {
        return Err(Problem::new(ProblemCode::ContentType, "send application/json"));
    }
    let body = body::read(request, payload, limit).await?;
    let mut json = serde_json::Deserializer::from_slice(&body);
    let read = serde_path_to_error::deserialize(&mut json);
    read.map_err(|error| {
        let detail = format!("{}: {}", error.path(), error.inner());
        Problem::new(ProblemCode::Malformed, detail)
    })
    .and_then(|read| {
        let trailing = |_| Problem::new(ProblemCode::Malformed, "send one JSON value alone");
        json.end().map_err(trailing).map(|()| read)
    })
}

/// Returns the caller's idempotency key, when the request has one.
pub(super) fn idempotency_key(
    request: &HttpRequest,
    caller: &Caller,
) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
    let Some(value) = values.next() else { return Ok(None) };
    let unreadable = || Problem::new(ProblemCode::Invalid, "Idempotency-Key: write one, in ASCII");
    if values.next().is_some() {
        return Err(unreadable());
    }
    let key = value.to_str().map_err(|_| unreadable())?;
    Ok(Some(IdempotencyKey::new(caller.name(), key)?))
}

/// Parses the id of a message or batch.
pub(super) fn id(path: &str) -> Result<SubmissionId, Problem> {
    Ok(path.parse().map_err(|_| SubmitError::NotFound)?)
}
