//! The HTTP routes for providers and load balancers. Types of the web server appear here, in the
//! tester's pages and in `app`.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Path, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use tokio_util::sync::CancellationToken;

use crate::contracts::storage::{SafetyCheck, Storage};
use crate::engine::intake::Intake;
use crate::engine::operations::Operations;
use crate::engine::sockets::SocketServer;

pub mod assets;
pub mod body;
pub mod client;
mod exposition;
mod former;
pub mod health;
mod media;
pub mod methods;
pub mod metrics;
mod request;
pub mod response;
pub mod same_origin;
mod socket;
pub mod throttle;
pub mod token;
mod webhook;

use health::Readiness;
use methods::Methods;
use response::plain_text;
use throttle::calls::CallThrottle;

/// State shared by the routes of this module.
pub struct AppState {
    /// Takes the webhooks of every topic.
    pub intake: Arc<Intake>,
    /// Servers of the topics whose clients hold sockets.
    pub sockets: Vec<Arc<SocketServer>>,
    /// Stop of the process, which closes every socket.
    pub stop: CancellationToken,
    /// The store that readiness asks.
    pub storage: Arc<dyn Storage>,
    /// Topics, of which readiness tells the state.
    pub operations: Operations,
    /// Last answer to a probe.
    pub readiness: Readiness,
    /// Promises that the configuration does not keep.
    pub advice: Vec<String>,
    /// Text of `GET /`.
    pub greeting: String,
    /// Paths beside `/queue/<topic>`, each with the name of its topic.
    pub paths: Vec<(String, String)>,
    /// Routes of the transports by their names alone, for the addresses that `RapidSMS` gives them.
    pub former: BTreeMap<String, String>,
    /// Scheme and host that providers call, when configured.
    pub public_url: Option<String>,
    /// Trust in `X-Forwarded-Proto` and `X-Forwarded-Host`.
    pub trust_forwarded: bool,
    /// Networks that send forged calls.
    pub forged_calls: CallThrottle,
    /// Safety checks of the store that the operator has waived.
    pub waived: Vec<SafetyCheck>,
}

/// Adds the routes to a web server.
pub fn configure(config: &mut ServiceConfig, state: &Data<AppState>) {
    config.app_data(Data::clone(state));
    for (path, page) in [
        ("/", StatusPage::Greeting),
        ("/healthz", StatusPage::Health),
        ("/readyz", StatusPage::Readiness),
    ] {
        let show = move |request: HttpRequest, state: Data<AppState>| show(page, request, state);
        config.service(web::resource(path).to(show));
    }
    // Either `<topic>` or `<topic>/<transport>`; the intake knows which ones exist.
    for pattern in ["/queue/{route:.+}", "/status/{route:.+}"] {
        let receive = |request, payload, route: Path<String>, state| {
            webhook::receive(route.into_inner(), request, payload, state)
        };
        config.service(web::resource(pattern).to(receive));
    }
    let methods = Methods(response::method_not_allowed);
    let show = async |sealed, request, state| media::show(sealed, request, state).await;
    config.service(methods.get("/media/{sealed}", show));
    for (path, topic) in &state.paths {
        let topic = topic.clone();
        let receive = move |request: HttpRequest, payload: Payload, state: Data<AppState>| {
            webhook::receive(topic.clone(), request, payload, state)
        };
        config.service(web::resource(path.as_str()).to(receive));
    }
    former::configure(config);
    configure_sockets(config, state);
    config.default_service(web::to(response::not_found));
}

fn configure_sockets(config: &mut ServiceConfig, state: &AppState) {
    for server in &state.sockets {
        for path in &server.settings().paths {
            let topic = server.topic().clone();
            let open = move |request, payload, state| {
                let topic = topic.clone();
                async move { socket::open(topic.as_str(), request, payload, state).await }
            };
            config.service(web::resource(path.as_str()).to(open));
        }
    }
    let open = async |request, payload, topic: Path<String>, state| {
        socket::open(&topic, request, payload, state).await
    };
    config.service(web::resource("/ws/{topic}").to(open));
}

/// The public pages that are read, never posted to.
#[derive(Clone, Copy)]
enum StatusPage {
    Greeting,
    Health,
    Readiness,
}

async fn show(page: StatusPage, request: HttpRequest, state: Data<AppState>) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return response::method_not_allowed("GET, HEAD");
    }
    match page {
        StatusPage::Greeting => plain_text(StatusCode::OK, state.greeting.trim_end()),
        StatusPage::Health => plain_text(StatusCode::OK, "ok"),
        StatusPage::Readiness => health::readiness(&state).await,
    }
}
