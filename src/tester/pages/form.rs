//! The page's HTML form, for browsers without JavaScript.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Payload};
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
    if !body::has_content_type(&request, FORM) {
        return Err(PageError::ContentType(FORM));
    }
    let body = body::read(&request, payload, body::MAX_WEBHOOK_BYTES).await?;
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
    let topic = draft.topic.clone();
    let number = send_draft(&state, draft).await?;
    let page = page_url(Some(number.reveal()), Some(&topic));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, page)).finish())
}
