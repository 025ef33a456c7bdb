//! Routes of dead letters.

use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::access::Visitor;
use super::calls::{in_long_time, in_time, to_end};
use super::error::AdminError;
use super::{AdminState, input};
use crate::contracts::storage::QueueKind;
use crate::engine::operations::{
    DeadFilter, Fate, LetterId, MOST_MOVED, Moved, OperationError, Operations,
};

/// Dead letters of a page when the query names no number, and at most.
const USUAL: usize = 50;
const MOST: usize = 500;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    topic: Option<String>,
    queue: Option<String>,
    reason: Option<String>,
    person: Option<String>,
    before: Option<String>,
    limit: Option<usize>,
    #[serde(default, deserialize_with = "input::flag")]
    show: bool,
}

/// Dead letters to be moved: some ids, or all that fit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    topic: Option<String>,
    queue: Option<String>,
    reason: Option<String>,
    person: Option<String>,
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    all: bool,
    limit: Option<usize>,
}

/// Lists dead letters.
pub(super) async fn list(
    visitor: Visitor,
    query: Query<Parameters>,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    if query.person.as_ref().is_some_and(|person| !person.is_empty()) {
        let sentence = "person: search by a number with POST dead/search";
        return Err(AdminError::Invalid(sentence.to_owned()));
    }
    listed(&visitor, &query, &state).await
}

/// Lists dead letters, also by a number.
pub(super) async fn search(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    listed(&visitor, &input::json(&request, payload).await?, &state).await
}

async fn listed(
    visitor: &Visitor,
    query: &Parameters,
    state: &AdminState,
) -> Result<HttpResponse, AdminError> {
    let (operations, show) = (&state.operations, query.show);
    reveal(visitor, operations, "dead letters: show", show).await?;
    let filter = query.filter()?;
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
    let page = in_long_time(operations.dead_letters(&filter, query.before.as_deref(), limit));
    let page = page.await?;
    let total = in_long_time(operations.count_dead(&filter)).await?;
    let letters: Vec<_> = page.letters.iter().map(|view| view.row(show)).collect();
    let answer = json!({ "letters": letters, "next": page.next, "total": total });
    Ok(HttpResponse::Ok().json(answer))
}

/// Downloads dead letters as CSV, with numbers and texts.
pub(super) async fn export(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    let query: Parameters = input::json(&request, payload).await?;
    let operations = &state.operations;
    reveal(&visitor, operations, "dead letters: export", true).await?;
    let filter = query.filter()?;
    let mut out = csv::Writer::from_writer(Vec::new());
    let rows = async {
        let mut before = None;
        loop {
            let page = operations.dead_letters(&filter, before.as_deref(), MOST).await?;
            for view in &page.letters {
                let unreadable = |_| OperationError::invalid("a dead letter is no row of a table");
                out.serialize(view.row(true).in_table()).map_err(unreadable)?;
            }
            before = page.next;
            if before.is_none() {
                return Ok::<_, OperationError>(());
            }
        }
    };
    in_long_time(rows).await?;
    let body = out.into_inner().map_err(|_| AdminError::Internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", "attachment; filename=\"dead-letters.csv\""))
        .body(body))
}

/// Puts dead letters back to the ends of their mailboxes.
pub(super) async fn replay(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    settle(&visitor, &request, payload, &state, Fate::Replay).await
}

/// Removes dead letters for good.
pub(super) async fn discard(
    visitor: Visitor,
    request: HttpRequest,
    payload: Payload,
    state: Data<AdminState>,
) -> Result<HttpResponse, AdminError> {
    settle(&visitor, &request, payload, &state, Fate::Drop).await
}

async fn settle(
    visitor: &Visitor,
    request: &HttpRequest,
    payload: Payload,
    state: &Data<AdminState>,
    fate: Fate,
) -> Result<HttpResponse, AdminError> {
    let order: Order = input::json(request, payload).await?;
    let operations = &state.operations;
    let limit = order.limit.unwrap_or(MOST_MOVED).clamp(1, MOST_MOVED);
    let (letters, left) = match (order.ids.is_empty(), order.all) {
        (false, false) => (chosen(operations, &order.ids).await?, 0),
        (true, true) => {
            let filter = order.filter()?;
            let mut found = in_long_time(operations.find_dead(&filter)).await?;
            let left = found.len().saturating_sub(limit);
            found.truncate(limit);
            (found, left)
        }
        _ => return Err(AdminError::Invalid("name ids, or all that fit by all: true".to_owned())),
    };
    let (actor, state) = (visitor.actor(), Data::clone(state));
    let work = async move { state.operations.settle_dead(&actor, fate, &letters).await };
    let (done, left) = (to_end(work).await?, u64::try_from(left).unwrap_or(u64::MAX));
    Ok(HttpResponse::Ok().json(Moved { done, left }))
}

/// Returns the dead letters that were chosen, in the order in which they died.
async fn chosen(operations: &Operations, ids: &[String]) -> Result<Vec<LetterId>, AdminError> {
    if ids.len() > MOST_MOVED {
        return Err(AdminError::Invalid(format!("name {MOST_MOVED} ids at most")));
    }
    let decoded: Result<Vec<_>, _> = ids.iter().map(|id| LetterId::decode(id)).collect();
    let mut views = in_long_time(operations.dead_letters_of(&decoded?)).await?;
    views.sort_by(|one, other| one.id.in_order(&other.id));
    Ok(views.into_iter().map(|view| view.id).collect())
}

/// Notes that somebody sees numbers and texts, before they do; nothing unless they are shown.
pub(super) async fn reveal(
    visitor: &Visitor,
    operations: &Operations,
    action: &str,
    show: bool,
) -> Result<(), AdminError> {
    if !show {
        return Ok(());
    }
    visitor.require_full()?;
    let actor = visitor.actor();
    let note = operations.note(&actor, action, String::new(), "shown".to_owned());
    in_time(note).await
}

impl Parameters {
    fn filter(&self) -> Result<DeadFilter, AdminError> {
        let Self { topic, queue, reason, person, .. } = self;
        filter([topic, queue, reason, person])
    }
}

impl Order {
    fn filter(&self) -> Result<DeadFilter, AdminError> {
        let Self { topic, queue, reason, person, .. } = self;
        filter([topic, queue, reason, person])
    }
}

/// Reads a filter. An empty field does not matter, as a form sends it.
fn filter(fields: [&Option<String>; 4]) -> Result<DeadFilter, AdminError> {
    let [topic, queue, reason, person] =
        fields.map(|field| field.clone().filter(|field| !field.is_empty()));
    let kind = |name: String| {
        let unknown = || AdminError::Invalid("queue: write inbound or outbox".to_owned());
        QueueKind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(unknown)
    };
    let queue = queue.map(kind).transpose()?;
    Ok(DeadFilter { topic, queue, reason, person, since: None })
}
