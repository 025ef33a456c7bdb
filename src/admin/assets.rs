//! The operator's page with its scripts, styles and icon, embedded in the binary.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::Embed;

use super::error::no_route;
use crate::http::assets::{REVALIDATED, SharedAssets, serve};

#[derive(Embed)]
#[folder = "src/admin/assets/"]
struct Assets;

/// Serves the page.
pub(super) async fn page(request: HttpRequest) -> HttpResponse {
    asset(&request, "index.html").await
}

/// Serves one asset.
pub(super) async fn show(request: HttpRequest, name: Path<String>) -> HttpResponse {
    asset(&request, &name).await
}

async fn asset(request: &HttpRequest, name: &str) -> HttpResponse {
    let asset = Assets::get(name).or_else(|| SharedAssets::get(name));
    let Some(asset) = asset else { return no_route().await };
    serve(request, asset, REVALIDATED)
}
