//! Handler whose messages are operations on rooms.

use std::time::Duration;

use crosswire::model::connection::{Connection, Disconnection};
use crosswire::model::frame::Frame;
use crosswire::prelude::*;

const HOUR: Duration = Duration::from_hours(1);

/// Pool of the sessions that are connected.
pub(crate) const HERE: &str = "here";

/// Takes `join ROOM`, `leave ROOM`, `say ROOM TEXT`, `me TEXT`, `close` and `end ROOM`.
pub(crate) struct Probe;

impl Handler for Probe {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let words: Vec<&str> = message.text.reveal().splitn(3, ' ').collect();
        let sender = &message.sender;
        match words[..] {
            ["join", room] => cx.subscribe(sender, room).await?,
            ["leave", room] => cx.unsubscribe(sender, room).await?,
            ["say", room, text] => cx.send_to_room(room, Frame::message(text)),
            ["me", text] => cx.reply(text),
            ["close"] => cx.close_socket(sender, 4403, "as you wish"),
            ["end", room] => cx.close_room(room, 4410, "the room ended"),
            _ => {}
        }
        Ok(())
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        let group = cx.group();
        cx.insert(HERE, &group, HOUR);
        cx.count("connected", 1, HOUR);
        if let Some(claims) = &connection.claims {
            cx.subscribe(&connection.address, &claims.subject).await?;
        }
        Ok(())
    }

    async fn disconnected(&self, tx: &mut Transaction, end: &Disconnection) -> Result {
        let group = tx.group_of(&end.address);
        tx.take(HERE, &group);
        let counter = if end.was_lost { "lost" } else { "closed" };
        tx.count(counter, 1, HOUR);
        Ok(())
    }
}
