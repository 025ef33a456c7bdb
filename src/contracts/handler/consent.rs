//! Consent: which messages are opt-outs and opt-ins, and what they write.

use super::{Result, Transaction};
use crate::model::address::{Address, GroupKey};
use crate::model::consent::{self, OptOutSource};
use crate::model::keyword::{is_opt_in, is_opt_out};
use crate::model::message::{Inbound, OptOut};
use crate::model::state::Write;

/// Returns the opt-out, opt-in or request for help that a message is: as the provider reports it, or
/// a word such as STOP. START and HELP are ordinary words where the provider does not report them;
/// so is STOP on a socket, whose client just closes it.
pub fn opt_out(message: &Inbound) -> Option<OptOut> {
    let is_stop = || !message.sender.is_socket() && is_opt_out(message.text.reveal());
    message.opt_out.or_else(|| is_stop().then_some(OptOut::Stop))
}

/// Returns the writes of a message that is an opt-out or takes one back, whatever a handler makes of it.
pub fn consent(groups: &GroupKey, message: &Inbound) -> Vec<Write> {
    let sender = &message.sender;
    let is_start = || !sender.is_socket() && is_opt_in(message.text.reveal());
    match opt_out(message) {
        Some(OptOut::Stop) => {
            consent::opt_out(groups, sender, message.received_at, OptOutSource::Message)
        }
        Some(OptOut::Start) => consent::opt_in_at(groups, sender, message.received_at),
        None if is_start() => consent::opt_in_at(groups, sender, message.received_at),
        Some(OptOut::Help) | None => Vec::new(),
    }
}

impl Transaction {
    /// Returns whether a person has opted out, by a word such as STOP or by their provider's verdict.
    /// Nothing is sent to them, whatever a handler sends.
    pub async fn has_opted_out(&mut self, person: &Address) -> Result<bool> {
        let key = self.opt_out_key(person);
        Ok(self.read::<serde_json::Value>(&[key]).await?.pop().flatten().is_some())
    }

    pub(super) fn opt_out_key(&self, person: &Address) -> String {
        let groups = &self.invocation.groups;
        consent::opt_out_key(groups, person).as_str().to_owned()
    }
}
