//! Smallest handler of rooms: what one socket says, every socket of its room gets.

use std::time::Duration;

use crosswire::prelude::*;

pub(crate) const NAME: &str = "bench_rooms";

const DAY: Duration = Duration::from_hours(24);

pub(crate) struct Rooms;

impl Handler for Rooms {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        let room: String = cx.state().await?.ok_or(Refuse::new("Enter a room first."))?;
        cx.send_to_room(&room, Frame::message(message.text.clone()));
        Ok(())
    }

    async fn connected(&self, cx: &mut Context, connection: &Connection) -> Result {
        let field = |name| connection.parameters.get(name).unwrap_or_default().to_owned();
        let (room, who) = (field("room"), field("who"));
        cx.set_state(&room, DAY)?;
        cx.subscribe(&connection.address, &room).await?;
        cx.send_to_room(&room, Frame::new("joined").field("who", who));
        Ok(())
    }
}
