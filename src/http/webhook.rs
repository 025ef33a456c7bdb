//! The webhook route.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::request::webhook_request;
use super::response::{refusal_response, transport_response};
use super::{AppState, body};

/// Receives messages and delivery reports alike: the transport tells them apart, and authenticates
/// both in the same way.
pub(super) async fn receive(
    topic: String,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let body = match body::read(&request, payload, body::MAX_WEBHOOK_BYTES).await {
        Ok(body) => body,
        Err(error) => return error.response(),
    };
    let webhook = webhook_request(&request, &state, body);
    match state.intake.receive(&topic, webhook).await {
        Ok(receipt) => transport_response(receipt.response),
        Err(refusal) => refusal_response(&refusal),
    }
}
