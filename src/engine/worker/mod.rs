//! Worker: runs a topic's handler over its inbound messages, and turns the result into a settlement.

mod commit;
mod invoke;
mod observe;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::invoke::Outcome;
use crate::contracts::figures::Figures;
use crate::contracts::handler::{DynHandler, HandledObserver, Note, Postpone};
use crate::contracts::storage::encoding::SUSPECT_AFTER;
use crate::contracts::storage::{
    Burial, Claim, Commit, Entry, Rates, Retry, StateReads, StorageError,
};
use crate::contracts::transport::Transports;
use crate::engine::dedupe;
use crate::engine::leases::LeaseGuard;
use crate::engine::lines::{self, Attempt, Handled};
use crate::engine::settlement::{Settlement, Work};
use crate::model::address::{Address, GroupKey};
use crate::model::clock::{Clock, millis};
use crate::model::event::{Detail, EventKind, Facts};
use crate::model::message::{Mail, MessageId};
use crate::model::state::Write;
use crate::model::topic::{Limits, TopicName};

/// Delays before the second and later attempts of a message whose handler failed.
const RETRY_DELAYS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(15),
    Duration::from_mins(1),
];

/// Parts that a worker is made of.
pub struct WorkerParts {
    /// Reads of the handler's state.
    pub state: Arc<dyn StateReads>,
    pub clock: Arc<dyn Clock>,
    pub groups: GroupKey,
    pub topic: TopicName,
    pub handler: Arc<dyn DynHandler>,
    pub limits: Limits,
    /// Text for the sender of a message that is buried; nothing is sent when it is empty.
    pub error_response: String,
    /// Time within which that text goes to a person once.
    pub error_every: Duration,
    pub rates: Arc<dyn Rates>,
    /// Transports, which limit the length of a message.
    pub transports: Transports,
    pub observer: Option<Arc<dyn HandledObserver>>,
    /// Windows of the transports whose messages are told apart by their content.
    pub windows: HashMap<String, Duration>,
    pub figures: Arc<Figures>,
}

/// Worker of one topic.
pub struct Worker {
    parts: WorkerParts,
}

impl Worker {
    pub fn new(parts: WorkerParts) -> Self {
        Self { parts }
    }

    /// Ends the windows of the recipients of a commit, on the transports that have windows.
    fn ends<'a>(&self, recipients: impl Iterator<Item = &'a Address>) -> Vec<Write> {
        let mut ended: Vec<&Address> = Vec::new();
        for recipient in recipients {
            if self.parts.windows.contains_key(&recipient.transport) && !ended.contains(&recipient)
            {
                ended.push(recipient);
            }
        }
        let end = |to: &Address| {
            let window = self.parts.windows.get(&to.transport)?;
            Some(dedupe::end(&self.parts.groups.group(to), self.parts.clock.now(), *window))
        };
        ended.into_iter().filter_map(end).collect()
    }

    /// Facts about a message that was handled; `is_last` when no outbound message is owed to it.
    fn handled(&self, message: MessageId, is_last: bool) -> Facts {
        let recorded = if is_last { 2 } else { 1 };
        let kinds = &[EventKind::Handled, EventKind::Recorded][..recorded];
        Facts::new(message, kinds, Detail::default(), self.parts.limits.max_records)
    }

    fn noted(&self, note: Note) -> Facts {
        let detail = Detail { reason: note.reason, ..Detail::default() };
        Facts::new(note.message, &note.kinds, detail, self.parts.limits.max_records)
    }

    /// Settles a message whose handler failed: another attempt later, or the dead letters.
    async fn failed(&self, attempt: Attempt<'_>, mail: &Mail, reason: String) -> Settlement {
        let claim = attempt.claim();
        if claim.failures + 1 >= self.parts.limits.max_attempts {
            return self.bury(attempt, Some(mail), reason).await;
        }
        let after = RETRY_DELAYS[(claim.failures as usize).min(RETRY_DELAYS.len() - 1)];
        self.count_retry("failed");
        lines::retried(attempt, &reason, after);
        let facts = message_id(mail).map(|id| self.facts(id, EventKind::Retried, reason));
        Settlement::Retry(Retry { after, failed: true, facts, ..Retry::default() })
    }

    fn postponed(&self, attempt: Attempt<'_>, postponed: &Postpone) -> Settlement {
        let Postpone { after, reason } = postponed;
        self.count_retry("postponed");
        // Bulk messages wait for their turn several times a second.
        if *after >= Duration::from_secs(1) {
            lines::postponed(attempt, reason, *after);
        }
        // Stores count whole milliseconds; before its time the handler would put it off once more.
        let after = Duration::from_millis(millis(*after + Duration::from_nanos(999_999)));
        Settlement::Retry(Retry { after, ..Retry::default() })
    }

    async fn bury(&self, attempt: Attempt<'_>, mail: Option<&Mail>, reason: String) -> Settlement {
        lines::buried(attempt, &reason);
        let apologies = self.apologies(attempt.claim(), mail).await;
        let writes = self.ends(apologies.iter().map(|apology| &apology.to));
        let outbox = apologies.iter().map(|it| Entry::owed(it, &self.parts.groups)).collect();
        let facts =
            mail.and_then(message_id).map(|id| self.facts(id, EventKind::Buried, reason.clone()));
        Settlement::Bury(Burial { reason, writes, outbox, facts, ..Burial::default() })
    }

    fn facts(&self, message: MessageId, kind: EventKind, reason: String) -> Facts {
        let detail = Detail { reason: Some(reason), ..Detail::default() };
        Facts::new(message, &[kind], detail, self.parts.limits.max_records)
    }

    /// Returns true when a message has killed its worker too often. Only claims during which it was
    /// worked on alone count: another message may have ended the others.
    fn is_poison(&self, claim: &Claim) -> bool {
        let allowed = self.parts.limits.max_attempts.saturating_sub(SUSPECT_AFTER).max(1);
        claim.isolated > allowed
    }
}

#[async_trait]
impl Work for Worker {
    async fn work(&self, claim: &Claim, lease: &LeaseGuard) -> Result<Settlement, StorageError> {
        let attempt =
            Attempt::begin(claim, self.parts.limits.max_attempts, self.parts.clock.as_ref());
        let Ok(mail) = Mail::parse(&claim.payload) else {
            let reason = "the message is in a form that this version does not know".to_owned();
            return Ok(self.bury(attempt, None, reason).await);
        };
        if self.is_poison(claim) {
            let reason = format!("the message killed its worker {} times", claim.attempt - 1);
            return Ok(self.bury(attempt, Some(&mail), reason).await);
        }
        self.observe_wait(claim, &mail);
        match self.invoke_timed(claim, &mail, lease).await {
            Outcome::Effects(effects) => Ok(Settlement::Complete(self.commit(&mail, effects))),
            Outcome::Failed(reason) => Ok(self.failed(attempt, &mail, reason).await),
            Outcome::Postponed(postponed) => Ok(self.postponed(attempt, &postponed)),
            Outcome::StoreUnavailable(error) => Err(error),
            Outcome::LeaseLost => Ok(Settlement::Abandon),
        }
    }

    fn line(&self, claim: &Claim, commit: &Commit) -> Option<Handled> {
        let line = || Handled::new(claim, self.parts.limits.max_attempts, commit);
        Handled::is_written().then(line)
    }

    fn is_observed(&self, claim: &Claim) -> bool {
        let observer = self.parts.observer.as_ref();
        observer.is_some_and(|observer| claim.id.is_of(observer.transport()))
    }

    async fn completed(&self, payload: &str) {
        if let Some(observer) = &self.parts.observer
            && let Ok(Mail::Message(message)) = Mail::parse(payload)
        {
            observer.handled(&message).await;
        }
    }
}

fn message_id(mail: &Mail) -> Option<MessageId> {
    match mail {
        Mail::Message(message) => Some(message.key()),
        Mail::Submission(submission) => Some(submission.id.clone()),
        Mail::Wake(_) | Mail::Connection(_) | Mail::Cancellation(_) | Mail::Chunk(_) => None,
    }
}
