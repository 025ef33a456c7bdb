//! Assets that the pages of several parts share, embedded in the binary.

use rust_embed::Embed;

/// The colours, and the count in the title.
#[derive(Embed)]
#[folder = "src/http/assets/"]
pub struct SharedAssets;
