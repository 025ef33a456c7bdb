//! Routes of the overview, the samples of a topic, and the configuration.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;
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

#[derive(Deserialize)]
pub(super) struct TopicParameter {
    topic: String,
}

/// Shows the samples of a topic, the oldest first.
pub(super) async fn history(
    query: Query<TopicParameter>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let points = in_time(state.operations.history(&query.topic)).await?;
    Ok(HttpResponse::Ok().json(json!({ "points": points })))
}

/// Shows the configuration as it runs.
pub(super) async fn config(state: Data<AdminState>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "sections": state.config }))
}
