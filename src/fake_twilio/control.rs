//! The control API: faults, callbacks, texts from phones, and the JSON of what the server saw.

use std::sync::Arc;

use actix_web::web::{self, Data, Form, Json, ServiceConfig};
use actix_web::{Either, HttpResponse};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::delivery::Callbacks;
use super::fault::{Delays, Faults};
use super::inbound::{self, InboundText};
use super::state::State;
use crate::http::methods::Methods;
use crate::http::response::method_not_allowed;

const METHODS: Methods = Methods(method_not_allowed);

type Shared = Data<Arc<State>>;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(METHODS.get("/fake/seen", seen))
        .service(METHODS.post("/fake/inbound", receive))
        .service(METHODS.post("/fake/faults", set_faults))
        .service(METHODS.post("/fake/callbacks", set_callbacks))
        .service(METHODS.post("/fake/delays", set_delays))
        .service(METHODS.post("/fake/reset", reset));
}

/// Shows everything that the server has seen.
async fn seen(state: Shared) -> Json<Value> {
    let account = &state.settings.account.sid;
    let mut messages = state.journal.newest(|_| true);
    messages.reverse();
    Json(json!({
        "attempts": state.journal.attempts(),
        "messages": messages.iter().map(|it| it.to_json(account)).collect::<Vec<_>>(),
        "report_answers": state.journal.report_answers(),
        "webhooks": state.journal.webhooks(),
    }))
}

/// Takes a text from a phone, as JSON or from the page's form, and answers when its webhook has.
async fn receive(state: Shared, text: Either<Json<InboundText>, Form<InboundText>>) -> Json<Value> {
    let text = match text {
        Either::Left(Json(text)) | Either::Right(Form(text)) => text,
    };
    Json(json!(inbound::receive(&state, text).await))
}

async fn set_faults(state: Shared, body: web::Bytes) -> HttpResponse {
    set::<Faults>(&body, |faults| state.set_faults(faults))
}

async fn set_callbacks(state: Shared, body: web::Bytes) -> HttpResponse {
    set::<Callbacks>(&body, |callbacks| state.set_callbacks(callbacks))
}

async fn set_delays(state: Shared, body: web::Bytes) -> HttpResponse {
    set::<Delays>(&body, |delays| state.set_delays(delays))
}

/// Sets a part of the server's conduct from JSON of any content type.
fn set<T: DeserializeOwned>(body: &[u8], set: impl FnOnce(T)) -> HttpResponse {
    match serde_json::from_slice(body) {
        Ok(value) => {
            set(value);
            HttpResponse::NoContent().finish()
        }
        Err(error) => HttpResponse::BadRequest().body(format!("{error}\n")),
    }
}

async fn reset(state: Shared) -> HttpResponse {
    state.reset();
    HttpResponse::NoContent().finish()
}
