//! The page's HTML form, for browsers without JavaScript, and the same form from programs.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::TesterState;
use super::api::send_draft;
use super::draft::Draft;
use super::error::PageError;
use super::redirects::page_url;
use crate::http::body;

const FORM: &str = "application/x-www-form-urlencoded";

/// Sends the message of the form, and redirects back to the page.
pub(super) async fn send(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> Result<HttpResponse, PageError> {
    let draft = read(&request, payload).await?;
    let topic = draft.topic.clone();
    let number = send_draft(&state, draft).await?;
    let page = page_url(Some(number.reveal()), Some(&topic));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, page)).finish())
}

/// Sends the message of a form that is posted to one of `RapidSMS`' addresses, and answers as it did:
/// for programs, which follow no redirect. The number of the form wins over that of the address.
pub(super) async fn send_legacy(
    request: HttpRequest,
    payload: Payload,
    tail: Path<String>,
    state: Data<TesterState>,
) -> Result<HttpResponse, PageError> {
    let mut parts = tail.split('/').filter(|part| !part.is_empty());
    let (backend, number) = (parts.next().unwrap_or_default(), parts.next());
    let topic = state.backend(backend).filter(|_| parts.next().is_none());
    let topic = topic.ok_or(PageError::UnknownTopic)?.to_string();
    let mut draft = Draft { topic, ..read(&request, payload).await? };
    if draft.number.trim().is_empty() {
        draft.number = number.unwrap_or_default().to_owned();
    }
    send_draft(&state, draft).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("OK"))
}

async fn read(request: &HttpRequest, payload: Payload) -> Result<Draft, PageError> {
    if !body::has_content_type(request, FORM) {
        return Err(PageError::ContentType(FORM));
    }
    let body = body::read(request, payload, body::MAX_WEBHOOK_BYTES).await?;
    let mut draft = Draft {
        topic: String::new(),
        number: String::new(),
        messages: vec![String::new()],
        media: Vec::new(),
    };
    for (name, value) in form_urlencoded::parse(&body) {
        match name.as_ref() {
            "topic" => draft.topic = value.into_owned(),
            "identity" => draft.number = value.into_owned(),
            "text" => draft.messages = vec![value.into_owned()],
            _ => {}
        }
    }
    Ok(draft)
}
