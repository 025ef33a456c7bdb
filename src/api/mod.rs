//! The HTTP API for programs: messages to send, their state, and messages as if a person had written
//! them.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, Handler, Resource, Responder};

use crate::engine::intake::Intake;
use crate::engine::submissions::Submitter;

mod access;
mod batches;
mod inbound;
mod input;
mod messages;
mod openapi;
mod problem;
mod token;

pub use access::ApiAccess;
pub use problem::ProblemCode;
pub use token::{ApiToken, Scope};

/// State of the API's routes.
pub struct ApiState {
    pub access: ApiAccess,
    pub submitter: Arc<Submitter>,
    /// Takes the messages that a program writes in the place of a person.
    pub intake: Arc<Intake>,
}

/// Adds the API's routes to a web server; none when no token opens them.
pub fn configure(config: &mut ServiceConfig, state: &Data<ApiState>) {
    if state.access.is_closed() {
        return;
    }
    config.app_data(Data::clone(state));
    config.service(only(
        web::resource("/api/openapi.json").route(web::get().to(openapi::show)),
        "GET",
    ));
    let message = web::resource("/messages/{id}")
        .route(web::get().to(messages::show))
        .route(web::delete().to(messages::cancel));
    let api = web::scope("/api")
        .service(post("/messages", messages::send))
        .service(only(message, "GET, DELETE"))
        .service(post("/batches", batches::send))
        .service(only(web::resource("/batches/{id}").route(web::get().to(batches::show)), "GET"))
        .service(post("/topics/{topic}/inbound", inbound::write))
        .default_service(web::to(async || problem::no_route()));
    config.service(api.wrap(from_fn(access::authorize)));
}

fn post<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    only(web::resource(path).route(web::post().to(handler)), "POST")
}

/// Refuses every other method.
fn only(resource: Resource, allowed: &'static str) -> Resource {
    resource.default_service(web::to(move || async move { problem::method_not_allowed(allowed) }))
}
