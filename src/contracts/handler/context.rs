//! The transaction of one message.

use std::ops::{Deref, DerefMut};

use super::Transaction;
use crate::model::address::Address;
use crate::model::message::{Media, Text};

/// The transaction of one message: everything that a [`Transaction`] does, and replies to the
/// sender.
pub struct Context {
    transaction: Transaction,
    sender: Address,
    is_declined: bool,
}

impl Context {
    pub(super) fn new(transaction: Transaction, sender: Address) -> Self {
        Self { transaction, sender, is_declined: false }
    }

    pub(super) fn into_transaction(self) -> Transaction {
        self.transaction
    }

    /// Returns the sender of the message, to whom a reply goes.
    pub fn sender(&self) -> &Address {
        &self.sender
    }

    /// Declines the message: a router offers it to its next app. What was written and sent so far
    /// stays. Without a router it has no effect.
    pub fn decline(&mut self) {
        self.is_declined = true;
    }

    /// Returns whether the message was declined since the last call.
    #[doc(hidden)]
    pub fn take_declined(&mut self) -> bool {
        std::mem::take(&mut self.is_declined)
    }

    /// Sends a text to the sender of the message, from the line that they wrote to.
    pub fn reply(&mut self, text: impl Into<Text>) {
        self.reply_with_media(text, Vec::new());
    }

    /// Sends a text and media to the sender of the message.
    pub fn reply_with_media(&mut self, text: impl Into<Text>, media: Vec<Media>) {
        self.transaction.send_media(&self.sender, text, media);
    }
}

impl Deref for Context {
    type Target = Transaction;

    fn deref(&self) -> &Transaction {
        &self.transaction
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Transaction {
        &mut self.transaction
    }
}
