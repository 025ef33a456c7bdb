//! Run of a handler: its transaction, its time limit and its outcome.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::FutureExt;

use super::Worker;
use crate::contracts::handler::{Effects, Invocation, Postpone, State, Transaction};
use crate::contracts::storage::{Claim, Partition, StateReads, StorageError};
use crate::engine::leases::LeaseGuard;
use crate::model::message::Mail;
use crate::model::state::Member;

/// Outcome of one run of a handler.
pub(super) enum Outcome {
    Effects(Effects),
    Failed(String),
    /// The handler put the message off.
    Postponed(Postpone),
    /// A read of the handler's state got no answer.
    StoreUnavailable(StorageError),
    /// The lease was lost during the run, so that its effects are void.
    LeaseLost,
}

impl Worker {
    /// Runs the handler once.
    pub(super) async fn invoke(&self, claim: &Claim, mail: &Mail, lease: &LeaseGuard) -> Outcome {
        let state = StoreState {
            storage: Arc::clone(&self.parts.state),
            partition: claim.queue.partition.clone(),
        };
        let transaction = Transaction::new(self.invocation(claim), Arc::new(state));
        let running = AssertUnwindSafe(self.parts.handler.run(transaction, mail)).catch_unwind();
        let limit = self.parts.limits.handler_timeout;
        let outcome = tokio::select! {
            // A run that never waits need not be told of a lost lease.
            biased;
            outcome = tokio::time::timeout(limit, running) => outcome,
            () = lease.lost() => return Outcome::LeaseLost,
        };
        match outcome {
            Ok(Ok(Ok(effects))) => Outcome::Effects(effects),
            Ok(Ok(Err(error))) => failure(error),
            Ok(Err(_)) => Outcome::Failed("the handler panicked".to_owned()),
            Err(_) => Outcome::Failed(format!("the handler took longer than {limit:?}")),
        }
    }

    fn invocation(&self, claim: &Claim) -> Invocation {
        let own = (claim.group.as_str().to_owned(), claim.state.clone());
        Invocation {
            topic: self.parts.topic.clone(),
            group: claim.group.clone(),
            sequence: claim.sequence,
            attempt: claim.failures + 1,
            now: self.parts.clock.now(),
            groups: self.parts.groups.clone(),
            known: HashMap::from([own]),
        }
    }
}

/// Tells a postponement and an unavailable store from an error of the handler's own.
fn failure(error: anyhow::Error) -> Outcome {
    if let Some(postponed) = Postpone::of(&error) {
        return Outcome::Postponed(postponed.clone());
    }
    match error.downcast::<StorageError>() {
        Ok(unavailable @ StorageError::Unavailable(_)) => Outcome::StoreUnavailable(unavailable),
        Ok(error) => Outcome::Failed(error.to_string()),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

/// State of one partition, read through the store.
struct StoreState {
    storage: Arc<dyn StateReads>,
    partition: Partition,
}

#[async_trait]
impl State for StoreState {
    async fn values(&self, keys: &[String]) -> anyhow::Result<Vec<Option<String>>> {
        Ok(self.storage.values(&self.partition, keys).await?)
    }

    async fn members(&self, pool: &str, limit: usize) -> anyhow::Result<Vec<Member>> {
        Ok(self.storage.members(&self.partition, pool, limit).await?)
    }

    async fn size(&self, pool: &str) -> anyhow::Result<u64> {
        Ok(self.storage.size(&self.partition, pool).await?)
    }

    async fn total(&self, counter: &str) -> anyhow::Result<i64> {
        Ok(self.storage.total(&self.partition, counter).await?)
    }
}
