//! The two ends of a handler's run: the state that it starts from, and the effects that it returns.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::model::address::{Address, Group, GroupKey};
use crate::model::event::EventKind;
use crate::model::frame::FrameContent;
use crate::model::message::submission::Tally;
use crate::model::message::{Inbound, Media, MessageId, Text, Wake};
use crate::model::state::{Check, Member, Write};
use crate::model::topic::TopicName;

/// Name of the wake that a recipient's mailbox gets when a provider reports that no message will
/// ever reach them (opted out, no such number); its data is a [`Verdict`](super::Verdict).
pub const UNDELIVERABLE: &str = "undeliverable";

/// Name of the wake by which a store remembers that a delivery report was passed on. It has no effect.
pub const REPORTED: &str = "events.reported";

/// Name of the wake that a mailbox gets when an operator bars its owner.
pub const BARRED: &str = "people.barred";

/// Name of the wake that a mailbox gets when an operator ends the bar of its owner.
pub const LIFTED: &str = "people.lifted";

/// Name of the wake that a mailbox gets when an operator removes all that is stored about its owner.
pub const FORGOTTEN: &str = "people.forgotten";

/// Removal of a person from a topic by an operator, or the end of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Removal {
    /// The person may not take part any more: their messages are dropped from now on.
    Barred,
    /// The bar of the person has ended: they may take part again.
    Lifted,
    /// The person is forgotten: all that is stored about them is removed.
    Forgotten,
}

/// Observer of the handled messages of one transport. A crash may keep it from being called.
#[async_trait]
pub trait HandledObserver: Send + Sync {
    /// Returns the name of the transport.
    fn transport(&self) -> &str;

    /// Takes note of a message whose commit is done.
    async fn handled(&self, message: &Inbound);
}

/// Source of a transaction's reads: the store, or a map in tests.
#[async_trait]
pub trait State: Send + Sync {
    /// Returns the values under these keys, in their order.
    async fn values(&self, keys: &[String]) -> anyhow::Result<Vec<Option<String>>>;
    /// Returns up to `limit` members of a pool, the longest in it first.
    async fn members(&self, pool: &str, limit: usize) -> anyhow::Result<Vec<Member>>;
    /// Returns the number of a pool's members.
    async fn size(&self, pool: &str) -> anyhow::Result<u64>;
    /// Returns the value of a counter.
    async fn total(&self, counter: &str) -> anyhow::Result<i64>;
}

/// Effects of one run of a handler, committed together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    pub checks: Vec<Check>,
    pub writes: Vec<Write>,
    pub sends: Vec<OutgoingMessage>,
    pub wakes: Vec<ScheduledWake>,
    /// Facts about a message that a program outside has submitted, in place of those about the mail.
    pub note: Option<Note>,
}

/// Facts about a submitted message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub message: MessageId,
    pub kinds: Vec<EventKind>,
    pub reason: Option<String>,
}

/// Submission that an outbound message comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub submission: MessageId,
    pub tally: Option<Box<Tally>>,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutgoingMessage {
    pub to: Address,
    pub text: Text,
    pub media: Vec<Media>,
    /// Content for recipients that are programs.
    #[doc(hidden)]
    pub content: Option<Box<FrameContent>>,
    /// Present for a message that a program outside has submitted.
    pub origin: Option<Origin>,
}

impl OutgoingMessage {
    /// Creates a message of a text alone.
    pub fn text(to: Address, text: impl Into<Text>) -> Self {
        Self { to, text: text.into(), media: Vec::new(), content: None, origin: None }
    }

    /// Returns whether it is an action on sockets, which nobody reads.
    pub(super) fn has_effect(&self) -> bool {
        self.content.as_ref().is_some_and(|content| content.effect.is_some())
    }
}

/// A wake and its time; without a time it is due at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledWake {
    pub wake: Wake,
    pub at: Option<DateTime<Utc>>,
}

/// Input of one run of a handler.
pub struct Invocation {
    pub topic: TopicName,
    /// Mailbox that the message or wake came from.
    pub group: Group,
    /// Place of the message or wake in its queue.
    pub sequence: u64,
    /// Number of this attempt at the message, from 1. It grows when an earlier one failed.
    pub attempt: u32,
    /// Start of the run.
    pub now: DateTime<Utc>,
    /// Key that turns addresses into groups.
    pub groups: GroupKey,
    /// Values that came with the claim and need no read.
    pub known: HashMap<String, Option<String>>,
}
