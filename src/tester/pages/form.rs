//! The page's form, for whoever has no script.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::TesterState;
use super::calls::deliver_draft;
use super::message::Draft;
use super::redirects::page_of;
use super::refused::Refused;
use crate::http::body;

/// Sends what the form says, and goes back to the page.
pub(super) async fn send(
    request: HttpRequest,
    payload: Payload,
    state: Data<TesterState>,
) -> Result<HttpResponse, Refused> {
    let body = body::read(&request, payload, body::WEBHOOK).await?;
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
    let number = deliver_draft(&state, draft).await?;
    let page = page_of(Some(number.reveal()), Some(&topic));
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, page)).finish())
}
