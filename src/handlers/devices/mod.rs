//! Messages from device to device: every device has a number, and a text that begins with the number of
//! another one is brought to it. A device is a program or a page with a socket, or a phone.
//!
//! Each device works on its own mailbox. What several share is read under one key per device, so that
//! two runs conflict only when one of them sends to a device that comes or goes at that moment, or
//! when both get a new sequential id. The list of connected devices is read without a check. Whatever
//! a discarded run has read, sent or allotted is not there for the next one.

use crate::contracts::handler::{Context, Handler, Result, Transaction};
use crate::model;
use crate::model::connection::{Connection, Disconnection};
use crate::model::message::{Inbound, Wake};

mod client;
mod command;
mod device;
mod id;
mod listing;
mod mailbox;
mod presence;
mod roster;
mod settings;
mod texts;
mod token;

use client::Client;
use command::Command;
pub use settings::DevicesSettings;

/// Handler of messages from device to device.
#[derive(Default)]
pub struct Devices {
    settings: DevicesSettings,
}

impl Devices {
    /// Creates the handler, or reports every setting that cannot work.
    pub fn new(settings: DevicesSettings) -> Result<Self> {
        validator::Validate::validate(&settings)?;
        Ok(Self { settings })
    }
}

impl Handler for Devices {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let device = presence::present(cx, &self.settings, &message.sender).await?;
        let mut client = Client::new(cx, &self.settings, &message.sender, device);
        client.obey(Command::of(message), message).await
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        presence::begin(cx, &self.settings, connection).await
    }

    async fn disconnected(&self, tx: &mut Transaction, _: &Disconnection) -> Result {
        presence::pause(tx, &self.settings).await
    }

    async fn wake(&self, tx: &mut Transaction, wake: &Wake) -> Result {
        match wake.name.as_str() {
            presence::LIST => presence::list(tx, &self.settings, &wake.data()?).await,
            _ => Ok(()),
        }
    }

    async fn opted_out(&self, cx: &mut Context, _: &Inbound) -> Result {
        presence::end(cx, &self.settings).await
    }

    async fn undeliverable(&self, tx: &mut Transaction, _: u32) -> Result {
        presence::end(tx, &self.settings).await
    }

    fn commands(&self) -> Vec<model::command::Command> {
        vec![
            model::command::Command::new("send,<number>,<text>", "sends a text to a device"),
            model::command::Command::new("help", "lists the devices"),
            model::command::Command::new("token", "tells the token of your device"),
        ]
    }
}
