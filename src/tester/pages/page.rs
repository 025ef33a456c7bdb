//! The page itself.

use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::TesterState;
use super::Topic;
use super::log::{Row, rows};
use super::refused::{Refused, in_time};
use crate::tester::number;

/// Everything that stands in `page.html`. What is put there is escaped by its template.
#[derive(Template)]
#[template(path = "page.html", config = ".config/askama.toml")]
struct Page<'d> {
    topics: &'d [Topic],
    /// The chosen one's name, or nothing.
    topic: String,
    /// The first of the numbers that were asked for, or nothing.
    phone: String,
    rows: Vec<Row>,
}

pub(super) async fn show(
    request: HttpRequest,
    state: Data<TesterState>,
) -> Result<HttpResponse, Refused> {
    let all = in_time(state.phones.board().read(None, Duration::ZERO)).await?;
    let asked = |name: &str| {
        let query = form_urlencoded::parse(request.query_string().as_bytes());
        query.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).next()
    };
    let phone = asked("phone").and_then(|phone| number(&phone));
    let page = Page {
        topics: &state.topics,
        topic: asked("topic").unwrap_or_default(),
        phone: phone.map_or_else(String::new, |phone| phone.reveal().to_owned()),
        rows: rows(all),
    };
    let html = page.render().expect("a template writes into a string");
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}
