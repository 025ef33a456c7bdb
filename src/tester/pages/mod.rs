//! The tester: a page with phones on it, and the calls that it makes.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::ALLOW;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::http::answer::{self, nothing, sentence};
use crate::model::topic::TopicName;
use crate::tester::phones::Phones;

mod access;
mod assets;
mod calls;
mod form;
mod hub;
mod live;
mod log;
mod message;
mod page;
mod redirects;
mod refused;

pub use access::Access;
pub use hub::Hub;

/// What stands behind the tester's state.
pub struct TesterState {
    pub access: Access,
    pub phones: Phones,
    pub hub: Arc<Hub>,
    pub topics: Vec<Topic>,
    /// Ends what would go on for as long as somebody looks.
    pub stop: CancellationToken,
}

/// A topic, as the page is told of it.
#[derive(Clone, Debug, Serialize)]
pub struct Topic {
    pub name: TopicName,
    pub webhook: String,
    pub paths: Vec<String>,
    pub handler: String,
}

impl TesterState {
    fn topic(&self, name: &str) -> Option<&TopicName> {
        self.topics.iter().map(|topic| &topic.name).find(|known| known.as_str() == name)
    }
}

/// Opens the tester's state, to whoever [`Access`] lets in.
pub fn configure(config: &mut ServiceConfig, state: &Data<TesterState>) {
    config.app_data(Data::clone(state));
    let page = web::resource("").route(web::get().to(page::show)).route(web::post().to(form::send));
    let tester = web::scope("/tester")
        .service(closed(page, "GET, POST"))
        .service(read("/assets/{name}", assets::show))
        .service(read("/topics", calls::topics))
        .service(read("/live", live::watch))
        .service(read("/script", calls::script))
        .service(write("/send", calls::send))
        .service(write("/again", calls::again))
        .service(write("/clear", calls::clear))
        .service(write("/trouble", calls::trouble))
        .service(write("/segments", calls::segments))
        .default_service(web::to(nothing));
    let former = web::scope("/httptester")
        .service(read("", redirects::former))
        .service(read("/{tail:.*}", redirects::former));
    config.service(tester.wrap(from_fn(access::gate)));
    config.service(former.wrap(from_fn(access::gate)));
}

fn read<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    closed(web::resource(path).route(web::get().to(handler)), "GET")
}

fn write<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    closed(web::resource(path).route(web::post().to(handler)), "POST")
}

/// Refuses every other method.
fn closed(resource: Resource, allowed: &'static str) -> Resource {
    resource.default_service(web::to(move || async move {
        let text = format!("method not allowed; allowed are {allowed}");
        let mut refusal = sentence(StatusCode::METHOD_NOT_ALLOWED, &text);
        answer::set(&mut refusal, ALLOW, allowed);
        refusal
    }))
}
