//! The web process.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::anyhow;
use tracing::info;

use super::prepare::Prepared;
use super::process::Stop;
use crate::app::config::Config;
use crate::contracts::settings::Purpose;
use crate::contracts::storage::Storage;
use crate::engine::intake::Intake;
use crate::engine::topic::TopicRuntime;
use crate::http::{self, AppState};
use crate::model::clock::SystemClock;
use crate::tester::pages::{self, Access, Hub, TesterState, Topic};
use crate::tester::phones::Phones;
use crate::tester::{self, Board};

/// For the whole of the headers: whoever sends them byte by byte wants to hold a place, not to talk.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than the 60 s after which load balancers close idle connections themselves, so that they
/// never send a call into one that we are just closing.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Below the process's own limit; an answer takes as long as the store may take, 2 s.
const SHUTDOWN_SECONDS: u64 = 20;

/// A web server that listens, and is about to answer.
pub(super) struct Server {
    running: actix_web::dev::Server,
    pub(super) addresses: Vec<SocketAddr>,
}

impl Server {
    /// Takes its place on the network, before anything else is begun that would have to be ended
    /// again when the place is taken.
    pub(super) fn bind(
        prepared: &Prepared,
        storage: Arc<dyn Storage>,
        allow_volatile: bool,
        stop: &Stop,
    ) -> anyhow::Result<Self> {
        let tester = Data::new(tester_state(prepared, &storage, stop));
        let state = Data::new(app_state(prepared, storage, allow_volatile));
        let (host, port) = (prepared.config.server.host.as_str(), prepared.config.server.port);
        let server = HttpServer::new(move || {
            App::new()
                .configure(|config| http::configure(config, &state))
                .configure(|config| pages::configure(config, &tester))
        })
        .disable_signals()
        .client_request_timeout(HEADER_TIMEOUT)
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        // A stream's lines are short, and each is to arrive when it is written.
        .tcp_nodelay(true)
        .bind((host, port))
        .map_err(|error| no_place(host, port, &error))?;
        Ok(Self { addresses: server.addrs(), running: server.run() })
    }

    /// Answers calls until it is told to stop; then those that have begun.
    pub(super) async fn run(self, profile: &str, stop: Stop) -> anyhow::Result<()> {
        for address in &self.addresses {
            info!(%address, profile, "listening");
        }
        let handle = self.running.handle();
        tokio::spawn(async move {
            stop.0.cancelled().await;
            handle.stop(true).await;
        });
        Ok(self.running.await?)
    }
}

fn no_place(host: &str, port: u16, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port} is taken by another program; stop that one, or set PORT to a free port"
        ),
        _ => anyhow!("cannot listen on {host}:{port}: {error}; set HOST and PORT"),
    }
}

fn app_state(prepared: &Prepared, storage: Arc<dyn Storage>, allow_volatile: bool) -> AppState {
    let pipelines = prepared.services.iter().flat_map(TopicRuntime::pipelines).collect();
    let clock = Arc::new(SystemClock);
    let of = |service: &TopicRuntime| {
        let name = service.config.name.to_string();
        service.config.paths.clone().into_iter().map(move |path| (path, name.clone()))
    };
    AppState {
        intake: Intake::new(Arc::clone(&storage), prepared.groups.clone(), clock, pipelines),
        storage,
        greeting: greeting(&prepared.services),
        paths: prepared.services.iter().flat_map(of).collect(),
        public_url: prepared.config.server.public_url.clone(),
        trust_forwarded: prepared.config.server.trust_forwarded,
        allow_volatile,
    }
}

fn tester_state(prepared: &Prepared, storage: &Arc<dyn Storage>, stop: &Stop) -> TesterState {
    let clock = Arc::new(SystemClock);
    let board = Arc::new(Board::new(Arc::clone(storage), clock.clone()));
    let pipeline = |service: &TopicRuntime| {
        let name = service.config.name.clone();
        service.pipeline_from(tester::NAME, Arc::new(tester::Tester::new(name, Arc::clone(&board))))
    };
    let pipelines = prepared.services.iter().map(pipeline).collect();
    let intake = Intake::new(Arc::clone(storage), prepared.groups.clone(), clock, pipelines);
    TesterState {
        access: access(&prepared.config),
        phones: Phones::new(intake, Arc::clone(&board)),
        hub: Hub::new(board, stop.0.clone()),
        topics: prepared.services.iter().map(topic).collect(),
        stop: stop.0.clone(),
    }
}

fn access(config: &Config) -> Access {
    let access =
        Access { is_open_here: config.purpose == Purpose::Dev, token: config.admin_token.clone() };
    if access.is_closed() {
        info!("/tester is closed to everybody; set ADMIN_TOKEN to open it to those who have that");
    }
    access
}

fn topic(TopicRuntime { config: topic, .. }: &TopicRuntime) -> Topic {
    Topic {
        name: topic.name.clone(),
        webhook: format!("/queue/{}", topic.name),
        paths: topic.paths.clone(),
        handler: topic.handler.clone(),
    }
}

/// Returns the front page: the greetings of the handlers, and the topics with their paths.
fn greeting(services: &[TopicRuntime]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for greeting in services.iter().filter_map(|service| service.handler.greeting()) {
        if !lines.iter().any(|line| line == greeting) {
            lines.push(greeting.to_owned());
        }
    }
    lines.push("Crosswire takes messages for these topics:".to_owned());
    for TopicRuntime { config: topic, .. } in services {
        let paths = [format!("/queue/{}", topic.name)].into_iter().chain(topic.paths.clone());
        lines.push(format!("  {} at {}", topic.name, paths.collect::<Vec<_>>().join(" and ")));
    }
    lines.join("\n")
}
