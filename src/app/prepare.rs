//! Before anything runs: read everything, find everything that cannot work, and say it.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::process::run_to_the_end;
use super::secret;
use super::store::Store;
use crate::app::config::{self, Config};
use crate::app::registry::Registry;
use crate::app::telemetry::{self, Reader};
use crate::contracts::settings::{ConfigErrors, Environment, Purpose};
use crate::contracts::storage::{Health, Storage, StorageError};
use crate::engine::topic::TopicRuntime;
use crate::model::address::GroupKey;

/// How long a store may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// A configuration without a mistake, and what it is made of.
pub(super) struct Prepared {
    pub(super) config: Config,
    /// All topics, or the one that was asked for.
    pub(super) services: Vec<TopicRuntime>,
    pub(super) groups: GroupKey,
    pub(super) store: Store,
}

impl Prepared {
    /// To work with.
    pub(super) fn new(
        environment: &Environment,
        registry: &Registry,
        purpose: Purpose,
        only: Option<&str>,
    ) -> anyhow::Result<Self> {
        let (config, services) = sound(environment, registry, purpose, only)?;
        let store = Store::open(&config)?;
        let groups = GroupKey::new(&secret::key(&config)?);
        Ok(Self { config, services, groups, store })
    }

    /// The store, if it may be worked on. One that is away may come back: whoever needs it waits.
    pub(super) async fn open_store(
        &self,
        allow_volatile: bool,
    ) -> anyhow::Result<Arc<dyn Storage>> {
        let store = self.store.share()?;
        match ask(store.as_ref()).await {
            Ok(health) => {
                health.degraded.iter().for_each(|line| warn!(reason = line, "degraded"));
                health.fatal.iter().for_each(|line| error!(reason = line, "unsafe store"));
                anyhow::ensure!(
                    health.fatal.is_empty() || allow_volatile,
                    "the store may lose messages: {}; --allow-volatile runs on it all the same",
                    health.fatal.join("; ")
                );
            }
            Err(error @ StorageError::Unavailable(_)) => {
                warn!(%error, "the store does not answer; waiting for it");
            }
            Err(error) => return Err(error.into()),
        }
        Ok(store)
    }
}

/// What there is to look at, beside whoever works with it.
pub(super) fn look(
    environment: &Environment,
    registry: &Registry,
    only: Option<&str>,
) -> anyhow::Result<(Vec<TopicRuntime>, Store)> {
    // What is on record can be read without what only those need who add to it.
    let (config, services) = sound(environment, registry, Purpose::Dev, only)?;
    Ok((services, Store::look(&config)?))
}

/// A configuration without a mistake; the log begins with it.
fn sound(
    environment: &Environment,
    registry: &Registry,
    purpose: Purpose,
    only: Option<&str>,
) -> anyhow::Result<(Config, Vec<TopicRuntime>)> {
    let errors = ConfigErrors::default();
    let (config, mut services) = read(environment, registry, purpose, &errors);
    if let Some(only) = only {
        config.check_topic(only, &errors);
        services.retain(|service| service.config.name.as_str() == only);
    }
    errors.into_result()?;
    let reader = if purpose == Purpose::Dev { Reader::Person } else { Reader::Whoever };
    telemetry::init(&config.server.log_filter, reader);
    Ok((config, services))
}

/// Says what is wrong with the configuration and, when it can be reached, the store.
pub(super) fn check(environment: &Environment, registry: &Registry) -> anyhow::Result<()> {
    let is_dev = environment.get("ENV").is_some_and(|name| name.eq_ignore_ascii_case("dev"));
    let purpose = if is_dev { Purpose::Dev } else { Purpose::Standalone };
    let errors = ConfigErrors::default();
    let (config, services) = read(environment, registry, purpose, &errors);
    let mut out = std::io::stdout().lock();
    let found = errors.lines();
    found.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    anyhow::ensure!(found.is_empty(), "mistakes in the configuration: {}", found.len());
    writeln!(out, "the configuration is in order; topics: {}", services.len())?;
    if let config::Store::Embedded { .. } = &config.store {
        writeln!(
            out,
            "REDIS_URL is not set: `dev` and `standalone` start, `web` and `worker` do not"
        )?;
    }
    run_to_the_end(async |_| {
        let health = match Store::look(&config).and_then(|store| store.share()) {
            Ok(store) => ask(store.as_ref()).await,
            Err(error) => Err(error),
        };
        tell(health, &config, &mut out)
    })
}

/// Says how a store is that whoever starts would work on.
fn tell(
    health: Result<Health, StorageError>,
    config: &Config,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    // A store that is only looked at does not know what becomes of its disk.
    let mut fatal = match &config.store {
        config::Store::Embedded { ephemeral } => Vec::from_iter(ephemeral.clone()),
        config::Store::Redis(_) => Vec::new(),
    };
    match health {
        Ok(health) => {
            writeln!(out, "the store is reachable")?;
            health.degraded.iter().try_for_each(|line| writeln!(out, "degraded: {line}"))?;
            fatal.extend(health.fatal);
        }
        Err(error @ StorageError::Unavailable(_)) => writeln!(out, "not checked: {error}")?,
        Err(error) => return Err(error.into()),
    }
    fatal.iter().try_for_each(|line| writeln!(out, "fatal: {line}"))?;
    anyhow::ensure!(fatal.is_empty(), "the store may lose messages");
    Ok(())
}

fn read(
    environment: &Environment,
    registry: &Registry,
    purpose: Purpose,
    errors: &ConfigErrors,
) -> (Config, Vec<TopicRuntime>) {
    let config = Config::load(environment, purpose, errors);
    let services = registry.assemble(&config, environment, errors);
    (config, services)
}

async fn ask(store: &dyn Storage) -> Result<Health, StorageError> {
    let late = || StorageError::Unavailable(format!("no answer within {PATIENCE:?}"));
    tokio::time::timeout(PATIENCE, store.health()).await.unwrap_or_else(|_| Err(late()))
}
