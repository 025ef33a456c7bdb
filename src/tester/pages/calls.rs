//! What the page's script calls, in JSON.

use std::time::Duration;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::TesterState;
use super::message::{Batch, Draft, phone_number};
use super::refused::{Refused, in_time};
use crate::http::body;
use crate::model::address::Identity;
use crate::model::message::MessageId;
use crate::model::segment::{Encoding, measure};
use crate::model::topic::TopicName;
use crate::tester::phones::{Message, Phones};
use crate::tester::script::export;
use crate::tester::{Injected, Record, Said, State, Trouble, standing};

/// A thousand messages of a page full each.
const LARGEST: usize = 1024 * 1024;

type Answer = Result<HttpResponse, Refused>;

pub(super) async fn topics(state: Data<TesterState>) -> HttpResponse {
    HttpResponse::Ok().json(&state.topics)
}

/// What stands on the board, to be played again.
pub(super) async fn script(state: Data<TesterState>) -> Answer {
    let board = in_time(state.phones.board().read(None, Duration::ZERO)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"crosswire.script\""))
        .body(export(board)))
}

#[derive(Serialize)]
struct SendAnswer {
    number: Identity,
    results: Vec<Sent>,
}

#[derive(Serialize)]
struct Sent {
    id: MessageId,
    state: State,
}

pub(super) async fn send(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> Answer {
    let shape = r#"{"topic":"roulette","number":"1112223333","messages":["connect"]}"#;
    let draft: Draft = json(&request, payload, shape).await?;
    let batch = draft.check(&state)?;
    let number = batch.number.clone();
    let results = deliver(&state.phones, batch).await?;
    Ok(HttpResponse::Ok().json(SendAnswer { number, results }))
}

/// One after the other, so that they arrive in their order.
async fn deliver(phones: &Phones, batch: Batch) -> Result<Vec<Sent>, Refused> {
    let mut results = Vec::new();
    for message in batch.messages {
        results.push(deliver_one(phones, &batch.topic, message).await?);
    }
    Ok(results)
}

async fn deliver_one(
    phones: &Phones,
    topic: &TopicName,
    message: Message,
) -> Result<Sent, Refused> {
    let state = in_time(phones.send(topic, &message)).await?;
    Ok(Sent { id: message.id, state })
}

/// What a form sends.
pub(super) async fn deliver_draft(state: &TesterState, draft: Draft) -> Result<Identity, Refused> {
    let batch = draft.check(state)?;
    let number = batch.number.clone();
    deliver(&state.phones, batch).await?;
    Ok(number)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Again {
    id: MessageId,
}

/// Delivers a message once more, as a provider does that has not heard our answer.
pub(super) async fn again(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> Answer {
    let Again { id } = json(&request, payload, r#"{"id":"TM..."}"#).await?;
    let phones = &state.phones;
    let all = in_time(phones.board().read(None, Duration::ZERO)).await?;
    let sent = standing(all).into_iter().find_map(|(_, record)| match record {
        Record::In(Said { id: known, topic, number, text, media, .. }) if known == id => {
            Some((topic, Message { id: known, number, text, media }))
        }
        _ => None,
    });
    let (topic, message) = sent.ok_or(Refused::Gone)?;
    Ok(HttpResponse::Ok().json(deliver_one(phones, &topic, message).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clear {
    #[serde(default)]
    number: Option<String>,
}

pub(super) async fn clear(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> Answer {
    let shape = r#"{"number":"1112223333"}, or {} for all of them"#;
    let Clear { number } = json(&request, payload, shape).await?;
    let number = number.as_deref().map(phone_number).transpose()?;
    in_time(state.phones.clear(number)).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inject {
    #[serde(default)]
    number: Option<String>,
    trouble: Trouble,
}

pub(super) async fn trouble(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> Answer {
    let shape = r#"{"number":"1112223333","trouble":"none"}; others are slow, lossy, failing, throttled, undeliverable and opted_out"#;
    let Inject { number, trouble } = json(&request, payload, shape).await?;
    let number = number.as_deref().map(phone_number).transpose()?;
    in_time(state.phones.board().inject(&Injected { number, trouble })).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Segments {
    text: String,
}

#[derive(Serialize)]
struct SegmentsAnswer {
    segments: usize,
    encoding: &'static str,
    characters: usize,
    left: usize,
}

pub(super) async fn segments(request: HttpRequest, payload: Payload) -> Answer {
    let Segments { text } = json(&request, payload, r#"{"text":"Hello"}"#).await?;
    let measure = measure(&text);
    let encoding = match measure.encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    Ok(HttpResponse::Ok().json(SegmentsAnswer {
        segments: measure.segments,
        encoding,
        characters: text.chars().count(),
        left: measure.left,
    }))
}

/// The call's body, when it is JSON of this shape.
async fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    shape: &'static str,
) -> Result<T, Refused> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    // Other sites can make a browser send every other type without asking us first.
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        return Err(Refused::ContentType("application/json"));
    }
    let body = body::read(request, payload, LARGEST).await?;
    // A list would do for a struct, one field after the other, and an empty one for `{}`.
    let object: Map<String, Value> =
        serde_json::from_slice(&body).map_err(|_| Refused::Shape(shape))?;
    T::deserialize(Value::Object(object)).map_err(|_| Refused::Shape(shape))
}
