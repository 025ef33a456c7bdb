//! The JSON API of the tester's page.

use std::time::Duration;

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::TesterState;
use super::draft::{Batch, Draft, parse_number};
use super::error::{PageError, in_time};
use crate::http::body;
use crate::model::address::Identity;
use crate::model::message::MessageId;
use crate::model::segment::{Encoding, measure};
use crate::model::topic::TopicName;
use crate::tester::phones::{Phones, TestMessage};
use crate::tester::script::export;
use crate::tester::{BoardEntry, DeliveryState, Fault, InjectedFault, PhoneMessage, uncleared};

/// Maximum size of a request body, in bytes: a thousand messages of a kilobyte each.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Time limit for the departure of all phones, below the page's own for a request.
const DEPARTURE_TIMEOUT: Duration = Duration::from_secs(10);
const JSON: &str = "application/json";

type ApiResult = Result<HttpResponse, PageError>;

/// Lists the topics.
pub(super) async fn topics(state: Data<TesterState>) -> HttpResponse {
    HttpResponse::Ok().json(&state.topics)
}

/// Exports the board as a script.
pub(super) async fn export_script(state: Data<TesterState>) -> ApiResult {
    let entries = in_time(state.phones.board().read(None, Duration::ZERO)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"crosswire.script\""))
        .body(export(entries)))
}

#[derive(Serialize)]
struct SendResponse {
    number: Identity,
    results: Vec<SendResult>,
}

#[derive(Serialize)]
struct SendResult {
    id: MessageId,
    state: DeliveryState,
}

/// Sends messages from a phone.
pub(super) async fn send(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> ApiResult {
    let shape = r#"{"topic":"roulette","number":"1112223333","messages":["connect"]}"#;
    let draft: Draft = read_json(&request, payload, shape).await?;
    let batch = draft.validate(&state)?;
    let number = batch.number.clone();
    let results = send_batch(&state.phones, batch).await?;
    Ok(HttpResponse::Ok().json(SendResponse { number, results }))
}

/// Validates and sends a draft, and returns the number that it is from.
pub(super) async fn send_draft(state: &TesterState, draft: Draft) -> Result<Identity, PageError> {
    let batch = draft.validate(state)?;
    let number = batch.number.clone();
    send_batch(&state.phones, batch).await?;
    Ok(number)
}

/// Sends one message after the other, to keep their order.
async fn send_batch(phones: &Phones, batch: Batch) -> Result<Vec<SendResult>, PageError> {
    let mut results = Vec::new();
    for message in batch.messages {
        results.push(send_one(phones, &batch.topic, message).await?);
    }
    Ok(results)
}

async fn send_one(
    phones: &Phones,
    topic: &TopicName,
    message: TestMessage,
) -> Result<SendResult, PageError> {
    let state = in_time(phones.send(topic, &message)).await?;
    Ok(SendResult { id: message.id, state })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedeliverRequest {
    id: MessageId,
}

/// Delivers a message again under the same id, as a provider does that got no response.
pub(super) async fn redeliver(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> ApiResult {
    let RedeliverRequest { id } = read_json(&request, payload, r#"{"id":"TM..."}"#).await?;
    let phones = &state.phones;
    let entries = in_time(phones.board().read(None, Duration::ZERO)).await?;
    let original = uncleared(entries).into_iter().find_map(|(_, entry)| match entry {
        BoardEntry::In(PhoneMessage { id: known, topic, number, text, media, .. })
            if known == id =>
        {
            Some((topic, TestMessage { id: known, number, text, media }))
        }
        _ => None,
    });
    let (topic, message) = original.ok_or(PageError::MessageGone)?;
    Ok(HttpResponse::Ok().json(send_one(phones, &topic, message).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClearRequest {
    #[serde(default)]
    number: Option<String>,
}

/// Clears the board: the messages of one number, or all of them.
pub(super) async fn clear(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> ApiResult {
    let shape = r#"{"number":"1112223333"}, or {} for all of them"#;
    let ClearRequest { number } = read_json(&request, payload, shape).await?;
    let number = number.as_deref().map(parse_number).transpose()?;
    in_time(state.phones.clear(number)).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StartOverRequest {}

/// Lets all phones leave what they take part in, resets the faults, and clears the board.
pub(super) async fn start_over(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> ApiResult {
    let StartOverRequest {} = read_json(&request, payload, "{}").await?;
    let departure = state.departure.start_over(&state.phones);
    timeout(DEPARTURE_TIMEOUT, departure).await.map_err(|_| PageError::NoWorker)??;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultRequest {
    #[serde(default)]
    number: Option<String>,
    fault: Fault,
}

/// Injects a fault for one number, or for all.
pub(super) async fn inject_fault(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> ApiResult {
    let shape = r#"{"number":"1112223333","fault":"ok"}; others are failing, throttled, lossy, slow, undeliverable and opted_out"#;
    let FaultRequest { number, fault } = read_json(&request, payload, shape).await?;
    let number = number.as_deref().map(parse_number).transpose()?;
    in_time(state.phones.board().inject(&InjectedFault { number, fault })).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SegmentsRequest {
    text: String,
}

#[derive(Serialize)]
struct SegmentsResponse {
    segments: usize,
    encoding: &'static str,
    characters: usize,
    left: usize,
}

/// Counts the segments that a text is billed as.
pub(super) async fn count_segments(request: HttpRequest, payload: Payload) -> ApiResult {
    let SegmentsRequest { text } = read_json(&request, payload, r#"{"text":"Hello"}"#).await?;
    let measure = measure(&text);
    let encoding = match measure.encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    Ok(HttpResponse::Ok().json(SegmentsResponse {
        segments: measure.segments,
        encoding,
        characters: text.chars().count(),
        left: measure.left,
    }))
}

/// Reads a JSON object of this shape. Only the JSON content type is accepted, because browsers ask
/// for permission before they send it to another site (a CORS preflight).
async fn read_json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    shape: &'static str,
) -> Result<T, PageError> {
    if !body::has_content_type(request, JSON) {
        return Err(PageError::ContentType(JSON));
    }
    let body = body::read(request, payload, MAX_BODY_BYTES).await?;
    // Through a map, because serde accepts an array for a struct as well, and `[]` for `{}`.
    let object: Map<String, Value> =
        serde_json::from_slice(&body).map_err(|_| PageError::Shape(shape))?;
    T::deserialize(Value::Object(object)).map_err(|_| PageError::Shape(shape))
}
