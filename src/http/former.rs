//! The addresses of webhooks before topics had names in them: `/backend/<transport>/` and
//! `/http/<transport>/`, as `RapidSMS` and its threadless router use them.

use actix_web::web::{self, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use super::{AppState, response, webhook};

/// Forms of the addresses, with their slash at the end and without. A transport tells messages and
/// delivery reports apart.
const PATTERNS: [&str; 6] = [
    "/backend/{transport}",
    "/backend/{transport}/",
    "/backend/{transport}/delivery-report",
    "/backend/{transport}/delivery-report/",
    "/http/{transport}",
    "/http/{transport}/",
];

pub(super) fn configure(config: &mut ServiceConfig) {
    for pattern in PATTERNS {
        config.service(web::resource(pattern).to(receive));
    }
}

async fn receive(
    request: HttpRequest,
    payload: Payload,
    transport: Path<String>,
    state: Data<AppState>,
) -> HttpResponse {
    match state.former.get(transport.as_str()).cloned() {
        Some(route) => webhook::receive(route, request, payload, state).await,
        None => response::not_found().await,
    }
}
