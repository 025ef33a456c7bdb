//! Messages in the place of a person, for tests of a deployment: they take the way of a provider's
//! webhook from the validators on.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use super::ApiState;
use super::access::Caller;
use super::input;
use super::problem::{Problem, ProblemCode};
use super::token::Scope;
use crate::contracts::storage::Pushed;
use crate::engine::intake::Outcome;
use crate::model::message::{Incoming, Media, MessageId, Text};

/// Maximum size of a body, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Longest id of a message, in bytes.
const MAX_ID: usize = 128;

/// Message as a program writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InboundDraft {
    from: Text,
    text: Text,
    #[serde(default)]
    media: Vec<Media>,
    #[serde(default)]
    transport: Option<String>,
    /// Number that the person writes to.
    #[serde(default)]
    line: Option<String>,
    /// Id by which the message is known when it is repeated.
    #[serde(default)]
    id: Option<String>,
}

/// Takes a message as if a person had written it.
pub(super) async fn write(
    request: HttpRequest,
    payload: Payload,
    topic: Path<String>,
    state: Data<ApiState>,
) -> Result<HttpResponse, Problem> {
    Caller::of(&request)?.require(Scope::Inbound, &topic)?;
    let draft: InboundDraft = input::json(&request, payload, MAX_BODY).await?;
    let (transport, line) = (draft.transport.as_deref(), draft.line.as_deref());
    let from = draft.from.reveal();
    let sender = state.submitter.sender(&topic, from, transport, line)?;
    let route = format!("{topic}/{}", sender.transport);
    let id = draft.id.map_or_else(|| Ok(format!("api-{}", uuid::Uuid::now_v7())), checked)?;
    let mut incoming = Incoming::new(MessageId::new(id.as_str()), sender, draft.text);
    incoming.media = draft.media;
    let receipt = state.intake.written(&route, incoming).await?;
    let (outcome, reason) = match receipt.outcome {
        Outcome::Pushed(Pushed::Duplicate) => ("duplicate", None),
        Outcome::Pushed(Pushed::Accepted) | Outcome::Noted => ("accepted", None),
        Outcome::Pushed(_) => ("dropped", None),
        Outcome::Rejected(reason) => ("rejected", Some(reason)),
    };
    Ok(HttpResponse::Accepted().json(json!({ "id": id, "outcome": outcome, "reason": reason })))
}

/// Returns an id of the caller's own. One that is empty would be none at all.
fn checked(id: String) -> Result<String, Problem> {
    let is_legal = (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|it| it.is_ascii_graphic());
    let problem = || format!("id: write 1 to {MAX_ID} printable ASCII characters");
    if is_legal { Ok(id) } else { Err(Problem::new(ProblemCode::Invalid, problem())) }
}
