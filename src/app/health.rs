//! The command `health`: whether a process of this machine does its work, for the health check of a
//! container.
//!
//! A process with a web server is asked itself. A worker has none; it reports to the store every few
//! seconds, which shows that it runs and reaches the store.

use std::io::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::commands::{HealthOf, HealthOptions};
use super::process::run_to_the_end;
use super::role::Role;
use super::store::StoreHandle;
use super::{App, prepare};
use crate::app::config::{ServerConfig, TopicSelection};
use crate::contracts::figures::ProcessReport;
use crate::contracts::settings::Purpose;
use crate::contracts::storage::StorageError;
use crate::engine::processes::{self, ProcessState};
use crate::http_client::{self, ClientLimits, Reach, Response};
use crate::model::clock::{Clock as _, SystemClock};

/// Limits of the question to a web server, below those of any health check.
const LIMITS: ClientLimits =
    ClientLimits { connect_timeout: Duration::from_secs(2), timeout: Duration::from_secs(4) };
/// Maximum wait for the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;

/// Prints the health of a process, and fails unless it does its work.
pub(super) fn health(app: &App, options: &HealthOptions) -> Result<()> {
    let process = options.process.unwrap_or(match app.role {
        Role::Dev => HealthOf::Dev,
        Role::Standalone => HealthOf::Standalone,
        Role::Web => HealthOf::Web,
        Role::Worker => HealthOf::Worker,
    });
    let purpose = match process {
        HealthOf::Worker => return run_to_the_end(|_| worker(app)),
        HealthOf::Web => Purpose::Shared,
        HealthOf::Standalone => Purpose::Standalone,
        HealthOf::Dev => Purpose::Dev,
    };
    run_to_the_end(|_| web(app, purpose))
}

/// Asks the web server whether it is ready.
async fn web(app: &App, purpose: Purpose) -> Result<()> {
    let (config, _) = prepare::load(&app.environment, &app.registry, purpose, None)?;
    let url = format!("http://{}/readyz", address(&config.server));
    let http = http_client::client(LIMITS, Reach::Anywhere)?;
    let answer = http.get(&url).send().await.map_err(reqwest::Error::without_url);
    let answer = answer.with_context(|| {
        format!("no answer from {url}; start the process, with this HOST and PORT")
    })?;
    let Response { status, body, .. } = Response::read(answer, MAX_ANSWER).await;
    let body = body.with_context(|| format!("the answer from {url} is cut off; try again"))?;
    let lines = String::from_utf8_lossy(&body);
    writeln!(std::io::stdout(), "{}", lines.trim_end())?;
    anyhow::ensure!(status.is_success(), "not ready, as the lines above say");
    Ok(())
}

/// Returns the address under which this machine reaches its own server.
fn address(server: &ServerConfig) -> String {
    let host = server.host.trim_matches(['[', ']']);
    let host = match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(it)) if it.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(it)) if it.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(it)) => format!("[{it}]"),
        _ => host.to_owned(),
    };
    format!("{host}:{}", server.port)
}

/// Reads from the store whether a worker of this machine runs.
async fn worker(app: &App) -> Result<()> {
    let selection = app.environment.get("TOPIC").map(TopicSelection::Variable);
    let (config, services) =
        prepare::load(&app.environment, &app.registry, Purpose::Shared, selection)?;
    let store = StoreHandle::inspect(&config)?.connect()?;
    let read = async {
        let mut all = Vec::new();
        for service in &services {
            all.extend(processes::reports(store.as_ref(), &service.config.name).await?);
        }
        Ok::<_, StorageError>(all)
    };
    let all = tokio::time::timeout(STORE_TIMEOUT, read).await;
    let mut all = all.context("the store does not answer; see `crosswire check`")??;
    let now = SystemClock.now();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    all.retain(|it| it.host == host && it.role == "worker");
    let state = |it: &ProcessReport| ProcessState::of(it, now);
    let Some(running) = all.iter().find(|it| state(it) == ProcessState::Running) else {
        anyhow::bail!(
            "no worker on {host} runs: {}",
            all.last().map_or("none has reported to the store", |it| state(it).as_str())
        )
    };
    let age = (now - running.at).num_seconds().max(0);
    writeln!(std::io::stdout(), "a worker on {host} runs; it reported {age} s ago")?;
    Ok(())
}
