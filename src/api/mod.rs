//! The HTTP API for programs: messages to send, their state, and messages as if a person had written
//! them.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, PathConfig, ServiceConfig};

use crate::engine::intake::Intake;
use crate::engine::submissions::{SubmitError, Submitter};
use crate::http::methods::Methods;

mod access;
mod batches;
mod inbound;
mod input;
mod messages;
mod openapi;
mod problem;
mod token;

pub use access::ApiAccess;
use problem::Problem;
pub use problem::ProblemCode;
pub use token::{ApiToken, Scope};

const METHODS: Methods = Methods(problem::method_not_allowed);

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
    config.service(METHODS.get("/api/openapi.json", openapi::show));
    let message = web::resource("/messages/{id}")
        .route(web::get().to(messages::show))
        .route(web::delete().to(messages::cancel));
    let unreadable = |_, _: &HttpRequest| Problem::from(SubmitError::NotFound).into();
    let api = web::scope("/api")
        .app_data(PathConfig::default().error_handler(unreadable))
        .service(METHODS.post("/messages", messages::send))
        .service(METHODS.only(message, "GET, DELETE"))
        .service(METHODS.post("/batches", batches::send))
        .service(METHODS.get("/batches/{id}", batches::show))
        .service(METHODS.post("/topics/{topic}/inbound", inbound::write))
        .default_service(web::to(async || problem::no_route()));
    config.service(api.wrap(from_fn(access::authorize)));
}
