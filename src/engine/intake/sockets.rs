//! Messages and connections of sockets, which come without a webhook.

use std::sync::Arc;

use tracing::{error, warn};

use super::missed::Way;
use super::{Intake, Outcome, Receipt, Refusal, in_time};
use crate::contracts::storage::{Entry, Push, Pushed};
use crate::engine::topic::Pipeline;
use crate::model::connection::ConnectionChange;
use crate::model::message::{Incoming, Mail, MessageId};

impl Intake {
    /// Takes one message of a socket, as [`Intake::receive`] takes a webhook's.
    ///
    /// # Errors
    /// The message was not accepted, and has had no effect.
    pub async fn take(&self, route: &str, incoming: Incoming) -> Result<Receipt, Refusal> {
        let pipeline = self.pipeline(route)?;
        let begun = self.clock.uptime();
        let answer = Box::pin(self.message(pipeline, incoming, Way::Call)).await;
        self.observe(pipeline, begun, &answer);
        answer
    }

    /// Stores a change of a connection, once, in the mailbox of its session.
    ///
    /// # Errors
    /// `Unavailable` when the store is away or has no room: nothing was stored.
    pub async fn connection(&self, route: &str, change: ConnectionChange) -> Result<(), Refusal> {
        let pipeline = self.pipeline(route)?;
        let partition = self.partition(pipeline, change.address());
        match in_time(self.storage.push(&partition, self.change(pipeline, change))).await {
            Ok(Pushed::Accepted | Pushed::Duplicate) => Ok(()),
            Ok(_) => {
                warn!(topic.name = %pipeline.topic, "connection not recorded: too much is waiting");
                Err(Refusal::Unavailable)
            }
            Err(error) => {
                error!(topic.name = %pipeline.topic, %error, "connection not recorded");
                Err(Refusal::Unavailable)
            }
        }
    }

    pub(super) fn pipeline(&self, route: &str) -> Result<&Arc<Pipeline>, Refusal> {
        self.pipelines.get(route).ok_or(Refusal::UnknownTopic)
    }

    fn change(&self, pipeline: &Pipeline, change: ConnectionChange) -> Push {
        let id = MessageId::new(change.key());
        let group = self.groups.group(change.address());
        // Every close follows an open that was stored, so that the number of them is bounded too.
        let max_group_depth = match &change {
            ConnectionChange::Opened(_) => pipeline.limits.max_group_depth,
            ConnectionChange::Closed { .. } => u64::MAX,
        };
        let payload = serde_json::to_string(&Mail::Connection(change))
            .expect("a connection is strings throughout");
        // A connection is no message: the record of messages does not have it.
        let entry = Entry { group, id, payload };
        Push { max_group_depth, ..Push::unrecorded(entry, &pipeline.limits) }
    }
}

/// Returns the text that answers a message of a socket, and whether the message was rejected.
pub fn answer_text(receipt: &Receipt) -> (&str, bool) {
    (receipt.response.body.as_str(), matches!(receipt.outcome, Outcome::Rejected(_)))
}
