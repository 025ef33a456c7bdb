//! Description of the API in `OpenAPI` 3.1.

use actix_web::HttpResponse;

const DOCUMENT: &str = include_str!("openapi.json");

/// Shows the description. It needs no token, since it names nothing of the deployment.
pub(super) async fn show() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(DOCUMENT)
}
