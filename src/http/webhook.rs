//! The webhook route.

use std::net::IpAddr;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::client::client_address;
use super::request::webhook_request;
use super::response::{plain_text_and_close, refusal_response, set_header, transport_response};
use super::{AppState, body};
use crate::contracts::transport::ReceiveError;
use crate::engine::intake::Refusal;

/// Receives messages and delivery reports alike: the transport tells them apart, and authenticates
/// both in the same way.
pub(super) async fn receive(
    topic: String,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> HttpResponse {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let client = client_address(peer, request.headers(), state.trust_forwarded);
    if state.forged_calls.wait(client).is_some() {
        return too_many();
    }
    let body = match body::read(&request, payload, body::MAX_WEBHOOK_BYTES).await {
        Ok(body) => body,
        Err(error) => return error.response(),
    };
    let webhook = webhook_request(&request, client, &state, body);
    let received = state.intake.receive(&topic, webhook).await;
    count(&state, client, received.as_ref().err());
    match received {
        Ok(receipt) => transport_response(receipt.response),
        Err(refusal) => refusal_response(&refusal),
    }
}

/// Counts a call that was refused for its signature or secret, and one that was taken.
fn count(state: &AppState, client: IpAddr, refusal: Option<&Refusal>) {
    match refusal {
        None => state.forged_calls.count(client, false),
        Some(Refusal::Call(ReceiveError::Forged { .. } | ReceiveError::Denied(_))) => {
            state.forged_calls.count(client, true);
        }
        Some(_) => {}
    }
}

/// The 429 response to a network whose calls are forged. It closes the connection, unread.
fn too_many() -> HttpResponse {
    let text = "too many calls with a wrong signature or secret; correct it and call more slowly";
    let mut response = plain_text_and_close(StatusCode::TOO_MANY_REQUESTS, text);
    set_header(&mut response, header::RETRY_AFTER, "1");
    response
}
