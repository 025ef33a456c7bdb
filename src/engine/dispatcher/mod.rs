//! The sending engine: an owed message, its topic's transport, and what came of handing it over.
//!
//! A claim of an outbound message is durable before the provider is called, so whoever claims it next
//! knows that an earlier claim may have got as far as the provider. Such a message is looked for in
//! the provider's own list before it is sent again: found, it counts as sent; absent twice, it goes
//! back as never sent, and only a claim that starts from there sends it.

mod job;
mod provider;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use self::job::Job;
use self::provider::{Provider, pause};
use crate::contracts::handler::UNDELIVERABLE;
use crate::contracts::storage::{
    Burial, Claim, ClaimRequest, Commit, Entry, Retry, Storage, StorageError,
};
use crate::contracts::transport::{SendError, SentReceipt, Transports};
use crate::engine::consumer::{Next, Work};
use crate::engine::leases::LeaseGuard;
use crate::model::clock::Clock;
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::{Outbound, Wake};
use crate::model::topic::{OnAmbiguous, SEND_MARGIN, Sending, TopicName};

/// An account that may not send is tried again this often; everything waits meanwhile.
const ACCOUNT_PAUSE: Duration = Duration::from_secs(30);
/// Looks at the provider's list without a trace of the message, after which it was never sent.
const LOOKS: u32 = 2;

/// What a dispatcher is made of.
pub struct Setup {
    pub storage: Arc<dyn Storage>,
    pub clock: Arc<dyn Clock>,
    pub topic: TopicName,
    pub transports: Transports,
    pub sending: Sending,
    pub max_records: u64,
}

/// Sends one topic's messages.
pub struct Dispatcher {
    setup: Setup,
    /// By the name that addresses have.
    providers: BTreeMap<String, Arc<Provider>>,
}

impl Dispatcher {
    pub fn new(setup: Setup) -> Self {
        let provider = |(name, transport)| {
            (name, Arc::new(Provider::new(transport, Arc::clone(&setup.clock))))
        };
        let providers = setup.transports.clone().into_iter().map(provider).collect();
        Self { setup, providers }
    }

    async fn send(
        &self,
        job: Job,
        hold: &LeaseGuard,
        next: Option<&ClaimRequest>,
    ) -> Result<Option<Next>, StorageError> {
        let paused = job.provider.paused();
        if !paused.is_zero() {
            return self.later(job, paused, false, None).await;
        }
        // Whatever is sent under a lease that ends meanwhile may be sent by its next holder too.
        if hold.remaining() < self.setup.sending.timeout + SEND_MARGIN {
            return self.setup.storage.release(job.claim).await.map(|_| None);
        }
        match job.provider.transport.send(&job.outbound).await {
            Ok(sent) => self.sent(job, sent, hold, next).await,
            Err(error) => self.not_sent(job, error).await.map(|()| None),
        }
    }

    async fn sent(
        &self,
        job: Job,
        sent: SentReceipt,
        hold: &LeaseGuard,
        next: Option<&ClaimRequest>,
    ) -> Result<Option<Next>, StorageError> {
        let detail = Detail { provider_id: Some(sent.provider_id.clone()), ..job.detail() };
        let commit = Commit {
            settles: job.debt(),
            provider_id: Some(sent.provider_id),
            facts: Some(job.last_facts(EventKind::Sent, detail)),
            ..Commit::default()
        };
        job.provider.took();
        let asked_at = hold.uptime();
        let completed = self.setup.storage.complete(job.claim, commit, next).await?;
        Ok(Next::of(completed.next, asked_at))
    }

    async fn not_sent(&self, job: Job, error: SendError) -> Result<(), StorageError> {
        let (topic, message) = (&self.setup.topic, &job.outbound.id);
        tracing::warn!(topic.name = %topic, message.id = %message, %error, "a message was not sent");
        match error {
            SendError::Throttled { retry_after } => {
                job.provider.slow_down();
                let pause = retry_after.unwrap_or_default().max(pause(job.claim.failures));
                self.later(job, pause, false, None).await.map(drop)
            }
            SendError::NotSent(_) if self.may_fail_again(&job) => {
                job.provider.slow_down();
                let pause = pause(job.claim.failures);
                self.later(job, pause, true, Some(error.to_string())).await.map(drop)
            }
            SendError::Ambiguous(_) => self.ambiguous(job, &error.to_string()).await,
            SendError::Line { .. } | SendError::Account { .. } => {
                job.provider.pause_for(ACCOUNT_PAUSE);
                tracing::error!(
                    topic.name = %topic, %error,
                    "nothing can be sent until the account is mended; everything is kept",
                );
                self.later(job, ACCOUNT_PAUSE, false, Some(error.to_string())).await.map(drop)
            }
            SendError::Recipient { code, .. } => self.undeliverable(job, code, &error).await,
            SendError::Message { .. } | SendError::NotSent(_) => {
                self.bury(job, EventKind::Failed, error.to_string()).await
            }
        }
    }

    /// The provider may have taken it, or not.
    async fn ambiguous(&self, job: Job, why: &str) -> Result<(), StorageError> {
        match self.setup.sending.on_ambiguous {
            OnAmbiguous::GiveUp => self.bury(job, EventKind::Unknown, why.to_owned()).await,
            OnAmbiguous::Retry if !self.may_fail_again(&job) => {
                self.bury(job, EventKind::Unknown, why.to_owned()).await
            }
            OnAmbiguous::Retry => {
                let pause = pause(job.claim.failures);
                self.later(job, pause, true, Some(why.to_owned())).await.map(drop)
            }
            OnAmbiguous::Reconcile => {
                let facts = job.facts(EventKind::Unknown, job.because(why));
                self.look_again(job, 0, Some(facts)).await
            }
        }
    }

    /// An earlier claim of this message may have sent it.
    async fn reconcile(
        &self,
        job: Job,
        since: DateTime<Utc>,
        hold: &LeaseGuard,
        next: Option<&ClaimRequest>,
    ) -> Result<Option<Next>, StorageError> {
        let listed = match job.provider.transport.find(&job.outbound, since).await {
            Ok(Some(listed)) => listed,
            Ok(None) => {
                let why = "it may have been sent, and this provider cannot tell".to_owned();
                return self.bury(job, EventKind::Unknown, why).await.map(|()| None);
            }
            Err(error) => {
                let topic = &self.setup.topic;
                tracing::warn!(topic.name = %topic, %error, "the provider's list cannot be read");
                let looks = job.looks();
                return self.look_again(job, looks, None).await.map(|()| None);
            }
        };
        if let Some(sent) = self.not_yet_known(&job, listed).await? {
            return self.sent(job, sent, hold, next).await;
        }
        let looks = job.looks() + 1;
        if looks < LOOKS {
            self.look_again(job, looks, None).await?;
        } else if self.may_fail_again(&job) {
            // Not sent from here: a crash in the middle of that send must start from a clean slate.
            let retry = Self::retry(Duration::ZERO, true, None);
            self.setup.storage.retry(job.claim, retry).await?;
        } else {
            let why = "nobody could tell whether it was sent, too many times".to_owned();
            self.bury(job, EventKind::Unknown, why).await?;
        }
        Ok(None)
    }

    /// The newest in the list that is no other message of ours.
    async fn not_yet_known(
        &self,
        job: &Job,
        listed: Vec<SentReceipt>,
    ) -> Result<Option<SentReceipt>, StorageError> {
        let ids: Vec<String> = listed.iter().map(|sent| sent.provider_id.clone()).collect();
        let partition = &job.claim.queue.partition;
        let known = self.setup.storage.known_sent(partition, &ids).await?;
        Ok(listed.into_iter().zip(known).find(|(_, known)| !known).map(|(sent, _)| sent))
    }

    async fn look_again(
        &self,
        job: Job,
        looks: u32,
        facts: Option<Facts>,
    ) -> Result<(), StorageError> {
        let settle = self.setup.sending.settle;
        let note = Some(looks.to_string());
        let retry = Retry { outcome_unknown: true, note, ..Self::retry(settle, false, facts) };
        self.setup.storage.retry(job.claim, retry).await.map(drop)
    }

    /// Whoever wrote by a transport that is not here (any more) gets their answer when it is back.
    async fn unreachable(&self, claim: Claim, outbound: &Outbound) -> Result<(), StorageError> {
        tracing::error!(
            topic.name = %self.setup.topic, message.id = %outbound.id, transport = outbound.to.transport,
            "this transport does not run here; its messages are kept until it does",
        );
        let retry = Self::retry(ACCOUNT_PAUSE, false, None);
        let outcome_unknown = claim.outcome_unknown_since.is_some();
        self.setup.storage.retry(claim, Retry { outcome_unknown, ..retry }).await.map(drop)
    }

    /// Certainly not sent; again after a pause.
    async fn later(
        &self,
        job: Job,
        pause: Duration,
        failed: bool,
        why: Option<String>,
    ) -> Result<Option<Next>, StorageError> {
        let facts = why.map(|why| job.facts(EventKind::Retried, job.because(&why)));
        let retry = Self::retry(pause, failed, facts);
        self.setup.storage.retry(job.claim, retry).await.map(|_| None)
    }

    fn retry(after: Duration, failed: bool, facts: Option<Facts>) -> Retry {
        Retry { after, failed, outcome_unknown: false, note: None, facts }
    }

    /// Nothing will ever reach this recipient; their own mailbox is told so, that the topic's handler
    /// may let go of them.
    async fn undeliverable(
        &self,
        job: Job,
        code: u32,
        error: &SendError,
    ) -> Result<(), StorageError> {
        let wake = Wake {
            group: job.claim.group.recipient(),
            name: UNDELIVERABLE.to_owned(),
            data: code.into(),
        };
        let commit = Commit {
            wakes: vec![(Entry::wake(wake), None)],
            settles: job.debt(),
            facts: Some(job.last_facts(EventKind::Failed, job.because(&error.to_string()))),
            ..Commit::default()
        };
        self.setup.storage.complete(job.claim, commit, None).await.map(drop)
    }

    async fn bury(&self, job: Job, kind: EventKind, why: String) -> Result<(), StorageError> {
        let (topic, message) = (&self.setup.topic, &job.outbound.id);
        tracing::error!(
            topic.name = %topic, message.id = %message, reason = why,
            "a message was buried; it lies among the dead letters",
        );
        let burial = Burial {
            outbox: Vec::new(),
            settles: job.debt(),
            facts: Some(job.last_facts(kind, job.because(&why))),
            reason: why,
        };
        self.setup.storage.bury(job.claim, burial).await.map(drop)
    }

    fn may_fail_again(&self, job: &Job) -> bool {
        job.claim.failures + 1 < self.setup.sending.max_attempts
    }
}

#[async_trait]
impl Work for Dispatcher {
    async fn work(
        &self,
        claim: Claim,
        hold: &LeaseGuard,
        next: Option<&ClaimRequest>,
    ) -> Result<Option<Next>, StorageError> {
        let Ok(outbound) = serde_json::from_str::<Outbound>(&claim.payload) else {
            let reason = "it is in a form that this version does not know".to_owned();
            let burial = Burial { reason, ..Burial::default() };
            return self.setup.storage.bury(claim, burial).await.map(|_| None);
        };
        let Some(provider) = self.providers.get(&outbound.to.transport) else {
            return self.unreachable(claim, &outbound).await.map(|()| None);
        };
        let outcome_unknown_since = claim.outcome_unknown_since;
        let max_records = self.setup.max_records;
        let job = Job { claim, outbound, provider: Arc::clone(provider), max_records };
        match (outcome_unknown_since, self.setup.sending.on_ambiguous) {
            (None, _) | (Some(_), OnAmbiguous::Retry) => self.send(job, hold, next).await,
            (Some(since), OnAmbiguous::Reconcile) => self.reconcile(job, since, hold, next).await,
            (Some(_), OnAmbiguous::GiveUp) => {
                let why = "the worker that may have sent it died".to_owned();
                self.bury(job, EventKind::Unknown, why).await.map(|()| None)
            }
        }
    }
}
