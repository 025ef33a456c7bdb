//! Effects of an answer: what it sends, stores and schedules, once all of it is known to be possible.

use std::time::Duration;

use url::Url;

use super::answer::{Answer, NewMedia, NewTimer, To};
use super::conversation::{Conversation, Timer};
use super::items::Read;
use super::settings::Checked;
use crate::contracts::handler::{Result, Transaction};
use crate::model::address::Address;
use crate::model::message::Media;

/// Person whom a request is about.
pub(super) type Person = Address;

/// Most texts that one answer may send.
const MAX_TEXTS: usize = 100;
/// Most timers of one conversation.
const MAX_TIMERS: usize = 32;
/// Longest name of a timer, in bytes.
const MAX_NAME: usize = 64;
/// Longest time until a timer fires.
const MAX_AFTER: Duration = Duration::from_hours(366 * 24);
/// Longest pause, for which a person's messages wait.
const MAX_PAUSE: Duration = Duration::from_hours(24);

/// Outcome that is no effect.
pub(super) struct Applied {
    pub(super) is_declined: bool,
}

/// Surroundings of an answer.
pub(super) struct Scope<'a> {
    /// Id of the request.
    pub(super) id: &'a str,
    pub(super) person: Option<&'a Person>,
    pub(super) settings: &'a Checked,
}

/// Message of an answer.
struct Message {
    to: Address,
    text: String,
    media: Vec<Media>,
}

impl Scope<'_> {
    /// Applies an answer.
    ///
    /// # Errors
    /// The place in the answer that asks for something impossible. The run has no effects then.
    pub(super) async fn apply(
        &self,
        answer: Answer,
        tx: &mut Transaction,
        conversation: &mut Conversation,
    ) -> Result<Applied> {
        let is_declined = answer.decline;
        for Message { to, text, media } in self.messages(&answer)? {
            // An app need not know who has opted out. A reply goes to somebody who has just written.
            let is_reply = self.person == Some(&to);
            if is_reply || !tx.has_opted_out(&to).await? {
                tx.send_media(&to, text, media);
            } else {
                tracing::info!(topic.name = %tx.topic(), "message left out: its recipient has opted out");
            }
        }
        if let Some(pause) = answer.pause {
            limit("pause", pause, MAX_PAUSE)?;
            conversation.set_pause(tx.now() + pause);
        }
        for (index, Read(timer)) in answer.timers.into_iter().enumerate() {
            self.set_timer(index, timer, tx, conversation)?;
        }
        if let Some(state) = answer.state {
            conversation.set_state(state);
        }
        conversation.store(tx, self.settings.state_ttl)?;
        Ok(Applied { is_declined })
    }

    fn messages(&self, answer: &Answer) -> Result<Vec<Message>> {
        let count = answer.replies.len() + answer.sends.len();
        anyhow::ensure!(count <= MAX_TEXTS, "answers with {count} texts; send at most {MAX_TEXTS}");
        let mut messages = Vec::new();
        for (index, Read(reply)) in answer.replies.iter().enumerate() {
            let to = self.person.ok_or_else(|| {
                anyhow::anyhow!("answers with replies, and there is nobody to reply to; use sends")
            })?;
            let key = format!("replies[{index}]");
            messages.push(message(&key, to.clone(), &reply.text, &reply.media)?);
        }
        for (index, Read(send)) in answer.sends.iter().enumerate() {
            let key = format!("sends[{index}]");
            let to = self.address(&key, &send.to.0)?;
            messages.push(message(&key, to, &send.text, &send.media)?);
        }
        Ok(messages)
    }

    /// Address of a recipient. Without a transport it is the one of the person, or the topic's first
    /// that reaches phones.
    fn address(&self, key: &str, to: &To) -> Result<Address> {
        let known = self.person.map(|person| person.transport.as_str());
        let default = known.or(self.settings.phone_transport.as_deref());
        let transport = to.transport.as_deref().or(default).ok_or_else(|| {
            anyhow::anyhow!(
                "answers with {key}.to without a transport, and the topic reaches no phone"
            )
        })?;
        let is_here = self.settings.transports.iter().any(|name| name == transport);
        anyhow::ensure!(
            is_here || known == Some(transport),
            "answers with {key}.to.transport, which is none of the topic's",
        );
        anyhow::ensure!(!to.identity.is_empty(), "answers with an empty {key}.to");
        let own = self.person.filter(|person| person.transport == transport);
        let line = to.line.as_deref().or(own.map(|person| person.line.reveal()));
        Ok(Address::new(transport, &to.identity, line.unwrap_or_default()))
    }

    fn set_timer(
        &self,
        index: usize,
        timer: NewTimer,
        tx: &mut Transaction,
        conversation: &mut Conversation,
    ) -> Result {
        let NewTimer { after, name, data } = timer;
        let key = format!("timers[{index}]");
        limit(&format!("{key}.after"), after, MAX_AFTER)?;
        let is_name = (1..=MAX_NAME).contains(&name.len());
        anyhow::ensure!(is_name, "answers with {key}.name of a length other than 1 to {MAX_NAME}");
        let id = format!("{}:{index}", self.id);
        let timer = Timer::new(id, name, data, self.person.cloned());
        conversation.set_timer(tx, after, &timer)?;
        let count = conversation.timers();
        anyhow::ensure!(count <= MAX_TIMERS, "answers with {key}, above {MAX_TIMERS} timers");
        Ok(())
    }
}

fn message(key: &str, to: Address, text: &str, media: &[Read<NewMedia>]) -> Result<Message> {
    anyhow::ensure!(!text.is_empty() || !media.is_empty(), "answers with an empty {key}");
    let medium = |(index, Read(medium)): (usize, &Read<NewMedia>)| {
        let is_web = Url::parse(&medium.url).is_ok_and(|url| url.scheme().starts_with("http"));
        anyhow::ensure!(is_web, "answers with {key}.media[{index}].url, which is no web address");
        Ok(Media::new(&medium.url, &medium.content_type))
    };
    let media = media.iter().enumerate().map(medium).collect::<Result<_>>()?;
    Ok(Message { to, text: text.to_owned(), media })
}

fn limit(key: &str, time: Duration, longest: Duration) -> Result {
    let longest_text = humantime::format_duration(longest);
    anyhow::ensure!(time <= longest, "answers with {key} above {longest_text}");
    Ok(())
}
