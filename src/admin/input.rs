//! Input of a request: its JSON body and its query.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde::de::DeserializeOwned;

use super::error::AdminError;
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
