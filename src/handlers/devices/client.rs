//! A device in its own transaction: what it is answered, and what it sends to others.

use anyhow::Result;

use super::command::Command;
use super::device::Device;
use super::id::DeviceId;
use super::listing::Listing;
use super::mailbox::{self, DeviceText};
use super::roster::Record;
use super::settings::DevicesSettings;
use super::token;
use crate::contracts::handler::{Context, Transaction};
use crate::model::address::Address;
use crate::model::frame::Frame;
use crate::model::message::Inbound;
use crate::model::segment;

/// Maximum number of characters of one message at a phone's provider.
const MAX_LENGTH: usize = 1600;

/// Device of the mailbox that a transaction runs on.
pub(super) struct Client<'a> {
    cx: &'a mut Context,
    settings: &'a DevicesSettings,
    address: &'a Address,
    device: Device,
}

/// Refusal of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    Unreadable,
    UnknownCommand,
    UnknownDestination,
    Duplicate,
    MailboxFull,
}

impl<'a> Client<'a> {
    pub(super) fn new(
        cx: &'a mut Context,
        settings: &'a DevicesSettings,
        address: &'a Address,
        device: Device,
    ) -> Self {
        Self { cx, settings, address, device }
    }

    /// Carries out a command.
    pub(super) async fn obey(&mut self, command: Command<'_>, message: &Inbound) -> Result<()> {
        let problem = match command {
            Command::Help => return self.greet().await,
            Command::Token if self.settings.keeps_ids() && self.address.is_socket() => {
                self.show_token();
                None
            }
            Command::Send { to, text } => self.send(to, text, message).await?,
            Command::Unknown => Some(Problem::UnknownCommand),
            Command::Token | Command::Unreadable => Some(Problem::Unreadable),
        };
        if let Some(problem) = problem {
            self.refuse(problem, message);
        }
        Ok(())
    }

    /// Sends the device its id and the list of devices.
    pub(super) async fn greet(&mut self) -> Result<()> {
        let id = self.device.id;
        let listing = Listing::read(self.cx, self.settings, id, self.address).await?;
        let text = self.settings.texts.greeting(&id.to_string(), &listing.to_string());
        if self.address.is_socket() {
            self.cx.send_frame(self.address, listing.frame(id).text(text));
            return Ok(());
        }
        for part in segment::split(&text, "", MAX_LENGTH) {
            self.cx.reply(part);
        }
        Ok(())
    }

    fn show_token(&mut self) {
        let token = token::of_session(self.cx, self.address);
        let text = format!("{}{}", self.settings.texts.token, token.reveal());
        self.cx.send_frame(self.address, Frame::message(text).field("session", token.reveal()));
    }

    /// Sends a text to a device. The order of the checks is part of the protocol, since a command that
    /// fails has one answer.
    async fn send(
        &mut self,
        to: Option<DeviceId>,
        text: &str,
        message: &Inbound,
    ) -> Result<Option<Problem>> {
        let Some(to) = to else { return Ok(Some(Problem::UnknownDestination)) };
        let Some(record) = Record::read(self.cx, to).await? else {
            return Ok(Some(Problem::UnknownDestination));
        };
        let text = DeviceText { from: self.device.id, body: text.to_owned() };
        let (line, at) = (text.to_string(), message.received_at);
        if self.device.repeats(&line, at) {
            return Ok(Some(Problem::Duplicate));
        }
        match &record.away {
            None => deliver(self.cx, &record.address, &text),
            Some(_) => {
                if !mailbox::keep(self.cx, to, record, &text, self.settings.mailbox)? {
                    return Ok(Some(Problem::MailboxFull));
                }
            }
        }
        self.device.note(&line, at);
        self.device.write(self.cx)?;
        Ok(None)
    }

    fn refuse(&mut self, problem: Problem, message: &Inbound) {
        let texts = &self.settings.texts;
        let (reason, text) = match problem {
            Problem::Unreadable => ("unreadable", &texts.unreadable),
            Problem::UnknownCommand => ("unknown_command", &texts.unknown_command),
            Problem::UnknownDestination => ("unknown_destination", &texts.unknown_destination),
            Problem::Duplicate => ("duplicate", &texts.duplicate),
            Problem::MailboxFull => ("mailbox_full", &texts.mailbox_full),
        };
        let mut frame = Frame::new("error").text(text.as_str()).field("reason", reason);
        if let Some(id) = message.parameters.get("id") {
            frame = frame.field("ref", id);
        }
        self.cx.send_frame(self.address, frame);
    }
}

/// Sends a text to the device at an address. A phone gets a long one in parts.
pub(super) fn deliver(tx: &mut Transaction, address: &Address, text: &DeviceText) {
    if address.is_socket() {
        let frame = Frame::message(text.to_string()).field("from", text.from.to_string());
        tx.send_frame(address, frame.field("body", text.body.as_str()));
        return;
    }
    for part in segment::split(&text.body, &format!("{}:", text.from), MAX_LENGTH) {
        tx.send(address, part);
    }
}
