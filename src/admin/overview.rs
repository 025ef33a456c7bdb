//! Route of the overview.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::{Value, json};

use super::AdminState;
use super::error::{AdminError, in_time};
use crate::engine::operations::{Overview, StoreView};

/// Shows the overview. Without the store it says so, and has no topics.
pub(super) async fn show(state: Data<AdminState>) -> Result<HttpResponse, AdminError> {
    let overview = match in_time(state.operations.overview()).await {
        Ok(overview) => overview,
        Err(AdminError::StoreAway) => Overview {
            at: state.operations.clock.now(),
            store: StoreView::away(),
            topics: Vec::new(),
            processes: Vec::new(),
        },
        Err(error) => return Err(error),
    };
    let mut answer: Value = json!(overview);
    answer["version"] = state.version.as_str().into();
    answer["store"]["kind"] = state.store.into();
    Ok(HttpResponse::Ok().json(answer))
}
