//! A page with the last messages, and a form for texts from phones.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use askama::Template;

use super::message::Message;
use super::recipients::FAILURES;
use super::state::State;

/// Messages on the page.
const ROWS: usize = 200;

/// Values of `fake_twilio.html`. The template engine escapes them.
#[derive(Template)]
#[template(path = "fake_twilio.html", config = ".config/askama.toml")]
struct FakeTwilioPage<'s> {
    account: &'s str,
    lines: Vec<(String, String)>,
    attempts: usize,
    rows: Vec<Message>,
    failures: &'s [(u32, &'s str)],
}

pub(super) async fn show(state: Data<Arc<State>>) -> HttpResponse {
    let mut rows = state.journal.newest(|_| true);
    rows.truncate(ROWS);
    let lines = state.lines().iter().map(|it| (it.number.clone(), it.sms_url.clone())).collect();
    let page = FakeTwilioPage {
        account: &state.settings.account.sid,
        lines,
        attempts: state.journal.attempts(),
        rows,
        failures: &FAILURES,
    };
    let html = page.render().expect("a template writes into a string");
    HttpResponse::Ok().content_type(ContentType::html()).body(html)
}
