//! The web process.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::anyhow;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::advice;
use super::connections::{Connections, close_when_crowded};
use super::front;
use super::metrics;
use super::operator_page;
use super::prepare::Prepared;
use super::process::{Stop, raise_open_files_limit};
use super::reporting;
use super::submit;
use crate::admin::{self, AdminState};
use crate::api::{self, ApiAccess, ApiState};
use crate::app::config::{Config, ServerConfig};
use crate::contracts::settings::Purpose;
use crate::contracts::storage::{SafetyCheck, Storage};
use crate::engine::intake::Intake;
use crate::engine::overload::Backlog;
use crate::engine::processes::Reporter;
use crate::engine::sockets::{SocketServer, SocketServerParts};
use crate::engine::sweeper::Sweeper;
use crate::engine::topic::TopicRuntime;
use crate::http::health::Readiness;
use crate::http::metrics::MetricsState;
use crate::http::throttle::calls::CallThrottle;
use crate::http::{self, AppState};
use crate::model::clock::{Clock, SystemClock};
use crate::pages::{self, PagesState};
use crate::tester::pages::{
    self as tester_pages, Access, AccessConfig, Hub, TesterState, TopicInfo,
};
use crate::tester::phones::Phones;
use crate::tester::{self, Board};

/// Maximum time for the headers of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// Time that an idle connection is kept. Load balancers close theirs after 60 s; a longer time here
/// spares them a request on a connection that the server is closing.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Time for the requests in hand after a stop. It is below the process's own limit; a request takes
/// as long as the store may take, 2 s.
const SHUTDOWN_SECONDS: u64 = 20;
/// Connections that a thread of the server accepts beyond its share of the cap, to refuse them.
const REFUSALS: usize = 64;

/// A web server that has bound its address.
pub(super) struct WebServer {
    running: actix_web::dev::Server,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) reporter: Arc<Reporter>,
    sockets: Vec<Arc<SocketServer>>,
    sweepers: Vec<Sweeper>,
    backlog: Arc<Backlog>,
}

impl WebServer {
    /// Binds the configured address, before anything starts that would have to be stopped when the
    /// address is in use.
    pub(super) fn bind(
        prepared: &Prepared,
        role: &'static str,
        storage: Arc<dyn Storage>,
        waived: &[SafetyCheck],
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let tester = Data::new(tester_state(prepared, &storage, stop));
        prepared.start_transports(&storage);
        for advice in advice::on_sockets(&prepared.config.server, &prepared.services) {
            warn!(advice, "fewer connections than sockets");
        }
        let other = Arc::clone(&storage);
        let state = Data::new(app_state(prepared, storage, waived, stop));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let sweepers = Sweeper::all(&state.intake, &other, &clock);
        let sockets = state.sockets.clone();
        let reporter = reporting::reporter(prepared, role, Arc::clone(&other), sockets);
        let routes = Routes {
            metrics: Data::new(metrics::of_deployment(prepared, &reporter, waived)),
            admin: Data::new(operator_page::state(prepared, &other)),
            api: Data::new(api_state(prepared, &other, &state.intake)),
            state,
            pages: Data::new(front::pages(&prepared.services)),
            tester,
        };
        Self::listen(&prepared.config.server, routes, sweepers, reporter)
    }

    fn listen(
        config: &ServerConfig,
        routes: Routes,
        sweepers: Vec<Sweeper>,
        reporter: Arc<Reporter>,
    ) -> anyhow::Result<Self> {
        let (sockets, backlog) = (routes.state.sockets.clone(), routes.state.intake.backlog());
        let (host, port) = (config.host.as_str(), config.port);
        let connections = Connections::new(config, raise_open_files_limit());
        let threads = available_parallelism().map_or(2, NonZero::get);
        let share = connections.max_total().div_ceil(threads) + REFUSALS;
        let admitting = connections.clone();
        let server = HttpServer::new(move || {
            let connections = connections.clone();
            App::new()
                .wrap(from_fn(move |request, next| {
                    close_when_crowded(connections.clone(), request, next)
                }))
                .configure(|config| http::configure(config, &routes.state))
                .configure(|config| http::metrics::configure(config, &routes.metrics))
                .configure(|config| pages::configure(config, &routes.pages))
                .configure(|config| tester_pages::configure(config, &routes.tester))
                .configure(|config| api::configure(config, &routes.api))
                .configure(|config| admin::configure(config, &routes.admin))
        })
        .on_connect(move |connection, extensions| admitting.admit(connection, extensions))
        .workers(threads)
        .max_connections(share)
        .disable_signals()
        .client_request_timeout(HEADER_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        // The lines of an event stream are short, and each is sent when it is written.
        .tcp_nodelay(true)
        .bind((host, port))
        .map_err(|error| bind_error(host, port, &error))?;
        let addresses = server.addrs();
        Ok(Self { addresses, running: server.run(), sockets, sweepers, backlog, reporter })
    }

    /// Serves requests until a stop, and then finishes those in hand.
    pub(super) async fn run(self, profile: &str, stop: Stop) -> anyhow::Result<()> {
        for address in &self.addresses {
            info!(%address, profile, "listening");
        }
        let closed = CancellationToken::new();
        let mut sockets = JoinSet::new();
        for server in self.sockets {
            let (stop, closed) = (stop.clone(), closed.clone());
            sockets.spawn(async move { stop.with(server.run(closed)).await });
        }
        tokio::spawn(self.backlog.run(stop.0.clone()));
        for sweeper in self.sweepers {
            tokio::spawn(sweeper.run(stop.0.clone()));
        }
        let handle = self.running.handle();
        tokio::spawn(async move {
            stop.0.cancelled().await;
            handle.stop(true).await;
        });
        let outcome = self.running.await;
        // Not before: each socket that the web server closes has a departure to be stored.
        closed.cancel();
        sockets.join_all().await;
        Ok(outcome?)
    }
}

/// States of all routes.
struct Routes {
    state: Data<AppState>,
    pages: Data<PagesState>,
    tester: Data<TesterState>,
    api: Data<ApiState>,
    admin: Data<AdminState>,
    metrics: Data<MetricsState>,
}

fn bind_error(host: &str, port: u16, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port} is taken by another program; stop that one, or set PORT to a free port"
        ),
        _ => anyhow!("cannot listen on {host}:{port}: {error}; set HOST and PORT"),
    }
}

fn app_state(
    prepared: &Prepared,
    storage: Arc<dyn Storage>,
    waived: &[SafetyCheck],
    stop: &Stop,
) -> AppState {
    let pipelines = prepared.services.iter().flat_map(TopicRuntime::pipelines).collect();
    let clock = Arc::new(SystemClock);
    let intake = Intake::new(Arc::clone(&storage), prepared.groups.clone(), clock, pipelines);
    let intake = Arc::new(intake.recorded_by(Arc::clone(&prepared.recorder.figures)));
    let paths = |service: &TopicRuntime| {
        let name = service.config.name.to_string();
        service.config.paths.clone().into_iter().map(move |path| (path, name.clone()))
    };
    AppState {
        sockets: socket_servers(prepared, &storage, &intake),
        stop: stop.0.clone(),
        intake,
        operations: operator_page::operations(prepared, &storage),
        readiness: Readiness::default(),
        advice: public_url_advice(prepared),
        storage,
        greeting: front::greeting(&prepared.program, &prepared.services),
        paths: prepared.services.iter().flat_map(paths).collect(),
        former: former_routes(&prepared.services),
        public_url: prepared.config.server.public_url.clone(),
        trust_forwarded: prepared.config.server.trust_forwarded,
        forged_calls: CallThrottle::new(Arc::new(SystemClock)),
        waived: waived.to_vec(),
    }
}

fn public_url_advice(prepared: &Prepared) -> Vec<String> {
    let Prepared { config, services, .. } = prepared;
    let advice = advice::on_public_url(&config.server, services);
    let is_dev = config.purpose == Purpose::Dev;
    advice.filter(|_| !is_dev).map(|it| format!("PUBLIC_URL: {it}")).into_iter().collect()
}

/// Routes by the names of the transports. Of several topics with a transport of one name, the first of
/// the file has the address.
fn former_routes(services: &[TopicRuntime]) -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for TopicRuntime { config, .. } in services {
        for transport in &config.transports {
            let route = || config.route(&transport.name);
            routes.entry(transport.name.clone()).or_insert_with(route);
        }
    }
    routes
}

fn api_state(prepared: &Prepared, storage: &Arc<dyn Storage>, intake: &Arc<Intake>) -> ApiState {
    let Config { api_tokens, server, .. } = &prepared.config;
    let clock = Arc::new(SystemClock);
    let submitter = submit::submitter(&prepared.services, storage, prepared.groups.clone());
    ApiState {
        access: ApiAccess::new(api_tokens.clone(), server.trust_forwarded, clock),
        submitter: Arc::new(submitter.limited_by(intake.overload())),
        intake: Arc::clone(intake),
    }
}

fn socket_servers(
    prepared: &Prepared,
    storage: &Arc<dyn Storage>,
    intake: &Arc<Intake>,
) -> Vec<Arc<SocketServer>> {
    let parts = SocketServerParts {
        storage: Arc::clone(storage),
        intake: Arc::clone(intake),
        clock: Arc::new(SystemClock),
        groups: prepared.groups.clone(),
    };
    let servers = prepared.services.iter();
    servers.filter_map(|service| SocketServer::new(service, parts.clone())).collect()
}

fn tester_state(prepared: &Prepared, storage: &Arc<dyn Storage>, stop: &Stop) -> TesterState {
    let clock = Arc::new(SystemClock);
    let board = Arc::new(Board::new(Arc::clone(storage), clock.clone()));
    let pipeline = |service: &TopicRuntime| {
        let name = service.config.name.clone();
        let tester = Arc::new(tester::TesterTransport::new(name, Arc::clone(&board)));
        service.pipeline_from(tester::TRANSPORT_NAME, tester)
    };
    let pipelines = prepared.services.iter().map(pipeline).collect();
    let intake = Intake::new(Arc::clone(storage), prepared.groups.clone(), clock, pipelines)
        .recorded_by(Arc::clone(&prepared.recorder.figures));
    TesterState {
        access: access(&prepared.config),
        phones: Phones::new(intake, Arc::clone(&board)),
        departure: tester::Departure::new(
            Arc::clone(storage),
            prepared.groups.clone(),
            &prepared.services,
        ),
        hub: Hub::new(board, stop.0.clone()),
        topics: prepared.services.iter().map(topic).collect(),
        program: prepared.program.title().to_owned(),
        stop: stop.0.clone(),
    }
}

fn access(config: &Config) -> Access {
    let settings = AccessConfig {
        allow_local: config.purpose == Purpose::Dev,
        token: config.admin_token.clone(),
        public_url: config.server.public_url.clone(),
        trust_forwarded: config.server.trust_forwarded,
    };
    let access = Access::new(settings, Arc::new(SystemClock));
    if access.is_closed() {
        info!("/tester is closed; set ADMIN_TOKEN to open it to those who know the token");
    }
    access
}

fn topic(TopicRuntime { config: topic, handler, .. }: &TopicRuntime) -> TopicInfo {
    TopicInfo {
        name: topic.name.clone(),
        webhook: format!("/queue/{}", topic.name),
        paths: topic.paths.clone(),
        handler: topic.handler.clone(),
        transports: topic.transports.iter().map(|transport| transport.name.clone()).collect(),
        commands: handler.commands(),
    }
}
