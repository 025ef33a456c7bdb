//! Route of the audit log.

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde::Deserialize;
use serde_json::json;

use super::AdminState;
use super::calls::in_time;
use super::error::AdminError;

/// Lines that are shown when the query names no number.
const USUAL: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    limit: Option<usize>,
}

/// Shows the audit log, the newest line first.
pub(super) async fn show(
    query: Query<Parameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let limit = query.limit.unwrap_or(USUAL);
    let entries = in_time(state.operations.audit_log(limit)).await?;
    Ok(HttpResponse::Ok().json(json!({ "entries": entries })))
}
