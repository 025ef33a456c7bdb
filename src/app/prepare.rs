//! Preparation of a process: configuration, parts and store are read and checked before it starts.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use super::partitions::{self, PartitionError};
use super::process::Stop;
use super::program::Program;
use super::secret;
use super::store::StoreHandle;
use crate::app::config::{Config, DraftConfig, TopicSelection};
use crate::app::registry::Registry;
use crate::app::telemetry::{self, Reader};
use crate::contracts::figures::StoreCalls;
use crate::contracts::settings::{ConfigErrors, Environment, Purpose};
use crate::contracts::storage::{Feeds, Health, SafetyCheck, Storage, StorageError};
use crate::engine::leases::Leases;
use crate::engine::processes::Recorder;
use crate::engine::topic::TopicRuntime;
use crate::model::address::GroupKey;
use crate::model::clock::SystemClock;

/// Maximum wait for a store's health.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// A valid configuration and the parts that were built from it.
pub(super) struct Prepared {
    pub(super) program: Program,
    pub(super) config: Config,
    /// All topics, or the selected one.
    pub(super) services: Vec<TopicRuntime>,
    pub(super) groups: GroupKey,
    pub(super) store: StoreHandle,
    /// Figures of this process.
    pub(super) recorder: Recorder,
}

impl Prepared {
    /// Prepares a process that takes in or handles messages.
    pub(super) fn new(
        program: Program,
        environment: &Environment,
        registry: &Registry,
        purpose: Purpose,
        selection: Option<TopicSelection<'_>>,
    ) -> anyhow::Result<Self> {
        let (config, services) = load_and_log(environment, registry, purpose, selection)?;
        let recorder = Recorder::new(Leases::new(Arc::new(SystemClock)));
        let calls = StoreCalls::into_figures(Arc::clone(&recorder.figures));
        let store = StoreHandle::open_recorded(&config, calls)?;
        let groups = GroupKey::new(&secret::key(&config)?);
        Ok(Self { program, config, services, groups, store, recorder })
    }

    /// Connects to the store, after its safety checks and the topics' partition counts. A store that
    /// is unavailable is waited for while the process runs.
    pub(super) async fn open_store(
        &self,
        waived: &[SafetyCheck],
        stop: &Stop,
    ) -> anyhow::Result<Arc<dyn Storage>> {
        let store = self.store.connect()?;
        let counts = partitions::counts(&self.services);
        let adopted = match health(store.as_ref()).await {
            Ok(health) => {
                require_safety(&health, waived)?;
                partitions::adopt(&counts, store.as_ref()).await
            }
            Err(error) => Err(error.into()),
        };
        let is_adopted = match adopted {
            Ok(()) => true,
            Err(PartitionError::Storage(error @ StorageError::Unavailable(_))) => {
                warn!(%error, "store is unavailable; waiting for it");
                false
            }
            Err(error) => return Err(error.into()),
        };
        tokio::spawn(partitions::keep(counts, Arc::clone(&store), stop.clone(), is_adopted));
        Ok(store)
    }

    /// Hands the store to the transports that send through it.
    pub(super) fn start_transports(&self, store: &Arc<dyn Storage>) {
        let feeds: Arc<dyn Feeds> = Arc::clone(store) as _;
        self.services.iter().for_each(|service| service.transports.start(&feeds));
    }
}

/// Prepares a command that reads the store beside the processes that use it.
pub(super) fn inspect(
    environment: &Environment,
    registry: &Registry,
    selection: Option<TopicSelection<'_>>,
) -> anyhow::Result<(Vec<TopicRuntime>, StoreHandle)> {
    // Reading needs none of the settings that only a deployment needs.
    let (config, services) = load_and_log(environment, registry, Purpose::Dev, selection)?;
    Ok((services, StoreHandle::inspect(&config)?))
}

/// Prepares a program that writes to the store beside the processes that use it.
pub(super) fn beside(
    environment: &Environment,
    registry: &Registry,
) -> anyhow::Result<(Config, Vec<TopicRuntime>, StoreHandle)> {
    // Only the lines of the transports are needed, not what sends by them.
    let (config, services) = load(environment, registry, Purpose::Dev, None)?;
    let store = StoreHandle::open(&config)?;
    Ok((config, services, store))
}

/// Loads the configuration, and starts the log that it describes.
fn load_and_log(
    environment: &Environment,
    registry: &Registry,
    purpose: Purpose,
    selection: Option<TopicSelection<'_>>,
) -> anyhow::Result<(Config, Vec<TopicRuntime>)> {
    let (config, services) = load(environment, registry, purpose, selection)?;
    let reader = if purpose == Purpose::Dev { Reader::Developer } else { Reader::Operator };
    telemetry::init(&config.server, reader);
    Ok((config, services))
}

/// Loads the configuration and builds its topics, or returns all errors of both.
pub(super) fn load(
    environment: &Environment,
    registry: &Registry,
    purpose: Purpose,
    selection: Option<TopicSelection<'_>>,
) -> Result<(Config, Vec<TopicRuntime>), ConfigErrors> {
    let errors = ConfigErrors::default();
    let draft = DraftConfig::load(environment, purpose, &errors);
    let mut services = registry.assemble(&draft, environment, &errors);
    draft.check_socket_paths(&services, environment, &errors);
    if let Some(selection) = selection {
        draft.check_topic(selection, &errors);
        services.retain(|service| service.config.name.as_str() == selection.name());
    }
    Ok((draft.finish(errors)?, services))
}

/// Refuses a store that failed a safety check which was not waived.
fn require_safety(health: &Health, waived: &[SafetyCheck]) -> anyhow::Result<()> {
    for line in &health.degraded {
        warn!(reason = line, "store is degraded");
    }
    for failed in &health.fatal {
        error!(check = failed.check.as_str(), reason = failed.reason, "store is unsafe");
    }
    let Some(failed) = health.blocking(waived).next() else { return Ok(()) };
    let all: Vec<String> = health.blocking(waived).map(ToString::to_string).collect();
    anyhow::bail!(
        "the store may lose messages: {}; `--allow {}` runs on it all the same",
        all.join("; "),
        failed.check.as_str()
    )
}

/// Returns a store's health, or `Unavailable` when it does not answer in time.
pub(super) async fn health(store: &dyn Storage) -> Result<Health, StorageError> {
    let late = || StorageError::Unavailable(format!("no answer within {HEALTH_TIMEOUT:?}"));
    tokio::time::timeout(HEALTH_TIMEOUT, store.health()).await.unwrap_or_else(|_| Err(late()))
}
