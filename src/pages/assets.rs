//! Scripts, styles and icon of the pages, embedded in the binary.

use actix_web::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{Embed, EmbeddedFile};
use sha2::{Digest as _, Sha256};

use super::{READ_METHODS, is_read};
use crate::http::assets::{REVALIDATED, SharedAssets, serve};
use crate::http::response::{method_not_allowed, not_found, set_header};

#[derive(Embed)]
#[folder = "src/pages/assets/"]
struct Assets;

/// Path of an asset. Modules import each other by name, so all of them share one version.
pub(super) const PATTERN: &str = "/assets/pages/{version}/{name}";

/// Returns the path below which the present version of the assets is served.
pub(super) fn folder() -> String {
    format!("/assets/pages/{}", version())
}

/// Digest of the names and contents of all assets, which the binary holds ready but for the last
/// step.
fn version() -> String {
    let mut names: Vec<_> = Assets::iter().chain(SharedAssets::iter()).collect();
    names.sort();
    let mut digest = Sha256::new();
    for name in names {
        digest.update(name.as_bytes());
        digest.update(get(&name).map_or([0; 32], |asset| asset.metadata.sha256_hash()));
    }
    hex::encode(&digest.finalize()[..8])
}

fn get(name: &str) -> Option<EmbeddedFile> {
    Assets::get(name).or_else(|| SharedAssets::get(name))
}

/// Serves one asset.
pub(super) async fn show(request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let (wanted, name) = path.into_inner();
    let Some(asset) = get(&name) else { return not_found().await };
    if !is_read(&request) {
        return method_not_allowed(READ_METHODS);
    }
    // While two versions of the server run side by side, the page of one may ask the other.
    let is_present = wanted == version();
    let time = if is_present { "public, max-age=31536000, immutable" } else { REVALIDATED };
    let mut response = serve(&request, asset, time);
    set_header(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set_header(&mut response, REFERRER_POLICY, "no-referrer");
    response
}
