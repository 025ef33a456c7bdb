//! Messages of a provider's list, which no call has brought: they come late, and have no answer.

use chrono::{DateTime, Utc};

use super::{Intake, Receipt, Refusal};
use crate::contracts::storage::Push;
use crate::engine::topic::Pipeline;
use crate::model::message::{Inbound, Incoming, OptOut};

/// Way in which a message comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By the provider's call, or by a socket.
    Call,
    /// By the provider's list.
    List,
}

impl Intake {
    /// Takes one message of the provider's list, as [`Intake::receive`] takes that of a call. Its texts
    /// leave as messages, for there is no call to answer.
    ///
    /// # Errors
    /// The message was not accepted, and has had no effect.
    pub async fn take_missed(&self, route: &str, incoming: Incoming) -> Result<Receipt, Refusal> {
        let pipeline = self.pipeline(route)?;
        let begun = self.clock.uptime();
        let answer = Box::pin(self.message(pipeline, incoming, Way::List)).await;
        self.observe(pipeline, begun, &answer);
        answer
    }
}

impl Way {
    /// Returns whether a text in the answer reaches the sender.
    pub(super) fn has_answer(self, pipeline: &Pipeline) -> bool {
        self == Self::Call && pipeline.transport.sends_in_answer()
    }

    /// Returns the time that the provider names for a message.
    pub(super) fn time(self, incoming: &Incoming) -> Option<DateTime<Utc>> {
        incoming.sent_at.filter(|_| self == Self::List)
    }

    /// Returns what a message says about consent. An opt-in of the list takes no opt-out back, for one
    /// that came later may have been taken in before it.
    pub(super) fn consent(self, message: &mut Inbound, said: Option<OptOut>) -> Option<OptOut> {
        if self == Self::List && said == Some(OptOut::Start) {
            message.opt_out = None;
            return None;
        }
        said
    }

    /// Returns the push of a message. Messages that wait in a list come all at once, so that their
    /// number says nothing about the rate of their sender.
    pub(super) fn push(self, push: Push) -> Push {
        match self {
            Self::Call => push,
            Self::List => Push { rate: None, ..push },
        }
    }
}

/// Gives a message of the list the time that its provider names, which is never in the future.
pub(super) fn date(message: &mut Inbound, way: Way, sent_at: Option<DateTime<Utc>>) {
    message.is_missed = way == Way::List;
    let now = message.received_at;
    message.received_at = sent_at.map_or(now, |at| at.min(now));
}
