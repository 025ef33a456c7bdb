//! The tester's page.

use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::error::{PageError, in_time};
use super::log::{LogRow, log_rows};
use super::{TesterState, TopicInfo};
use crate::tester::{Fault, phone_number};

/// Values of `page.html`. The template engine escapes them.
#[derive(Template)]
#[template(path = "page.html", config = ".config/askama.toml")]
struct TesterPage<'s> {
    /// Name of the program.
    program: &'s str,
    topics: &'s [TopicInfo],
    /// Name of the chosen topic, or an empty string.
    topic: String,
    /// First number in the query, or an empty string.
    phone: String,
    rows: Vec<LogRow>,
    /// Words of the faults, each with what it simulates.
    faults: Vec<(&'static str, &'static str)>,
}

/// Renders the page with the log in it, for browsers without JavaScript.
pub(super) async fn show(
    request: HttpRequest,
    state: Data<TesterState>,
) -> Result<HttpResponse, PageError> {
    let entries = in_time(state.phones.board().read(None, Duration::ZERO)).await?;
    let parameter = |name: &str| {
        let query = form_urlencoded::parse(request.query_string().as_bytes());
        query.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).next()
    };
    let phone = parameter("phone").and_then(|phone| phone_number(&phone));
    let page = TesterPage {
        program: &state.program,
        topics: &state.topics,
        topic: parameter("topic").unwrap_or_default(),
        phone: phone.map_or_else(String::new, |phone| phone.reveal().to_owned()),
        rows: log_rows(entries),
        faults: Fault::described().collect(),
    };
    let html = page.render().expect("a template writes into a string");
    Ok(HttpResponse::Ok().content_type(ContentType::html()).body(html))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(program: &str) -> String {
        let (topics, topic, phone, rows) = (&[][..], String::new(), String::new(), Vec::new());
        TesterPage { program, topics, topic, phone, rows, faults: Vec::new() }.render().unwrap()
    }

    #[test]
    fn page_is_called_after_the_program() {
        let page = rendered("desk");
        assert!(page.contains("<title>desk: Message Tester</title>"), "{page}");
        assert!(page.contains("<body data-program=\"desk\">"), "{page}");
        let page = rendered("Crosswire");
        assert!(page.contains("<title>Message Tester</title>"), "{page}");
        assert!(rendered("<b>").contains("<title>&#60;b&#62;: Message Tester</title>"));
    }
}
