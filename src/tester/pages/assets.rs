//! What the page needs besides itself, built into the program.

use actix_web::http::header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::Embed;

use crate::http::answer::nothing;

#[derive(Embed)]
#[folder = "src/tester/pages/assets/"]
struct Assets;

pub(super) async fn show(request: HttpRequest, name: Path<String>) -> HttpResponse {
    let Some(asset) = Assets::get(&name) else { return nothing().await };
    let tag = format!("\"{}\"", hex::encode(asset.metadata.sha256_hash()));
    let known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    // They change with the program: a browser may keep them, and asks whether they are the same.
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((CACHE_CONTROL, "no-cache")).insert_header((ETAG, tag));
    if known {
        return answer.finish();
    }
    answer.content_type(asset.metadata.mimetype()).body(asset.data.into_owned())
}
