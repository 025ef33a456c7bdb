//! The command `check`: every error of the configuration and every problem of the store.

use std::io::Write;

use super::process::run_to_the_end;
use super::store::StoreHandle;
use super::{advice, partitions, prepare};
use crate::app::config::{Config, StoreConfig};
use crate::app::registry::Registry;
use crate::contracts::settings::{Environment, Purpose};
use crate::contracts::storage::{FailedCheck, Health, SafetyCheck, Storage};
use crate::engine::topic::TopicRuntime;
use crate::stores::sqlite::Sqlite;

/// Prints what is wrong, and fails when a process would not start or could not work.
pub(super) fn check(
    environment: &Environment,
    registry: &Registry,
    waived: &[SafetyCheck],
) -> anyhow::Result<()> {
    let purpose = purpose(environment);
    let mut out = std::io::stdout().lock();
    let (config, services) = match prepare::load(environment, registry, purpose, None) {
        Ok(loaded) => loaded,
        Err(errors) => {
            let lines = errors.lines();
            lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
            anyhow::bail!("errors in the configuration: {}", lines.len())
        }
    };
    writeln!(out, "the configuration is valid; topics: {}", services.len())?;
    for advice in advice::on_sockets(&config.server, &services) {
        writeln!(out, "advice: {advice}")?;
    }
    if let Some(advice) = advice::on_public_url(&config.server, &services)
        && purpose != Purpose::Dev
    {
        writeln!(out, "degraded: PUBLIC_URL: {advice}")?;
    }
    if let StoreConfig::Embedded { .. } = &config.store {
        writeln!(
            out,
            "REDIS_URL is not set: `dev` and `standalone` start, `web` and `worker` do not"
        )?;
        if !Sqlite::exists(&config.data_dir) {
            writeln!(out, "the store does not exist yet; the first start creates it")?;
            return report(&Health::default(), &config, waived, &mut out);
        }
    }
    run_to_the_end(async |_| check_store(&config, &services, waived, &mut out).await)
}

/// Purpose of the deployment that an environment describes.
pub(super) fn purpose(environment: &Environment) -> Purpose {
    let is_dev = environment.get("ENV").is_some_and(|name| name.eq_ignore_ascii_case("dev"));
    if is_dev { Purpose::Dev } else { Purpose::Standalone }
}

async fn check_store(
    config: &Config,
    services: &[TopicRuntime],
    waived: &[SafetyCheck],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let store = StoreHandle::inspect(config)?.connect()?;
    let health = prepare::health(store.as_ref()).await?;
    writeln!(out, "the store is reachable")?;
    let counts = partitions::counts(services);
    report_pauses(services, store.as_ref(), out).await?;
    let refused = partitions::review(&counts, store.as_ref(), out).await?;
    report(&health, config, waived, out)?;
    anyhow::ensure!(refused == 0, "partition counts that cannot change yet: {refused}");
    Ok(())
}

/// Prints a line for each line and account that its provider rejects. It is no reason to fail: the
/// messages are retained until an operator has repaired it.
async fn report_pauses(
    services: &[TopicRuntime],
    store: &dyn Storage,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    for service in services {
        let topic = &service.config.name;
        for pause in store.pauses(topic).await? {
            writeln!(out, "degraded: {topic}: {pause}")?;
        }
    }
    Ok(())
}

/// Prints a store's health, and fails when messages may be lost on it, but for the waived checks.
fn report(
    health: &Health,
    config: &Config,
    waived: &[SafetyCheck],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    // A store that is only inspected has no knowledge of its disk.
    let ephemeral = match &config.store {
        StoreConfig::Embedded { ephemeral } => ephemeral.clone(),
        StoreConfig::Redis(_) => None,
    };
    let check = SafetyCheck::EphemeralDisk;
    let ephemeral = ephemeral.map(|reason| FailedCheck { check, reason });
    health.degraded.iter().try_for_each(|line| writeln!(out, "degraded: {line}"))?;
    let fatal: Vec<&FailedCheck> = ephemeral.iter().chain(&health.fatal).collect();
    for failed in &fatal {
        let word = if waived.contains(&failed.check) { "allowed" } else { "fatal" };
        writeln!(out, "{word}: {failed}")?;
    }
    let is_safe = fatal.iter().all(|failed| waived.contains(&failed.check));
    anyhow::ensure!(is_safe, "the store may lose messages");
    Ok(())
}
