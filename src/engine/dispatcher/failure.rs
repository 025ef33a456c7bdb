//! Failures to send: the settlement of a message by the class of its error.

use std::time::Duration;

use super::Dispatcher;
use super::delivery::{Delivery, Looks};
use crate::contracts::transport::{DynTransport, SendError};
use crate::engine::backoff::backoff;
use crate::engine::gate::Pass;
use crate::engine::lines;
use crate::engine::settlement::Settlement;
use crate::model::event::EventKind;
use crate::model::topic::OnAmbiguous;

impl Dispatcher {
    /// Returns the policy for a message of unknown outcome.
    pub(super) fn policy(&self, transport: &dyn DynTransport) -> OnAmbiguous {
        if transport.is_idempotent() { OnAmbiguous::Retry } else { self.sending.on_ambiguous }
    }

    pub(super) fn not_sent(
        &self,
        delivery: &Delivery<'_>,
        policy: OnAmbiguous,
        pass: Pass,
        error: &SendError,
    ) -> Settlement {
        let settlement = self.after(delivery, policy, pass, error);
        let (attempt, outbound) = (delivery.attempt, &delivery.outbound);
        match &settlement {
            Settlement::Bury(burial) => lines::given_up(attempt, outbound, &burial.reason),
            Settlement::Retry(retry) => {
                lines::not_sent(attempt, outbound, error, Some(retry.after));
            }
            _ => lines::not_sent(attempt, outbound, error, None),
        }
        settlement
    }

    /// Settlement of a message by the class of its error.
    fn after(
        &self,
        delivery: &Delivery<'_>,
        policy: OnAmbiguous,
        pass: Pass,
        error: &SendError,
    ) -> Settlement {
        match error {
            SendError::Throttled { retry_after } => {
                delivery.retry(pass.throttled(*retry_after), false, None)
            }
            SendError::AccountThrottled { retry_after } => {
                pass.account_throttled(*retry_after);
                delivery.retry(*retry_after, false, None)
            }
            SendError::NotSent(_) => {
                pass.refused();
                self.failed(delivery, error)
            }
            SendError::Ambiguous(_) => self.ambiguous(delivery, policy, &error.to_string()),
            SendError::Line { code, reason } => {
                self.doubted(delivery, error, pass.line_refused(*code, reason))
            }
            SendError::Account { code, reason } => {
                self.doubted(delivery, error, pass.account_refused(*code, reason))
            }
            SendError::Recipient { code, .. } => {
                pass.accepted();
                delivery.undeliverable(*code, &error.to_string())
            }
            SendError::Message { .. } => {
                pass.accepted();
                delivery.bury(EventKind::Failed, error.to_string())
            }
        }
    }

    /// Settles a message that was certainly not sent: another attempt later, or the dead letters.
    fn failed(&self, delivery: &Delivery<'_>, error: &SendError) -> Settlement {
        if self.may_fail_again(delivery) {
            let after = backoff(delivery.claim.failures);
            return delivery.retry(after, true, Some(&error.to_string()));
        }
        delivery.bury(EventKind::Failed, error.to_string())
    }

    /// Settles a message whose account or line was rejected. When several recipients confirm that, it
    /// is no failure of the message, which is `retained` for this time: within it the gates of other
    /// processes read the pause. Until then it may be the recipient's fault.
    fn doubted(
        &self,
        delivery: &Delivery<'_>,
        error: &SendError,
        retained: Option<Duration>,
    ) -> Settlement {
        let Some(after) = retained else { return self.failed(delivery, error) };
        let part = match error {
            SendError::Line { .. } => "line",
            _ => "account",
        };
        let to = &delivery.outbound.to;
        tracing::error!(
            topic.name = %self.topic, transport = to.transport, line = %to.line, %error,
            "provider rejected the {part}; sending paused, messages retained",
        );
        delivery.retry(after, false, Some(&error.to_string()))
    }

    /// Settles a message that the provider may have taken or not.
    fn ambiguous(&self, delivery: &Delivery<'_>, policy: OnAmbiguous, reason: &str) -> Settlement {
        match policy {
            OnAmbiguous::Retry if self.may_fail_again(delivery) => {
                delivery.retry(backoff(delivery.claim.failures), true, Some(reason))
            }
            OnAmbiguous::GiveUp | OnAmbiguous::Retry => {
                delivery.bury(EventKind::Unknown, reason.to_owned())
            }
            OnAmbiguous::Reconcile => {
                let wait = self.first_look();
                delivery.look_later(wait, Looks::Waited(wait), Some(reason))
            }
        }
    }

    pub(super) fn may_fail_again(&self, delivery: &Delivery<'_>) -> bool {
        delivery.claim.failures + 1 < self.sending.max_attempts
    }
}
