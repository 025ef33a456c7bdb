//! The command `doctor`: everything that a deployment stands on, one line each.

use std::io::Write;

use chrono::TimeDelta;

use super::check::purpose;
use super::commands::DoctorOptions;
use super::process::{raise_open_files_limit, run_to_the_end};
use super::store::StoreHandle;
use super::{advice, prepare, skew};
use crate::app::config::{Config, StoreConfig};
use crate::app::registry::Registry;
use crate::contracts::settings::Environment;
use crate::contracts::storage::{Health, Storage};
use crate::contracts::transport::{Examination, Finding, Verdict};
use crate::engine::topic::TopicRuntime;
use crate::model::clock::{Clock, SystemClock};
use crate::stores::sqlite::Sqlite;

/// Open files beside those of connections, as the web process reserves them.
const RESERVED_FILES: u64 = 128;

/// Prints findings, and counts the problems among them.
#[derive(Default)]
struct Report {
    problems: usize,
}

impl Report {
    fn add(&mut self, about: &str, finding: &Finding) -> std::io::Result<()> {
        self.problems += usize::from(finding.verdict == Verdict::Problem);
        let Finding { verdict, part, sentence } = finding;
        writeln!(std::io::stdout(), "{verdict:<8}  {about}{part}: {sentence}")
    }

    fn line(
        &mut self,
        verdict: Verdict,
        part: &'static str,
        sentence: impl Into<String>,
    ) -> std::io::Result<()> {
        self.add("", &Finding::new(verdict, part, sentence))
    }
}

/// Prints what is well and what is not, and fails when there is a problem.
pub(super) fn doctor(
    environment: &Environment,
    registry: &Registry,
    options: &DoctorOptions,
) -> anyhow::Result<()> {
    let mut report = Report::default();
    match prepare::load(environment, registry, purpose(environment), None) {
        Ok((config, services)) => {
            let names: Vec<&str> = services.iter().map(|it| it.config.name.as_str()).collect();
            let topics = format!("valid; topics: {}", names.join(", "));
            report.line(Verdict::Ok, "configuration", topics)?;
            run_to_the_end(async |_| examine(&config, &services, options, &mut report).await)?;
        }
        Err(errors) => {
            for line in errors.lines() {
                report.line(Verdict::Problem, "configuration", line)?;
            }
        }
    }
    anyhow::ensure!(report.problems == 0, "problems: {}", report.problems);
    Ok(())
}

async fn examine(
    config: &Config,
    services: &[TopicRuntime],
    options: &DoctorOptions,
    report: &mut Report,
) -> anyhow::Result<()> {
    if let Some(advice) = advice::on_public_url(&config.server, services) {
        report.line(Verdict::Degraded, "PUBLIC_URL", advice)?;
    } else {
        let url = config.server.public_url.as_deref().unwrap_or("not needed");
        report.line(Verdict::Ok, "PUBLIC_URL", url)?;
    }
    open_files(config, report)?;
    store(config, services, report).await?;
    accounts(config, services, options, report).await
}

fn open_files(config: &Config, report: &mut Report) -> std::io::Result<()> {
    let (limit, wanted) = (raise_open_files_limit(), config.server.max_connections);
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(RESERVED_FILES);
    if limit >= needed {
        let sentence = format!("{limit} are allowed, {needed} are needed");
        return report.line(Verdict::Ok, "open files", sentence);
    }
    let sentence = format!(
        "{limit} are allowed, which lowers max_connections from {wanted}; raise `ulimit -n` to {needed}"
    );
    report.line(Verdict::Degraded, "open files", sentence)
}

/// Examines the store, and what it keeps of the topics.
async fn store(
    config: &Config,
    services: &[TopicRuntime],
    report: &mut Report,
) -> anyhow::Result<()> {
    if matches!(config.store, StoreConfig::Embedded { .. }) && !Sqlite::exists(&config.data_dir) {
        let sentence = "a SQLite file, which the first start creates";
        return Ok(report.line(Verdict::Ok, "store", sentence)?);
    }
    let reached = async {
        let store = StoreHandle::inspect(config)?.connect()?;
        let health = prepare::health(store.as_ref()).await?;
        Ok::<_, anyhow::Error>((store, health))
    };
    match reached.await {
        Ok((store, health)) => {
            persistence(&health, report)?;
            let ahead = store.time().await? - SystemClock.now();
            clock(ahead, report)?;
            pauses(services, store.as_ref(), report).await
        }
        Err(error) => {
            let sentence = format!("cannot be used: {error:#}; start it, or correct REDIS_URL");
            Ok(report.line(Verdict::Problem, "store", sentence)?)
        }
    }
}

fn persistence(health: &Health, report: &mut Report) -> std::io::Result<()> {
    report.line(Verdict::Ok, "store", "reachable")?;
    for failed in &health.fatal {
        report.line(Verdict::Problem, "persistence", failed.to_string())?;
    }
    for degraded in &health.degraded {
        report.line(Verdict::Degraded, "persistence", degraded.as_str())?;
    }
    if health.fatal.is_empty() && health.degraded.is_empty() {
        report.line(Verdict::Ok, "persistence", "every accepted message is durable")?;
    }
    Ok(())
}

/// Tells whether the store's clock agrees with that of this process.
fn clock(ahead: TimeDelta, report: &mut Report) -> std::io::Result<()> {
    match skew::sentence("store", ahead.as_seconds_f64()) {
        None => report.line(Verdict::Ok, "store time", "agrees with that of this machine"),
        Some(sentence) => report.line(Verdict::Degraded, "store time", sentence),
    }
}

async fn pauses(
    services: &[TopicRuntime],
    store: &dyn Storage,
    report: &mut Report,
) -> anyhow::Result<()> {
    for service in services {
        let topic = &service.config.name;
        for pause in store.pauses(topic).await? {
            let finding = Finding::new(Verdict::Degraded, "sending", pause.to_string());
            report.add(&format!("{topic}: "), &finding)?;
        }
    }
    Ok(())
}

/// Examines the account of each transport at its provider.
async fn accounts(
    config: &Config,
    services: &[TopicRuntime],
    options: &DoctorOptions,
    report: &mut Report,
) -> anyhow::Result<()> {
    let public_url = config.server.public_url.as_deref();
    let is_wanted = |service: &&TopicRuntime| {
        options.topic.as_deref().is_none_or(|topic| topic == service.config.name.as_str())
    };
    anyhow::ensure!(
        services.iter().any(|service| is_wanted(&service)),
        "--topic: there is no such topic; the line about the configuration lists them"
    );
    for service in services.iter().filter(is_wanted) {
        for (name, transport) in service.transports.clone() {
            let about = format!("{}: {name}: ", service.config.name);
            if let Some(missing) = transport.missing() {
                let finding = Finding::new(Verdict::Degraded, "credentials", missing);
                report.add(&about, &finding)?;
                continue;
            }
            let webhooks = webhooks(services, service, &name, public_url);
            let examination = Examination { webhooks, repair: options.fix };
            for finding in transport.diagnose(&examination).await {
                report.add(&about, &finding)?;
            }
        }
    }
    Ok(())
}

/// Addresses of this deployment's webhooks: the transport's own first, then those of all topics, since
/// one number may be set to any of them.
fn webhooks(
    services: &[TopicRuntime],
    own: &TopicRuntime,
    transport: &str,
    public_url: Option<&str>,
) -> Vec<String> {
    let Some(origin) = public_url else { return Vec::new() };
    let mut webhooks = vec![format!("{origin}/queue/{}", own.config.route(transport))];
    for TopicRuntime { config, .. } in services {
        let routes = config.transports.iter().map(|it| config.route(&it.name));
        webhooks.extend(routes.map(|route| format!("{origin}/queue/{route}")));
        webhooks.extend(config.paths.iter().map(|path| format!("{origin}{path}")));
    }
    webhooks
}
