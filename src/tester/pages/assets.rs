//! The page's scripts, styles and icon, embedded in the binary.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::Embed;

use crate::http::assets::{REVALIDATED, SharedAssets, serve};
use crate::http::response::not_found;

#[derive(Embed)]
#[folder = "src/tester/pages/assets/"]
struct Assets;

/// Serves one asset.
pub(super) async fn show(request: HttpRequest, name: Path<String>) -> HttpResponse {
    let asset = Assets::get(&name).or_else(|| SharedAssets::get(&name));
    let Some(asset) = asset else { return not_found().await };
    serve(&request, asset, REVALIDATED)
}
