//! Where providers call.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{of_refusal, of_transport};
use super::request::webhook_request;
use super::{AppState, body};

/// Messages and delivery reports alike: the transport tells them apart, and checks both alike.
pub(super) async fn receive(
    topic: String,
    request: HttpRequest,
    payload: Payload,
    doors: Data<AppState>,
) -> HttpResponse {
    let body = match body::read(&request, payload, body::WEBHOOK).await {
        Ok(body) => body,
        Err(unread) => return unread.answer(),
    };
    let call = webhook_request(&request, &doors, body);
    match doors.intake.receive(&topic, call).await {
        Ok(receipt) => of_transport(receipt.response),
        Err(refusal) => of_refusal(&refusal),
    }
}
