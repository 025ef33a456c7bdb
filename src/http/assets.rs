//! Assets that the pages of several parts share, and the way in which all assets are served. They are embedded
//! in the binary.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{Embed, EmbeddedFile};

/// The colours, rules that all pages share, and the count in the title.
#[derive(Embed)]
#[folder = "src/http/assets/"]
pub struct SharedAssets;

/// Time in caches of an asset that changes with the binary: a browser revalidates its copy on each use.
pub const REVALIDATED: &str = "no-cache";

/// Serves an asset, or 304 to a browser that has it, with a time in caches as `Cache-Control` states it.
pub fn serve(request: &HttpRequest, asset: EmbeddedFile, time: &'static str) -> HttpResponse {
    let tag = format!("\"{}\"", hex::encode(asset.metadata.sha256_hash()));
    let is_known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((CACHE_CONTROL, time)).insert_header((ETAG, tag));
    if is_known {
        return response.finish();
    }
    response.content_type(asset.metadata.mimetype()).body(asset.data.into_owned())
}
