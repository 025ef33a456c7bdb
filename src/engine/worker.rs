//! The handler engine: a claimed message, its topic's handler, and the commit of what it said.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;

use crate::contracts::handler::{
    DynHandler, Effects, HandledObserver, Invocation, OutgoingMessage, ScheduledWake, State,
    Transaction,
};
use crate::contracts::storage::{
    Burial, Claim, ClaimRequest, Commit, Completed, Entry, Partition, Retry, Settled, Storage,
    StorageError,
};
use crate::engine::consumer::{Next, Work};
use crate::engine::leases::LeaseGuard;
use crate::model::address::GroupKey;
use crate::model::clock::Clock;
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::{Cause, Mail, MessageId, Outbound};
use crate::model::state::Member;
use crate::model::topic::{Limits, TopicName};

/// Pauses before the second and later attempts of a message whose handler failed.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
    Duration::from_mins(1),
];
/// Claims that may end without a settlement before the message is suspected of killing its worker.
const UNSUSPECTED: u32 = 2;
/// Conflicts in a row after which a message makes way for a moment. Each one means that somebody
/// else's commit went through, so this is about fairness, not about progress.
const CONFLICTS: u32 = 16;
const BREATH: Duration = Duration::from_millis(20);

/// What a worker is made of.
pub struct Setup {
    pub storage: Arc<dyn Storage>,
    pub clock: Arc<dyn Clock>,
    pub groups: GroupKey,
    pub topic: TopicName,
    pub handler: Arc<dyn DynHandler>,
    pub limits: Limits,
    /// Said to a sender whose message is buried; nothing when empty.
    pub error_response: String,
    pub observer: Option<Arc<dyn HandledObserver>>,
}

/// Runs one topic's handler over its messages.
pub struct Worker {
    setup: Setup,
}

/// What came of running the handler once.
enum Ran {
    Effects(Effects),
    Failed(String),
    /// The store did not answer a read.
    Away(StorageError),
    /// The lease was lost meanwhile: whatever was said counts for nothing.
    Lost,
}

impl Worker {
    pub fn new(setup: Setup) -> Self {
        Self { setup }
    }

    async fn run(&self, claim: &Claim, mail: &Mail, hold: &LeaseGuard) -> Ran {
        let state = StoreState {
            storage: Arc::clone(&self.setup.storage),
            partition: claim.queue.partition.clone(),
        };
        let transaction = Transaction::new(self.invocation(claim), Arc::new(state));
        let running = AssertUnwindSafe(self.setup.handler.run(transaction, mail)).catch_unwind();
        let limit = self.setup.limits.handler_timeout;
        let outcome = tokio::select! {
            outcome = tokio::time::timeout(limit, running) => outcome,
            () = hold.lost() => return Ran::Lost,
        };
        match outcome {
            Ok(Ok(Ok(effects))) => Ran::Effects(effects),
            Ok(Ok(Err(error))) => match error.downcast::<StorageError>() {
                Ok(away @ StorageError::Unavailable(_)) => Ran::Away(away),
                Ok(error) => Ran::Failed(error.to_string()),
                Err(error) => Ran::Failed(format!("{error:#}")),
            },
            Ok(Err(_)) => Ran::Failed("the handler panicked".to_owned()),
            Err(_) => Ran::Failed(format!("the handler took longer than {limit:?}")),
        }
    }

    fn invocation(&self, claim: &Claim) -> Invocation {
        let own = (claim.group.as_str().to_owned(), claim.state.clone());
        Invocation {
            group: claim.group.clone(),
            now: self.setup.clock.now(),
            groups: self.setup.groups.clone(),
            known: HashMap::from([own]),
        }
    }

    fn commit(&self, mail: &Mail, effects: Effects) -> Commit {
        let cause = message_id(mail);
        let only = effects.sends.len() == 1;
        let outbox: Vec<Entry> = effects
            .sends
            .into_iter()
            .map(|OutgoingMessage { to, text, media }| {
                let cause = cause.clone().map(|id| Cause { id, only });
                Entry::owed(&Outbound::new(to, text, media, cause), &self.setup.groups)
            })
            .collect();
        let facts = cause.map(|message| {
            let recorded = if outbox.is_empty() { 2 } else { 1 };
            let kinds = &[EventKind::Handled, EventKind::Recorded][..recorded];
            Facts::new(message, kinds, Detail::default(), self.setup.limits.max_records)
        });
        Commit {
            checks: effects.checks,
            writes: effects.writes,
            outbox,
            wakes: effects
                .wakes
                .into_iter()
                .map(|ScheduledWake { wake, at }| (Entry::wake(wake), at))
                .collect(),
            facts,
            ..Commit::default()
        }
    }

    /// A handler failed: later again, or never.
    async fn failed(&self, claim: Claim, mail: &Mail, why: String) -> Result<(), StorageError> {
        if claim.failures + 1 >= self.setup.limits.max_attempts {
            return self.bury(claim, Some(mail), why).await;
        }
        let (topic, message) = (&self.setup.topic, &claim.id);
        tracing::warn!(topic.name = %topic, message.id = %message, reason = why, "a handler failed");
        let after = PAUSES[(claim.failures as usize).min(PAUSES.len() - 1)];
        let facts = message_id(mail).map(|id| self.because(id, EventKind::Retried, why));
        let retry = Retry { after, failed: true, outcome_unknown: false, note: None, facts };
        self.setup.storage.retry(claim, retry).await.map(drop)
    }

    async fn bury(
        &self,
        claim: Claim,
        mail: Option<&Mail>,
        why: String,
    ) -> Result<(), StorageError> {
        let (topic, message) = (&self.setup.topic, &claim.id);
        tracing::error!(
            topic.name = %topic, message.id = %message, reason = why,
            "a message was buried; it lies among the dead letters",
        );
        let mut outbox = Vec::new();
        if let Some(Mail::Message(inbound)) = mail
            && !self.setup.error_response.is_empty()
        {
            let cause = Some(Cause { id: inbound.id.clone(), only: true });
            let text = self.setup.error_response.clone().into();
            let apology = Outbound::new(inbound.sender.clone(), text, Vec::new(), cause);
            outbox.push(Entry::owed(&apology, &self.setup.groups));
        }
        let facts =
            mail.and_then(message_id).map(|id| self.because(id, EventKind::Buried, why.clone()));
        let burial = Burial { reason: why, outbox, settles: None, facts };
        self.setup.storage.bury(claim, burial).await.map(drop)
    }

    fn because(&self, message: MessageId, kind: EventKind, reason: String) -> Facts {
        let detail = Detail { reason: Some(reason), ..Detail::default() };
        Facts::new(message, &[kind], detail, self.setup.limits.max_records)
    }

    async fn tell(&self, mail: &Mail) {
        if let (Some(observer), Mail::Message(message)) = (&self.setup.observer, mail) {
            observer.handled(message).await;
        }
    }

    /// Whether a message has killed its worker too often. Claims that ended in company prove
    /// nothing, for another message may have done it; those that it was alone in do.
    fn is_poison(&self, claim: &Claim) -> bool {
        let allowed = self.setup.limits.max_attempts.saturating_sub(UNSUSPECTED).max(1);
        claim.isolated > allowed
    }
}

#[async_trait]
impl Work for Worker {
    async fn work(
        &self,
        mut claim: Claim,
        hold: &LeaseGuard,
        next: Option<&ClaimRequest>,
    ) -> Result<Option<Next>, StorageError> {
        let Ok(mail) = serde_json::from_str::<Mail>(&claim.payload) else {
            self.bury(claim, None, "it is in a form that this version does not know".to_owned())
                .await?;
            return Ok(None);
        };
        if self.is_poison(&claim) {
            let why = format!("it killed its worker {} times", claim.attempt - 1);
            self.bury(claim, Some(&mail), why).await?;
            return Ok(None);
        }
        for _ in 0..CONFLICTS {
            let effects = match self.run(&claim, &mail, hold).await {
                Ran::Effects(effects) => effects,
                Ran::Failed(why) => {
                    self.failed(claim, &mail, why).await?;
                    return Ok(None);
                }
                Ran::Away(error) => {
                    self.setup.storage.release(claim).await?;
                    return Err(error);
                }
                Ran::Lost => return Ok(None),
            };
            let asked_at = hold.uptime();
            let commit = self.commit(&mail, effects);
            let Completed { settled, next } =
                self.setup.storage.complete(claim, commit, next).await?;
            match settled {
                Settled::Conflict(ours) => {
                    claim = *ours;
                    continue;
                }
                Settled::Done => self.tell(&mail).await,
                Settled::LeaseLost => {}
            }
            return Ok(Next::of(next, asked_at));
        }
        let retry = Retry { after: BREATH, ..Retry::default() };
        self.setup.storage.retry(claim, retry).await?;
        Ok(None)
    }
}

fn message_id(mail: &Mail) -> Option<MessageId> {
    match mail {
        Mail::Message(message) => Some(message.id.clone()),
        Mail::Wake(_) => None,
    }
}

/// The state of one partition, read through the store.
struct StoreState {
    storage: Arc<dyn Storage>,
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
