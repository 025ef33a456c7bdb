//! Metrics of this process: the route of a web server, and the port of a worker.

use std::num::NonZeroU16;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{App, HttpServer, web};
use tracing::{info, warn};

use super::operator_page;
use super::prepare::Prepared;
use super::process::Stop;
use crate::contracts::settings::Purpose;
use crate::contracts::storage::SafetyCheck;
use crate::engine::processes::Reporter;
use crate::engine::scrape::Scraper;
use crate::http::metrics::{self, MetricsConfig, MetricsState};
use crate::http::response::not_found;
use crate::model::clock::SystemClock;

/// Time for a scrape in hand after a stop.
const SHUTDOWN_SECONDS: u64 = 1;

/// Returns the state of the route of a web process, which shows the whole deployment.
pub(super) fn of_deployment(
    prepared: &Prepared,
    reporter: &Arc<Reporter>,
    waived: &[SafetyCheck],
) -> MetricsState {
    let operations = operator_page::operations(prepared, &reporter.storage);
    let scraper = Scraper::of_deployment(Arc::clone(reporter), operations, waived.to_vec());
    MetricsState::new(settings(prepared), scraper, Arc::new(SystemClock))
}

/// Serves the figures of this worker on a port of its own, if one is configured. A port that is taken,
/// as by another worker of this machine, is no reason to stop.
pub(super) fn serve(prepared: &Prepared, reporter: &Arc<Reporter>, stop: &Stop) {
    let Some(port) = prepared.config.server.metrics_port.map(NonZeroU16::get) else { return };
    let host = prepared.config.server.host.as_str();
    let scraper = Scraper::of_process(Arc::clone(reporter));
    let state = MetricsState::new(settings(prepared), scraper, Arc::new(SystemClock));
    let state = Data::new(state);
    let server = HttpServer::new(move || {
        let routes = App::new().configure(|config| metrics::configure(config, &state));
        routes.default_service(web::to(not_found))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(SHUTDOWN_SECONDS);
    match server.bind((host, port)) {
        Ok(server) => {
            info!(host, port, "metrics of this worker are served");
            let running = server.run();
            let (handle, stop) = (running.handle(), stop.0.clone());
            tokio::spawn(running);
            tokio::spawn(async move {
                stop.cancelled().await;
                handle.stop(true).await;
            });
        }
        Err(error) => {
            warn!(host, port, %error, "metrics of this worker are not served; set METRICS_PORT to a free port");
        }
    }
}

fn settings(prepared: &Prepared) -> MetricsConfig {
    let config = &prepared.config;
    let tokens = [&config.metrics_token, &config.admin_token, &config.admin_read_token];
    MetricsConfig {
        allow_local: config.purpose == Purpose::Dev,
        tokens: tokens.into_iter().flatten().cloned().collect(),
        trust_forwarded: config.server.trust_forwarded,
    }
}
