//! Commit of a handled message, and the error text of one that is given up.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Worker, message_id};
use crate::contracts::handler::{Effects, Origin, OutgoingMessage, ScheduledWake, opt_out};
use crate::contracts::storage::{Claim, Commit, Entry, RecipientLimit};
use crate::engine::notices::{Notice, is_news};
use crate::engine::parts::parts;
use crate::model::message::submission::Priority;
use crate::model::message::{Cause, Mail, MessageId, Outbound};

/// Age from which a message is handled although too many wait for its recipient.
const LONGEST_CONGESTION: Duration = Duration::from_mins(1);

impl Worker {
    pub(super) fn commit(&self, mail: &Mail, effects: Effects) -> Commit {
        let cause = message_id(mail);
        let ends = self.ends(effects.sends.iter().map(|outgoing| &outgoing.to));
        let is_single = effects.note.is_some();
        let mut outbound: Vec<Outbound> = Vec::with_capacity(effects.sends.len());
        for outgoing in effects.sends {
            outbound.extend(self.outbound(outgoing, cause.as_ref(), is_single));
        }
        // Every part counts: the message is recorded when the last of them is settled.
        let only = outbound.len() == 1;
        let called_at = called_at(mail);
        for outbound in &mut outbound {
            outbound.called_at = called_at;
            outbound.cause.iter_mut().for_each(|cause| cause.only |= only);
        }
        let outbox: Vec<Entry> =
            outbound.iter().map(|it| Entry::owed(it, &self.parts.groups)).collect();
        let recipient = self.recipient_limit(mail, &outbound, &outbox);
        let facts = match effects.note {
            Some(note) => Some(self.noted(note)),
            None => cause.map(|message| self.handled(message, outbox.is_empty())),
        };
        let wake = |ScheduledWake { wake, at }| (Entry::wake(wake), at);
        Commit {
            checks: effects.checks,
            writes: effects.writes.into_iter().chain(ends).collect(),
            outbox,
            recipient,
            wakes: effects.wakes.into_iter().map(wake).collect(),
            facts,
            ..Commit::default()
        }
    }

    /// Limit of the messages that wait for the one other person whom a person's message is for, so that
    /// the backlog stands in the sender's own mailbox. What waits for the sender is no reason to hold them
    /// up, and one of several recipients none for all. Sockets have limits of their own, and an opt-out
    /// waits for nothing, as does a message that has waited long enough: its sender may want to leave.
    fn recipient_limit(
        &self,
        mail: &Mail,
        outbound: &[Outbound],
        outbox: &[Entry],
    ) -> Option<RecipientLimit> {
        let Mail::Message(message) = mail else { return None };
        let waited = (self.parts.clock.now() - message.received_at).to_std().unwrap_or_default();
        let is_exempt = waited >= LONGEST_CONGESTION
            || opt_out(message).is_some()
            || outbound.iter().any(|it| it.to.is_socket());
        if is_exempt {
            return None;
        }
        let is_other = |it: &Outbound| !it.to.is_same_person(&message.sender);
        let mut others = outbound.iter().zip(outbox).filter(|(it, _)| is_other(it));
        let group = others.next()?.1.group.clone();
        let is_only = others.all(|(_, entry)| entry.group == group);
        let max_depth = self.parts.limits.max_recipient_depth;
        is_only.then_some(RecipientLimit { group, max_depth })
    }

    /// Returns the messages of one that a handler sends, in their order. `is_single` when the commit has
    /// facts about one submission, whose messages are counted.
    fn outbound(
        &self,
        outgoing: OutgoingMessage,
        cause: Option<&MessageId>,
        is_single: bool,
    ) -> Vec<Outbound> {
        let OutgoingMessage { to, text, media, content, origin } = outgoing;
        let (submission, tally) = match origin {
            Some(Origin { submission, tally }) => (Some(submission), tally),
            None => (None, None),
        };
        let is_bulk = tally.as_ref().is_some_and(|tally| tally.is_bulk);
        let priority = if is_bulk { Priority::Bulk } else { Priority::Normal };
        let id = submission.as_ref().or(cause);
        let cause = id.map(|id| Cause { id: id.clone(), only: false });
        let outbound =
            Outbound { content, tally, priority, ..Outbound::new(to, text, media, cause) };
        let mut parts = parts(&self.parts.transports, outbound);
        // Each submission of a chunk is a message of its own, whose last part ends its record.
        if submission.is_some() && !is_single {
            let last = parts.len() - 1;
            for (place, part) in parts.iter_mut().enumerate() {
                part.cause = part.cause.take().filter(|_| place == last);
                part.cause.iter_mut().for_each(|cause| cause.only = true);
            }
        }
        parts
    }

    /// Error text for the sender of a message that is given up, unless they have had it lately.
    pub(super) async fn apologies(&self, claim: &Claim, mail: Option<&Mail>) -> Vec<Outbound> {
        let Some(Mail::Message(inbound)) = mail else { return Vec::new() };
        let (text, every) = (&self.parts.error_response, self.parts.error_every);
        let topic = &self.parts.topic;
        if text.is_empty() {
            return Vec::new();
        }
        let notice =
            Notice { to: &inbound.sender, text, cause: claim.id.as_str(), limit: 1, every };
        if !is_news(self.parts.rates.as_ref(), &self.parts.groups, topic, &notice).await {
            tracing::info!(topic.name = %topic, message.id = %claim.id, "error text withheld");
            return Vec::new();
        }
        let cause = Some(Cause { id: inbound.key(), only: false });
        let to = inbound.sender.clone();
        let apology = Outbound::new(to, text.clone().into(), Vec::new(), cause);
        let mut apologies = parts(&self.parts.transports, apology);
        let only = apologies.len() == 1;
        for cause in apologies.iter_mut().filter_map(|it| it.cause.as_mut()) {
            cause.only = only;
        }
        apologies
    }
}

/// Returns the time of the call that has brought a message.
fn called_at(mail: &Mail) -> Option<DateTime<Utc>> {
    match mail {
        Mail::Message(message) if !message.is_missed => Some(message.received_at),
        _ => None,
    }
}
