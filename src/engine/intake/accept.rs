//! Acceptance of a message: its way from the door and the validators into the queue.

use tracing::warn;

use super::checks::{Verdict, validate};
use super::door::is_answered;
use super::missed::{Way, date};
use super::rejection::Rejection;
use super::{Intake, Outcome, Receipt, Refusal, answer, facts, in_time, non_empty};
use crate::contracts::storage::{Entry, Push, Pushed};
use crate::engine::events::EventSource;
use crate::engine::lines::Arrival;
use crate::engine::notices::REPEATS_WINDOW;
use crate::engine::outage;
use crate::engine::overload::Limit;
use crate::engine::topic::Pipeline;
use crate::model::event::{EventKind, Fact, Facts};
use crate::model::message::{Inbound, Incoming, MessageId, OptOut, Outbound};

/// Reason for dropping a message of one of our own lines.
const OWN_LINE: &str = "the sender is one of our own lines";

/// Name of the intake among the parts that wait for the store.
const INTAKE: &str = "intake";

/// Message that has passed the door.
pub(super) struct Admitted {
    message: Inbound,
    /// Further ids under which it may have been accepted before.
    aliases: Vec<MessageId>,
    /// Statement of its sender about consent.
    said: Option<OptOut>,
    way: Way,
}

impl Intake {
    pub(super) async fn message(
        &self,
        pipeline: &Pipeline,
        mut incoming: Incoming,
        way: Way,
    ) -> Result<Receipt, Refusal> {
        incoming.media = self.passed_on(pipeline, incoming.media);
        let sent_at = way.time(&incoming);
        let (mut message, aliases) = self.identified(pipeline, incoming).await?;
        date(&mut message, way, sent_at);
        if self.own_lines.is_sender(&message.sender) {
            return Ok(self.drop_own(pipeline, &message).await);
        }
        let said = self.consent(pipeline, &mut message).await?;
        let said = way.consent(&mut message, said);
        // An opt-out or opt-in has to take effect, whatever the validators think of its text.
        let verdict = match said {
            Some(_) => Verdict::Valid,
            None => validate(pipeline, &message),
        };
        match verdict {
            Verdict::Valid => self.accept(pipeline, Admitted { message, aliases, said, way }).await,
            Verdict::Invalid { text, reason } => {
                let rejection = Rejection { text: non_empty(text), reason, aliases, way };
                self.reject(pipeline, &message, rejection).await
            }
        }
    }

    /// Drops a message of one of our own lines, to which every answer would be another one. It is
    /// acknowledged even if it cannot be recorded.
    async fn drop_own(&self, pipeline: &Pipeline, message: &Inbound) -> Receipt {
        let key = message.key();
        let now = self.clock.now();
        Arrival::of(pipeline, message, now).turned_away("dropped", OWN_LINE, now);
        let received = Fact { kind: EventKind::Received, at: Some(message.received_at) };
        let kinds = vec![received, EventKind::Dropped.into()];
        let facts = facts(pipeline, message, kinds, Some(OWN_LINE.to_owned()));
        let partition = self.partition(pipeline, &message.sender);
        if let Err(error) = in_time(self.storage.record(&partition, facts)).await {
            warn!(topic.name = %pipeline.topic, message.id = %key, %error, "drop not recorded");
        }
        answer(pipeline, None, Outcome::Pushed(Pushed::Barred))
    }

    async fn accept(&self, pipeline: &Pipeline, admitted: Admitted) -> Result<Receipt, Refusal> {
        let partition = self.partition(pipeline, &admitted.message.sender);
        let arrival = Arrival::of(pipeline, &admitted.message, self.clock.now());
        let reply = accept_text(pipeline, admitted.said);
        let reply = reply.filter(|_| !pipeline.replies.send_on_accept);
        let reply = self.unrepeated(pipeline, &admitted.message, reply).await;
        let mut push = self.push(pipeline, admitted);
        let max_age = pipeline.limits.max_backlog_age;
        let mut limit = Limit::Depth;
        let stored = in_time(async {
            // The depth of an opt-out has no limit.
            if push.max_depth < u64::MAX && self.overload.is_too_old(&partition, max_age).await {
                // The store still tells what it knows: a duplicate gets the answer that it has had.
                push.max_depth = 0;
                limit = Limit::BacklogAge;
            }
            self.storage.push(&partition, push).await
        });
        match stored.await {
            Ok(Pushed::Full) => {
                outage::answered(INTAKE);
                self.overload.refused(&pipeline.topic, limit);
                Err(Refusal::Unavailable)
            }
            Ok(outcome) => {
                outage::answered(INTAKE);
                arrival.answered(outcome, self.clock.now());
                Ok(answer(
                    pipeline,
                    reply.filter(|_| is_answered(outcome)),
                    Outcome::Pushed(outcome),
                ))
            }
            Err(error) => {
                outage::waits(INTAKE, &error);
                arrival.not_stored(&error, self.clock.now());
                Err(Refusal::Unavailable)
            }
        }
    }

    /// Returns a text that a provider sends from our answer, unless the sender has had it too often. A text
    /// of the outbox is counted when it is sent.
    async fn unrepeated<'p>(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        text: Option<&'p str>,
    ) -> Option<&'p str> {
        if message.sender.is_socket() || !pipeline.transport.sends_in_answer() {
            return text;
        }
        self.news(pipeline, message, text, (pipeline.repeats, REPEATS_WINDOW)).await
    }

    fn push(
        &self,
        pipeline: &Pipeline,
        Admitted { message, aliases, said, way }: Admitted,
    ) -> Push {
        let event = self.events(pipeline).and_then(|events| events.received(&message));
        let accepted = self.accept_message(pipeline, &message, said, way);
        let outbox = accepted.into_iter().chain(event).collect();
        let facts = self.received(pipeline, &message);
        let entry = self.entry(&message);
        let push = Push { aliases, outbox, facts, ..Push::unrecorded(entry, &pipeline.limits) };
        way.push(self.at_the_door(pipeline, &message, said, push))
    }

    fn received(&self, pipeline: &Pipeline, message: &Inbound) -> Facts {
        let received = Fact { kind: EventKind::Received, at: Some(message.received_at) };
        let validated = Fact { kind: EventKind::Validated, at: Some(self.clock.now()) };
        facts(pipeline, message, vec![received, validated, EventKind::Queued.into()], None)
    }

    pub(super) fn events(&self, pipeline: &Pipeline) -> Option<&EventSource> {
        self.events.get(&pipeline.topic)
    }

    fn entry(&self, message: &Inbound) -> Entry {
        let group = self.groups.group(&message.sender);
        Entry { group, id: message.key(), payload: message.to_mail() }
    }

    /// Outgoing accept text of a topic with `send_on_accept`, of a transport that sends no text in its
    /// answer, or of a message without an answer. It goes into the outbox in the step that stores the
    /// message, so that it is sent once, for a duplicate too.
    fn accept_message(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        said: Option<OptOut>,
        way: Way,
    ) -> Option<Entry> {
        let text = accept_text(pipeline, said)?;
        let is_message = pipeline.replies.send_on_accept || !way.has_answer(pipeline);
        is_message.then(|| {
            // It is no answer of the handler's, so the message's record does not wait for it, and a
            // repetition of the message is still one.
            let outbound = Outbound::new(message.sender.clone(), text.into(), Vec::new(), None);
            Entry::owed(&outbound, &self.groups)
        })
    }
}

/// Returns the text that acknowledges a message: none for an opt-out or opt-in, which has texts of its
/// own.
fn accept_text(pipeline: &Pipeline, said: Option<OptOut>) -> Option<&str> {
    non_empty(&pipeline.replies.accept_response).filter(|_| said.is_none())
}
