//! Routes of people: reports, bans and opt-outs.

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Visitor;
use super::calls::{in_long_time, to_end};
use super::dead::reveal;
use super::error::AdminError;
use super::{AdminState, input};
use crate::engine::operations::{BarOrder, OptOutChange, OptOutName, OptOutRow, PersonName, shown};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    topic: Option<String>,
    #[serde(default, deserialize_with = "input::flag")]
    show: bool,
}

impl Parameters {
    fn topic(&self) -> Option<&str> {
        self.topic.as_deref().filter(|topic| !topic.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    topic: Option<String>,
    transport: Option<String>,
    number: Option<String>,
    /// Handle of a bar or a report, in place of the number.
    person: Option<String>,
    /// Seconds, or such as `7d`.
    #[serde(rename = "for")]
    time: Option<Value>,
    #[serde(default)]
    shadow: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lift {
    topic: Option<String>,
    transport: Option<String>,
    number: Option<String>,
    person: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptOut {
    topic: Option<String>,
    transport: Option<String>,
    number: Option<String>,
    /// Handle of an opt-out in the list, in place of number and line.
    person: Option<String>,
    line: Option<String>,
}

/// Lists the reports, the newest first.
pub(super) async fn reports(
    visitor: Visitor,
    query: Query<Parameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let show = query.show;
    reveal(&visitor, &state.operations, "reports: show", show).await?;
    let found = state.operations.reports(query.topic(), None);
    let found = in_long_time(found).await?;
    let reports: Vec<_> = found.iter().rev().map(|view| view.row(show)).collect();
    Ok(HttpResponse::Ok().json(json!({ "reports": reports })))
}

/// Lists the bans, the newest first.
pub(super) async fn bans(
    visitor: Visitor,
    query: Query<Parameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let show = query.show;
    reveal(&visitor, &state.operations, "bans: show", show).await?;
    let found = in_long_time(state.operations.bars(query.topic(), None)).await?;
    let bans: Vec<_> = found.iter().rev().map(|view| view.row(show)).collect();
    Ok(HttpResponse::Ok().json(json!({ "bans": bans })))
}

/// Bars a person.
pub(super) async fn ban(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let Ban { topic, transport, number, person, time, shadow, reason } =
        input::json(&request, payload).await?;
    let name = PersonName { topic, transport, number, handle: person };
    let order = BarOrder { time: input::time(time.as_ref())?, shadow, reason };
    let work = async move { state.operations.ban(&visitor.actor(), &name, &order).await };
    let done = to_end(work).await?;
    let done: Vec<_> = done.iter().map(|view| view.row(false)).collect();
    Ok(HttpResponse::Ok().json(json!({ "done": done })))
}

/// Ends a ban.
pub(super) async fn unban(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let Lift { topic, transport, number, person } = input::json(&request, payload).await?;
    let name = PersonName { topic, transport, number, handle: person };
    let work = async move { state.operations.unban(&visitor.actor(), &name).await };
    let done = to_end(work).await?;
    let row = |(topic, person): &(_, crate::model::address::Address)| {
        let number = shown(&person.identity, false);
        json!({ "topic": topic, "transport": person.transport, "number": number })
    };
    let done: Vec<Value> = done.iter().map(row).collect();
    Ok(HttpResponse::Ok().json(json!({ "done": done })))
}

/// Lists the opt-outs, the newest first.
pub(super) async fn opt_outs(
    visitor: Visitor,
    query: Query<Parameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let (operations, show) = (&state.operations, query.show);
    reveal(&visitor, operations, "opt-outs: show", show).await?;
    let mut rows: Vec<OptOutRow> = Vec::new();
    for service in operations.chosen(query.topic())? {
        let records = in_long_time(operations.opt_outs_of(service)).await?;
        rows.extend(records.iter().map(|it| operations.opt_out_row(service, it, show)));
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.at));
    Ok(HttpResponse::Ok().json(json!({ "optouts": rows })))
}

/// Opts a person out.
pub(super) async fn add_opt_out(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let name = name(&state, input::json(&request, payload).await?)?;
    let work = async move { state.operations.add_opt_out(&visitor.actor(), &name).await };
    Ok(changed(&to_end(work).await?))
}

/// Takes a person's opt-outs back.
pub(super) async fn remove_opt_out(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let name = name(&state, input::json(&request, payload).await?)?;
    let work = async move { state.operations.remove_opt_out(&visitor.actor(), &name).await };
    Ok(changed(&to_end(work).await?))
}

fn name(state: &AdminState, it: OptOut) -> Result<OptOutName, AdminError> {
    let OptOut { topic, transport, number, person, line } = it;
    if let Some(handle) = person {
        return Ok(state.operations.opt_out_name(topic, &handle)?);
    }
    let line = line.filter(|line| !line.is_empty());
    let number = number.unwrap_or_default();
    Ok(OptOutName { topic, transport, number, line })
}

fn changed(done: &[OptOutChange]) -> HttpResponse {
    let row = |OptOutChange { topic, person, count }: &OptOutChange| {
        let number = shown(&person.identity, false);
        json!({ "topic": topic, "transport": person.transport, "number": number, "count": count })
    };
    let done: Vec<Value> = done.iter().map(row).collect();
    HttpResponse::Ok().json(json!({ "done": done }))
}
