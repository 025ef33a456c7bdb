//! The transaction of one message.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Transaction;
use crate::model::address::Address;
use crate::model::command::Command;
use crate::model::message::{Media, Text};

/// The transaction of one message: everything that a [`Transaction`] does, and replies to the
/// sender.
pub struct Context {
    transaction: Transaction,
    sender: Address,
    is_declined: bool,
    /// Commands of all apps of the router that runs this one, if one does.
    router: Option<Arc<[Command]>>,
}

impl Context {
    pub(super) fn new(transaction: Transaction, sender: Address) -> Self {
        Self { transaction, sender, is_declined: false, router: None }
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

    /// Declines the message; without a router, which offers it to its next app, the sender gets the text.
    pub fn decline_or_reply(&mut self, text: impl Into<Text>) {
        if self.router.is_some() {
            self.decline();
        } else {
            self.reply(text);
        }
    }

    /// Returns the commands of all apps of the router that runs this one; none without a router.
    pub fn commands(&self) -> &[Command] {
        self.router.as_deref().unwrap_or_default()
    }

    /// Enters a router. Returns the router around it to [`leave_router`](Self::leave_router) to.
    #[doc(hidden)]
    pub fn enter_router(&mut self, commands: Arc<[Command]>) -> Option<Arc<[Command]>> {
        self.router.replace(commands)
    }

    /// Leaves a router.
    #[doc(hidden)]
    pub fn leave_router(&mut self, outer: Option<Arc<[Command]>>) {
        self.router = outer;
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
