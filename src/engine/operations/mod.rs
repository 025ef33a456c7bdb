//! Operations: what an operator sees and does. The operator's page, its API and the command line call the
//! same functions.

mod audit;
mod bars;
mod budgets;
mod dead;
mod dead_letter;
mod fleet;
mod letter;
mod opt_outs;
mod overview;
mod pauses;
mod people;
mod reports;
mod since;
mod stuck;
mod trace;

use std::sync::Arc;

pub use self::audit::{Actor, AuditEntry};
pub use self::bars::{BarOrder, BarRow, BarView, PersonName};
pub use self::dead::{Fate, MOST_MOVED};
pub use self::dead_letter::{DeadFilter, DeadPage, DeadRow, DeadView, LetterId, Moved};
pub use self::fleet::{Fleet, ProcessView};
pub use self::letter::Letter;
pub use self::opt_outs::{Lines, OptOutChange, OptOutName, OptOutRow};
pub use self::overview::{
    BudgetView, Latency, Overview, PauseView, QueueView, StoreView, TopicView,
};
pub use self::pauses::{LineView, spellings};
pub use self::people::{people, shown, wake};
pub use self::reports::{ReportRow, ReportView, TextsRow};
pub use self::since::since;
pub use self::stuck::{LISTED, Waiting};
pub use self::trace::{TraceQuery, TraceRow, Traced, Tracer};
use crate::contracts::storage::{Storage, StorageError};
use crate::engine::topic::TopicRuntime;
use crate::model::address::GroupKey;
use crate::model::clock::Clock;

/// Subject of an operator: the topics of a deployment and their store.
pub struct Operations {
    pub services: Vec<TopicRuntime>,
    pub storage: Arc<dyn Storage>,
    pub groups: GroupKey,
    pub clock: Arc<dyn Clock>,
}

/// Failure of an operation, which says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    #[error("there is no topic of this name; name one of topics.toml")]
    UnknownTopic,
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl OperationError {
    /// Creates the error of an input that is not usable.
    pub fn invalid(sentence: impl Into<String>) -> Self {
        Self::Invalid(sentence.into())
    }
}

impl Operations {
    /// Returns the topics of this name, or all of them.
    pub fn chosen(&self, topic: Option<&str>) -> Result<Vec<&TopicRuntime>, OperationError> {
        let Some(name) = topic else { return Ok(self.services.iter().collect()) };
        self.service(name).map(|service| vec![service])
    }

    /// Returns the topic of this name.
    pub fn service(&self, topic: &str) -> Result<&TopicRuntime, OperationError> {
        let mut services = self.services.iter();
        services
            .find(|service| service.config.name.as_str() == topic)
            .ok_or(OperationError::UnknownTopic)
    }
}
