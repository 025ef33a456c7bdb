//! Pages for people: timed rooms, devices and roulette in a browser, each over a topic's socket.

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::response::{method_not_allowed, not_found};
use crate::model::topic::TopicName;

mod assets;
mod headers;
mod page;
#[cfg(test)]
mod tests;

use page::Page;

/// Topics of the pages. A page exists only with its topic.
#[derive(Clone, Debug, Default)]
pub struct PagesState {
    pub rooms: Option<TopicName>,
    pub devices: Option<TopicName>,
    pub roulette: Option<TopicName>,
    /// Number that takes `join CODE` for the topic of the rooms, as people dial it, if any.
    pub rooms_number: Option<String>,
}

/// Adds the routes of the pages to a web server.
pub fn configure(config: &mut ServiceConfig, state: &Data<PagesState>) {
    config.app_data(Data::clone(state));
    for page in Page::ALL {
        let show = move |request: HttpRequest, state: Data<PagesState>| show(page, request, state);
        config.service(web::resource(page.path()).to(show));
    }
    config.service(web::resource(assets::PATTERN).to(assets::show));
}

async fn show(page: Page, request: HttpRequest, state: Data<PagesState>) -> HttpResponse {
    let Some(html) = page.render(&state) else { return not_found().await };
    if !is_read(&request) {
        return method_not_allowed(READ_METHODS);
    }
    headers::html(html)
}

/// Methods of every route here: nothing is posted to a page, its socket takes what people write.
const READ_METHODS: &str = "GET, HEAD";

fn is_read(request: &HttpRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
}
