//! Routes of the overview, the samples of a topic, and the configuration.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AdminState;
use super::access::Visitor;
use super::calls::in_time;
use super::error::AdminError;
use crate::engine::operations::{Overview, StoreView};

/// Scope of a pause of a topic, as the API has it.
pub(super) const WHOLE_TOPIC: &str = "*";

/// Shows the overview. Without the store it says so, and has no topics.
pub(super) async fn show(
    visitor: Visitor,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let mut overview = match in_time(state.operations.overview()).await {
        Ok(overview) => overview,
        Err(AdminError::StoreAway) => Overview {
            at: state.operations.clock.now(),
            store: StoreView::away(),
            topics: Vec::new(),
            processes: Vec::new(),
        },
        Err(error) => return Err(error),
    };
    if visitor.require_full().is_err() {
        let pauses = overview.topics.iter_mut().flat_map(|topic| &mut topic.pauses);
        // The scope of a line has its number.
        for pause in pauses.filter(|pause| pause.scope != WHOLE_TOPIC) {
            pause.scope.clone_from(&pause.shown);
        }
    }
    let mut answer: Value = json!(overview);
    answer["version"] = state.version.as_str().into();
    answer["store"]["kind"] = state.store.into();
    Ok(HttpResponse::Ok().json(answer))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
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
