//! Checker of histories: decides which texts were lost, doubled, out of order, or sent to a stranger.
//!
//! A text is taken at an instant that nobody sees. It lies between the beginning of its first attempt
//! that may have been accepted and the answer that says so. Two texts of one sender have an order when
//! the first was surely taken before the second can have been; texts whose times overlap, because the
//! sender began the second before it knew of the first, have none.
//!
//! Nobody is in two chats, and no chat has three sides: a person who gets a text of a chat, or writes one, is its
//! other side from then on. A sender who has asked for another partner says nothing before they have one.

mod history;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use self::history::{Attempt, Chat, Delivery, History, Person, Text, Told};

/// A text, by its sender and its number.
pub(crate) type Name = (Person, usize);

/// Faults of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Accepted, delivered to nobody, and not answered with a notice either.
    pub(crate) lost: Vec<Name>,
    /// Delivered again, or although it was refused; one entry for each delivery too many.
    pub(crate) doubled: Vec<Name>,
    /// Delivered after a text that was taken later.
    pub(crate) out_of_order: Vec<Name>,
    /// Delivered to somebody who is not the sender's partner, or never sent.
    pub(crate) wrong_partner: Vec<Name>,
    /// Delivered after a text with a later number, whose time overlaps: no fault.
    pub(crate) overtaken: Vec<Name>,
}

impl Verdict {
    pub(crate) fn is_clean(&self) -> bool {
        [&self.lost, &self.doubled, &self.out_of_order, &self.wrong_partner]
            .iter()
            .all(|faults| faults.is_empty())
    }
}

/// Decides what is wrong with a history.
pub(crate) fn check(history: &History) -> Verdict {
    let texts: BTreeMap<Name, &Text> =
        history.texts.iter().map(|text| ((text.sender, text.number), text)).collect();
    let mut verdict = Verdict::default();
    let mut delivered: BTreeMap<Name, usize> = BTreeMap::new();
    let mut orders: BTreeMap<Person, Order> = BTreeMap::new();
    let mut chats = history.chats.clone();
    for delivery in &history.deliveries {
        let name = (delivery.sender, delivery.number);
        let text = texts.get(&name);
        let Some(text) = text.filter(|text| is_of_chat(&mut chats, text, delivery.recipient))
        else {
            verdict.wrong_partner.push(name);
            continue;
        };
        let count = delivered.entry(name).or_default();
        *count += 1;
        if *count > 1 || text.earliest().is_none() {
            verdict.doubled.push(name);
            continue;
        }
        match orders.entry(delivery.sender).or_default().add(text) {
            Place::InOrder => {}
            Place::Overtaken => verdict.overtaken.push(name),
            Place::OutOfOrder => verdict.out_of_order.push(name),
        }
    }
    let mut unheard = history.unheard.clone();
    for (name, text) in texts {
        if text.accepted().is_none() || delivered.contains_key(&name) {
            continue;
        }
        match unheard.get_mut(&text.sender).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => verdict.lost.push(name),
        }
    }
    verdict
}

/// Tests whether a text was delivered to the other side of its chat.
fn is_of_chat(chats: &mut BTreeMap<Chat, Chat>, text: &Text, to: Option<Chat>) -> bool {
    let (from, Some(to)) = ((text.sender, text.chat), to) else { return false };
    let is_new = !chats.contains_key(&from) && !chats.contains_key(&to) && from.0 != to.0;
    if is_new {
        chats.extend([(from, to), (to, from)]);
    }
    chats.get(&from) == Some(&to)
}

/// Place of a delivery among those before it.
enum Place {
    InOrder,
    /// After a text with a later number that may have been taken before it.
    Overtaken,
    /// After a text that was taken later.
    OutOfOrder,
}

/// Deliveries of one sender so far.
#[derive(Default)]
struct Order {
    /// Latest time that a delivered text cannot have been taken before.
    taken_after: Duration,
    last_number: Option<usize>,
}

impl Order {
    fn add(&mut self, text: &Text) -> Place {
        let is_later = text.accepted().is_none_or(|accepted| accepted >= self.taken_after);
        let follows = self.last_number.is_none_or(|last| last < text.number);
        self.taken_after = self.taken_after.max(text.earliest().unwrap_or_default());
        self.last_number = self.last_number.max(Some(text.number));
        match (is_later, follows) {
            (false, _) => Place::OutOfOrder,
            (true, false) => Place::Overtaken,
            (true, true) => Place::InOrder,
        }
    }
}
