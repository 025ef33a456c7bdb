//! Rejections: the record of a message that a validator has rejected, and the text for its sender.

use tracing::{error, info, warn};

use super::{Intake, Outcome, Receipt, Refusal, answer, facts, in_time};
use crate::contracts::storage::{Entry, Push, Pushed};
use crate::engine::notices::{Notice, is_news};
use crate::engine::topic::Pipeline;
use crate::model::event::{EventKind, Fact, Facts};
use crate::model::message::submission::Submission;
use crate::model::message::{Inbound, Mail, MessageId};

/// Verdict of a validator against a message.
pub(super) struct Rejection<'p> {
    /// Text for the sender.
    pub(super) text: Option<&'p str>,
    /// Reason for the record.
    pub(super) reason: String,
    /// Further ids under which the message may have been rejected before.
    pub(super) aliases: Vec<MessageId>,
}

impl Intake {
    /// Records a rejection and gives its text to the sender: in the answer, or as a message where the
    /// transport sends no text in its answer.
    pub(super) async fn reject(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        rejection: Rejection<'_>,
    ) -> Result<Receipt, Refusal> {
        let Rejection { text, reason, aliases } = rejection;
        let key = message.key();
        info!(topic.name = %pipeline.topic, message.id = %key, reason, "message rejected");
        let received = Fact { kind: EventKind::Received, at: Some(message.received_at) };
        let rejected = vec![received, EventKind::Rejected.into()];
        let facts = facts(pipeline, message, rejected, Some(reason.clone()));
        match text.filter(|_| !pipeline.transport.sends_in_answer()) {
            Some(text) => {
                let push = Push { aliases, facts, ..self.rejection(pipeline, message, text) };
                self.send_rejection(pipeline, message, push).await?;
            }
            None => self.record_rejection(pipeline, message, facts).await,
        }
        Ok(answer(pipeline, text, Outcome::Rejected(reason)))
    }

    /// Returns the text of a rejection, unless the sender has had it for another message lately.
    pub(super) async fn once<'p>(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        text: Option<&'p str>,
    ) -> Option<&'p str> {
        let (cause, every) = (message.key(), pipeline.replies.error_every);
        let notice = Notice { to: &message.sender, text: text?, cause: cause.as_str(), every };
        let news = is_news(self.storage.as_ref(), &self.groups, &pipeline.topic, &notice);
        // A sender is answered in time, whatever the store does.
        let is_news = in_time(async { Ok(news.await) }).await.unwrap_or(true);
        text.filter(|_| is_news)
    }

    /// Records a rejection. The sender is answered even if that fails: only a line of the record is
    /// lost.
    async fn record_rejection(&self, pipeline: &Pipeline, message: &Inbound, facts: Facts) {
        let partition = self.partition(pipeline, message);
        if let Err(error) = in_time(self.storage.record(&partition, facts)).await {
            let key = message.key();
            warn!(topic.name = %pipeline.topic, message.id = %key, %error, "rejection not recorded");
        }
    }

    /// Push of the message to the sender of a rejected one.
    fn rejection(&self, pipeline: &Pipeline, message: &Inbound, text: &str) -> Push {
        let (key, sender) = (message.key(), message.sender.clone());
        let submission = Submission::new(key.clone(), sender, text);
        let payload = serde_json::to_string(&Mail::Submission(Box::new(submission)))
            .expect("a submission is strings throughout");
        let group = self.groups.group(&message.sender);
        Push::unrecorded(Entry { group, id: key, payload }, &pipeline.limits)
    }

    /// Records a rejection and stores the message to its sender, once for all repetitions.
    async fn send_rejection(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        push: Push,
    ) -> Result<(), Refusal> {
        let partition = self.partition(pipeline, message);
        let key = message.key();
        match in_time(self.storage.push(&partition, push)).await {
            Ok(Pushed::Accepted | Pushed::Duplicate | Pushed::GroupFull) => Ok(()),
            Ok(Pushed::Full) => Err(Refusal::Unavailable),
            Err(error) => {
                error!(topic.name = %pipeline.topic, message.id = %key, %error, "refused: not stored");
                Err(Refusal::Unavailable)
            }
        }
    }
}
