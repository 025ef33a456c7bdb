//! Operator's page, and the JSON API that it and the command line call.

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};

use crate::engine::operations::Operations;
use crate::http::methods::Methods;

mod access;
mod assets;
mod audit;
mod error;
mod input;
mod login;
mod overview;
mod role;
mod session;

pub use access::{AdminAccess, AdminConfig};
use error::{method_not_allowed, no_route};

const METHODS: Methods = Methods(method_not_allowed);

/// State of the operator's routes.
pub struct AdminState {
    pub access: AdminAccess,
    pub operations: Operations,
    /// Name and version of the program, as it calls itself.
    pub program: String,
    pub version: String,
    /// Kind of the store: `redis` or `embedded`.
    pub store: &'static str,
}

/// Adds the operator's routes to a web server, behind their [`AdminAccess`].
pub fn configure(config: &mut ServiceConfig, state: &Data<AdminState>) {
    config.app_data(Data::clone(state));
    let session = web::resource("/session")
        .route(web::get().to(login::show))
        .route(web::post().to(login::log_in))
        .route(web::delete().to(login::log_out));
    let api = web::scope("/api")
        .service(METHODS.only(session, "GET, POST, DELETE"))
        .service(METHODS.get("/audit", audit::show))
        .service(METHODS.get("/overview", overview::show))
        .default_service(web::to(no_route));
    let admin = web::scope("/admin")
        .service(METHODS.get("", assets::page))
        .service(METHODS.get("/", assets::page))
        .service(METHODS.get("/assets/{name:.+}", assets::show))
        .service(api)
        .default_service(web::to(no_route));
    config.service(admin.wrap(from_fn(access::authorize)));
}
