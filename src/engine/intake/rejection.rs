//! Rejections: the record of a message that a validator has rejected, and the text for its sender.

use std::time::Duration;

use super::door::is_answered;
use super::missed::Way;
use super::{Intake, Outcome, Receipt, Refusal, answer, facts, in_time};
use crate::contracts::storage::{Entry, Push, Pushed};
use crate::engine::lines::Arrival;
use crate::engine::notices::{Notice, is_news};
use crate::engine::overload::Limit;
use crate::engine::topic::Pipeline;
use crate::model::event::{EventKind, Fact};
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
    pub(super) way: Way,
}

impl Intake {
    /// Records a rejection and gives its text to the sender, unless the door is closed to them: in the
    /// answer, or as a message where the transport sends no text in its answer.
    pub(super) async fn reject(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        rejection: Rejection<'_>,
    ) -> Result<Receipt, Refusal> {
        let every = pipeline.replies.error_every;
        let text = self.news(pipeline, message, rejection.text, (1, every)).await;
        let rejection = Rejection { text, ..rejection };
        let partition = self.partition(pipeline, &message.sender);
        let arrival = Arrival::of(pipeline, message, self.clock.now());
        let reason = rejection.reason.clone();
        let push = self.rejection(pipeline, message, rejection);
        match in_time(self.storage.push(&partition, push)).await {
            Ok(Pushed::Full) => {
                self.overload.refused(&pipeline.topic, Limit::Depth);
                Err(Refusal::Unavailable)
            }
            Ok(pushed) => {
                arrival.turned_away("rejected", &reason, self.clock.now());
                let text = text.filter(|_| is_answered(pushed));
                Ok(answer(pipeline, text, Outcome::Rejected(reason)))
            }
            Err(error) => {
                arrival.not_stored(&error, self.clock.now());
                Err(Refusal::Unavailable)
            }
        }
    }

    /// Returns a text for the sender of a message, unless they have had it so many times for others within
    /// a time.
    pub(super) async fn news<'p>(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        text: Option<&'p str>,
        (limit, every): (u32, Duration),
    ) -> Option<&'p str> {
        let (to, cause) = (&message.sender, message.key());
        let notice = Notice { to, text: text?, cause: cause.as_str(), limit, every };
        let news = is_news(self.storage.as_ref(), &self.groups, &pipeline.topic, &notice);
        // A sender is answered in time, whatever the store does.
        let is_news = in_time(async { Ok(news.await) }).await.unwrap_or(true);
        text.filter(|_| is_news)
    }

    /// Push of a rejection, once for all repetitions of the message. It queues the message to the
    /// sender where their transport sends no text in its answer.
    fn rejection(&self, pipeline: &Pipeline, message: &Inbound, rejection: Rejection<'_>) -> Push {
        let Rejection { text, reason, aliases, way } = rejection;
        let received = Fact { kind: EventKind::Received, at: Some(message.received_at) };
        let rejected = vec![received, EventKind::Rejected.into()];
        let facts = facts(pipeline, message, rejected, Some(reason));
        let (id, sender) = (message.key(), message.sender.clone());
        let text = text.filter(|_| !way.has_answer(pipeline));
        let mut submission = Submission::new(id.clone(), sender, text.unwrap_or_default());
        submission.taken_at = Some(message.received_at);
        let payload = serde_json::to_string(&Mail::Submission(Box::new(submission)))
            .expect("a submission is strings throughout");
        let entry = Entry { group: self.groups.group(&message.sender), id, payload };
        let is_queued = text.is_some();
        let push = Push::unrecorded(entry, &pipeline.limits);
        way.push(self.at_the_door(
            pipeline,
            message,
            None,
            Push { is_queued, aliases, facts, ..push },
        ))
    }
}
