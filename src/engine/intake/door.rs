//! The door: what a message says about its sender's consent, and what is known of the sender.

use std::time::Duration;

use tracing::error;

use super::{Intake, Refusal, in_time};
use crate::contracts::handler::{consent, opt_out};
use crate::contracts::storage::{Entry, Once, Push, Pushed, SenderRate};
use crate::engine::topic::Pipeline;
use crate::model::address::Address;
use crate::model::consent::opt_out_key;
use crate::model::keyword::{is_help, is_opt_in, is_yes};
use crate::model::message::{Inbound, OptOut, Outbound};
use crate::model::standing::{bar_key, bucket_key, told_key};

/// Time between two notices for a person who writes too fast.
const NOTICE_INTERVAL: Duration = Duration::from_hours(1);

/// Time between two equal answers to opt-outs, opt-ins or requests for help of one person.
const CONSENT_INTERVAL: Duration = Duration::from_mins(10);

/// Messages of one sender that may wait while the topic is at least three quarters full.
const CROWDED_DEPTH: u64 = 4;

const MINUTE: Duration = Duration::from_mins(1);

impl Intake {
    /// Returns what a message says about consent. START and YES say it for a person who has opted out,
    /// and are ordinary words for all others.
    pub(super) async fn consent(
        &self,
        pipeline: &Pipeline,
        message: &mut Inbound,
    ) -> Result<Option<OptOut>, Refusal> {
        let said = opt_out(message);
        if said.is_some() || message.sender.is_socket() {
            return Ok(said);
        }
        let text = message.text.reveal();
        if is_help(text) && !pipeline.replies.help_response.is_empty() {
            message.opt_out = Some(OptOut::Help);
            return Ok(message.opt_out);
        }
        let is_back = is_yes(text);
        if !(is_back || is_opt_in(text)) || !self.has_opted_out(pipeline, message).await? {
            return Ok(None);
        }
        if is_back {
            message.opt_out = Some(OptOut::Start);
        }
        Ok(Some(OptOut::Start))
    }

    async fn has_opted_out(&self, pipeline: &Pipeline, message: &Inbound) -> Result<bool, Refusal> {
        let partition = self.partition(pipeline, &message.sender);
        let keys = [self.opt_out_key(pipeline, &message.sender)];
        match in_time(self.storage.values(&partition, &keys)).await {
            Ok(values) => Ok(values.iter().any(Option::is_some)),
            Err(error) => {
                error!(topic.name = %pipeline.topic, %error, "refused: the store cannot be read");
                Err(Refusal::Unavailable)
            }
        }
    }

    /// Key under which an opt-out of a sender is: that of the line, or of every line where the provider
    /// has one for all. START on any of them ends that one.
    fn opt_out_key(&self, pipeline: &Pipeline, sender: &Address) -> String {
        let scope = pipeline.transport.consent_scope(sender);
        opt_out_key(&self.groups, &scope).as_str().to_owned()
    }

    /// Adds to a push what the door asks about its sender, and the writes and the answer of an opt-out
    /// or opt-in.
    pub(super) fn at_the_door(
        &self,
        pipeline: &Pipeline,
        message: &Inbound,
        said: Option<OptOut>,
        push: Push,
    ) -> Push {
        let sender = &message.sender;
        if sender.is_socket() {
            return Push { marks: vec![bar_key(&self.groups, sender)], ..push };
        }
        // A provider takes a drop for an acceptance, and a repetition of it would come out of its order.
        let push = Push { is_dropped_for_good: true, ..push };
        let bar = bar_key(&self.groups, sender);
        let once = said.and_then(|said| self.consent_answer(pipeline, sender, said));
        match said {
            // No mark and no limit stands before an opt-out.
            Some(OptOut::Stop) => self.unlimited(message, Push { once, ..push }),
            Some(OptOut::Start) => self.unlimited(message, Push { once, marks: vec![bar], ..push }),
            Some(OptOut::Help) => {
                let rate = self.sender_rate(pipeline, sender);
                Push { once, marks: vec![bar], rate, ..push }
            }
            None => Push {
                marks: vec![bar, self.opt_out_key(pipeline, sender)],
                rate: self.sender_rate(pipeline, sender),
                max_crowded_depth: CROWDED_DEPTH,
                ..push
            },
        }
    }

    /// An opt-out or opt-in takes effect and is handled, however many messages wait.
    fn unlimited(&self, message: &Inbound, push: Push) -> Push {
        Push {
            writes: consent(&self.groups, message),
            max_depth: u64::MAX,
            max_group_depth: u64::MAX,
            ..push
        }
    }

    fn consent_answer(&self, pipeline: &Pipeline, sender: &Address, said: OptOut) -> Option<Once> {
        let replies = &pipeline.replies;
        let (what, text) = match said {
            OptOut::Stop => ("stop", &replies.stop_response),
            OptOut::Start => ("start", &replies.start_response),
            OptOut::Help => ("help", &replies.help_response),
        };
        let mut outbound = text_to(sender, text)?;
        outbound.is_consent = true;
        Some(self.once(sender, what, CONSENT_INTERVAL, &outbound))
    }

    /// Rate of a sender; none where the topic states none.
    fn sender_rate(&self, pipeline: &Pipeline, sender: &Address) -> Option<SenderRate> {
        let limits = pipeline.limits.senders;
        let notice = || {
            let notice = text_to(sender, &pipeline.replies.sender_notice)?;
            Some(self.once(sender, "too-fast", NOTICE_INTERVAL, &notice))
        };
        (limits.rate > 0).then(|| SenderRate {
            bucket: bucket_key(&self.groups, sender),
            interval: MINUTE / limits.rate,
            burst: limits.burst,
            notice: notice(),
        })
    }

    fn once(&self, sender: &Address, what: &str, every: Duration, outbound: &Outbound) -> Once {
        let entry = Entry::owed(outbound, &self.groups);
        Once { key: told_key(&self.groups, sender, what), every, entry }
    }
}

/// Returns the message of a text of the topic's own; an empty text means none.
fn text_to(sender: &Address, text: &str) -> Option<Outbound> {
    let outbound = || Outbound::new(sender.clone(), text.into(), Vec::new(), None);
    (!text.is_empty()).then(outbound)
}

/// Returns whether the text for a message is given to its sender. A full mailbox gets the answer of an
/// accepted message: another one would show a flooder where the limit is. A person who has opted out, is
/// barred or writes too fast gets none.
pub(super) fn is_answered(pushed: Pushed) -> bool {
    !matches!(pushed, Pushed::Barred | Pushed::Limited)
}
