//! The operator's page with its scripts, styles and icon, embedded in the binary.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::Embed;

use super::error::no_route;

#[derive(Embed)]
#[folder = "src/admin/assets/"]
struct Assets;

/// Serves the page.
pub(super) async fn page(request: HttpRequest) -> HttpResponse {
    serve(&request, "index.html").await
}

/// Serves one asset.
pub(super) async fn show(request: HttpRequest, name: Path<String>) -> HttpResponse {
    serve(&request, &name).await
}

async fn serve(request: &HttpRequest, name: &str) -> HttpResponse {
    let Some(asset) = Assets::get(name) else { return no_route().await };
    let tag = format!("\"{}\"", hex::encode(asset.metadata.sha256_hash()));
    let is_known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    // Assets change with the binary, so a browser revalidates its copy on each use.
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, tag));
    if is_known {
        return response.finish();
    }
    response.content_type(asset.metadata.mimetype()).body(asset.data.into_owned())
}
