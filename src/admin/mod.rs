//! Operator's page, and the JSON API that it and the command line call.

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, QueryConfig, ServiceConfig};

use serde::Serialize;

use crate::engine::operations::Operations;
use crate::http::methods::Methods;

mod access;
mod assets;
mod audit;
mod calls;
mod dead;
mod error;
mod input;
mod login;
mod overview;
mod pauses;
mod people;
mod role;
mod session;
mod trace;

pub use access::{AdminAccess, AdminConfig};
use error::{AdminError, method_not_allowed, no_route};

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
    /// Configuration as it runs, without secrets.
    pub config: Vec<ConfigSection>,
}

/// Part of the configuration.
#[derive(Clone, Debug, Serialize)]
pub struct ConfigSection {
    pub name: String,
    pub rows: Vec<ConfigRow>,
}

/// Setting as it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigRow {
    pub key: String,
    pub value: String,
    /// True for the default value.
    pub default: bool,
}

/// Adds the operator's routes to a web server, behind their [`AdminAccess`].
pub fn configure(config: &mut ServiceConfig, state: &Data<AdminState>) {
    config.app_data(Data::clone(state));
    let session = web::resource("/session")
        .route(web::get().to(login::show))
        .route(web::post().to(login::log_in))
        .route(web::delete().to(login::log_out));
    let trace = web::resource("/trace")
        .route(web::get().to(trace::of_id))
        .route(web::post().to(trace::search));
    let api = web::scope("/api")
        .app_data(QueryConfig::default().error_handler(|_, _| unusable_query().into()))
        .service(METHODS.only(session, "GET, POST, DELETE"))
        .service(METHODS.get("/audit", audit::show))
        .service(METHODS.get("/config", overview::config))
        .service(METHODS.get("/overview", overview::show))
        .service(METHODS.get("/history", overview::history))
        .service(METHODS.get("/stuck", trace::stuck))
        .service(METHODS.only(trace, "GET, POST"))
        .configure(dead_letters)
        .configure(changes)
        .default_service(web::to(no_route));
    let admin = web::scope("/admin")
        .service(METHODS.get("", assets::page))
        .service(METHODS.get("/", assets::page))
        .service(METHODS.get("/assets/{name:.+}", assets::show))
        .service(api)
        .default_service(web::to(no_route));
    config.service(admin.wrap(from_fn(access::authorize)));
}

/// Error of a query, without its text, which could quote a number.
fn unusable_query() -> AdminError {
    AdminError::Invalid("a parameter of the query is not known, or not of its kind".to_owned())
}

fn dead_letters(config: &mut ServiceConfig) {
    config
        .service(METHODS.get("/dead", dead::list))
        .service(METHODS.post("/dead/search", dead::search))
        .service(METHODS.post("/dead/export", dead::export))
        .service(METHODS.post("/dead/replay", dead::replay))
        .service(METHODS.post("/dead/drop", dead::discard));
}

fn changes(config: &mut ServiceConfig) {
    let bans = web::resource("/bans")
        .route(web::get().to(people::bans))
        .route(web::post().to(people::ban));
    let opt_outs = web::resource("/optouts")
        .route(web::get().to(people::opt_outs))
        .route(web::post().to(people::add_opt_out));
    config
        .service(METHODS.post("/pauses", pauses::pause))
        .service(METHODS.post("/pauses/resume", pauses::resume))
        .service(METHODS.post("/budgets/resume", pauses::resume_budget))
        .service(METHODS.get("/lines", pauses::lines))
        .service(METHODS.get("/reports", people::reports))
        .service(METHODS.only(bans, "GET, POST"))
        .service(METHODS.post("/bans/lift", people::unban))
        .service(METHODS.only(opt_outs, "GET, POST"))
        .service(METHODS.post("/optouts/remove", people::remove_opt_out));
}
