//! The page's scripts, styles and icon, embedded in the binary.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::Embed;

use crate::http::assets::SharedAssets;
use crate::http::response::not_found;

#[derive(Embed)]
#[folder = "src/tester/pages/assets/"]
struct Assets;

/// Serves one asset.
pub(super) async fn show(request: HttpRequest, name: Path<String>) -> HttpResponse {
    let asset = Assets::get(&name).or_else(|| SharedAssets::get(&name));
    let Some(asset) = asset else { return not_found().await };
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
