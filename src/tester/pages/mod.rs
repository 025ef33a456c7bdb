//! The tester's page with simulated phones, and the JSON API that it calls.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::http::methods::Methods;
use crate::http::response::{method_not_allowed, not_found};
use crate::model::command::Command;
use crate::model::topic::TopicName;
use crate::tester::Departure;
use crate::tester::phones::Phones;

mod access;
mod api;
mod assets;
mod draft;
mod error;
mod form;
mod hub;
mod live;
mod log;
mod page;
mod redirects;

pub use access::{Access, AccessConfig};
pub use hub::Hub;

const METHODS: Methods = Methods(method_not_allowed);

/// State of the tester's routes.
pub struct TesterState {
    pub access: Access,
    pub phones: Phones,
    pub departure: Departure,
    pub hub: Arc<Hub>,
    pub topics: Vec<TopicInfo>,
    /// Name of the program, as the page calls it.
    pub program: String,
    /// Ends the open event streams when the process stops.
    pub stop: CancellationToken,
}

/// A topic, as the page's API lists it.
#[derive(Clone, Debug, Serialize)]
pub struct TopicInfo {
    pub name: TopicName,
    pub webhook: String,
    pub paths: Vec<String>,
    pub handler: String,
    /// Names of its transports, by which `RapidSMS`' addresses find it.
    #[serde(skip)]
    pub transports: Vec<String>,
    /// Commands that the handler offers to people.
    pub commands: Vec<Command>,
}

/// Name of the tester's own backend in `RapidSMS`' addresses.
const BACKEND: &str = "httptester";

impl TesterState {
    fn topic(&self, name: &str) -> Option<&TopicName> {
        self.topics.iter().map(|topic| &topic.name).find(|known| known.as_str() == name)
    }

    /// Topic of a backend in one of `RapidSMS`' addresses: the one of this name, or the first with a
    /// transport of this name.
    fn backend(&self, name: &str) -> Option<&TopicName> {
        let has_transport =
            |topic: &&TopicInfo| name == BACKEND || topic.transports.iter().any(|it| it == name);
        let by_transport = || self.topics.iter().find(has_transport).map(|topic| &topic.name);
        self.topic(name).or_else(by_transport)
    }
}

/// Adds the tester's routes to a web server, behind its [`Access`].
pub fn configure(config: &mut ServiceConfig, state: &Data<TesterState>) {
    config.app_data(Data::clone(state));
    let page = web::resource("").route(web::get().to(page::show)).route(web::post().to(form::send));
    let tester = web::scope("/tester")
        .service(METHODS.only(page, "GET, POST"))
        .service(METHODS.get("/assets/{name}", assets::show))
        .service(METHODS.get("/topics", api::topics))
        .service(METHODS.get("/live", live::stream_events))
        .service(METHODS.get("/script", api::export_script))
        .service(METHODS.post("/send", api::send))
        .service(METHODS.post("/again", api::redeliver))
        .service(METHODS.post("/clear", api::clear))
        .service(METHODS.post("/start-over", api::start_over))
        .service(METHODS.post("/fault", api::inject_fault))
        .service(METHODS.post("/segments", api::count_segments))
        .default_service(web::to(not_found));
    let backend = web::resource("/{tail:.*}")
        .route(web::get().to(redirects::redirect_legacy))
        .route(web::post().to(form::send_legacy));
    let legacy = web::scope("/httptester")
        .service(METHODS.get("", redirects::redirect_legacy))
        .service(METHODS.only(backend, "GET, POST"));
    config.service(tester.wrap(from_fn(access::authorize)));
    config.service(legacy.wrap(from_fn(access::authorize)));
}
