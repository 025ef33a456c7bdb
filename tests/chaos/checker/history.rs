//! History of a run: what senders were told, and what the provider delivered.

use std::collections::BTreeMap;
use std::time::Duration;

/// Number of a person.
pub(crate) type Person = usize;

/// A chat of a person: how often their phone had been told by then that they are connected.
pub(crate) type Chat = (Person, usize);

/// Answer to one attempt, as its sender understands it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// 2xx.
    Accepted,
    /// Certainly not taken: 4xx, or a connection that was refused.
    Refused,
    /// Perhaps taken: 5xx, a lost connection, or no answer in time.
    Unknown,
}

/// One request for a text. Times count from the beginning of the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    pub(crate) begun: Duration,
    pub(crate) ended: Duration,
    pub(crate) told: Told,
}

/// A text of a sender. All its attempts have one id.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) sender: Person,
    /// Place among the texts of its sender.
    pub(crate) number: usize,
    /// Chat of the sender when they began it.
    pub(crate) chat: usize,
    pub(crate) attempts: Vec<Attempt>,
}

impl Text {
    /// Returns the end of the first attempt that was accepted: by then the text was taken.
    pub(crate) fn accepted(&self) -> Option<Duration> {
        let accepted = self.attempts.iter().find(|attempt| attempt.told == Told::Accepted);
        accepted.map(|attempt| attempt.ended)
    }

    /// Returns the beginning of the first attempt that may have been accepted: before it, the text was
    /// not taken.
    pub(crate) fn earliest(&self) -> Option<Duration> {
        let possible = self.attempts.iter().find(|attempt| attempt.told != Told::Refused);
        possible.map(|attempt| attempt.begun)
    }

    pub(crate) fn begun(&self) -> Duration {
        self.attempts.first().map_or(Duration::ZERO, |attempt| attempt.begun)
    }

    pub(crate) fn is_retried(&self) -> bool {
        self.attempts.len() > 1
    }
}

/// A text that the provider accepted for a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) at: Duration,
    pub(crate) sender: Person,
    pub(crate) number: usize,
    /// Person whose phone it goes to, and their chat; nothing when the number is nobody's, or the person had
    /// been told of no chat, or of its end.
    pub(crate) recipient: Option<Chat>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// The two sides of each chat that is known from the beginning, by both of them. Those of other chats are
    /// known by the first text of either.
    pub(crate) chats: BTreeMap<Chat, Chat>,
    /// Number of texts of a person that were answered with a notice that there is no chat: their partner had left.
    pub(crate) unheard: BTreeMap<Person, usize>,
    /// Texts, those of one sender in their order.
    pub(crate) texts: Vec<Text>,
    /// Deliveries, in the order in which the provider accepted them.
    pub(crate) deliveries: Vec<Delivery>,
}
