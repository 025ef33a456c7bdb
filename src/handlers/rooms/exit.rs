//! Ways out of a room.

use anyhow::Result;
use serde_json::json;

use super::announce::announce;
use super::room::{Person, Room, Seat};
use super::rules::Rules;
use crate::contracts::handler::Transaction;
use crate::model::address::Group;
use crate::model::connection::Disconnection;
use crate::model::frame::Frame;
use crate::model::message::Wake;
use crate::model::template::fill;

/// Name of the wake of a session that may have gone; its data is the id of the room.
pub(super) const GONE: &str = "gone";

/// Returns the room of the owner of this mailbox. A seat in a room that has ended is cleared.
pub(super) async fn own_room(tx: &mut Transaction) -> Result<Option<Room>> {
    let Some(seat) = tx.state::<Seat>().await? else { return Ok(None) };
    let group = tx.group();
    let room = Room::load(tx, &seat.room).await?;
    if let Some(room) = room.filter(|room| room.person(&group).is_some()) {
        return Ok(Some(room));
    }
    tx.clear_state();
    if seat.address.is_socket() {
        tx.unsubscribe(&seat.address, &seat.room).await?;
    }
    Ok(None)
}

/// Takes the owner of this mailbox out of their room. Returns whether they were in one.
pub(super) async fn leave(tx: &mut Transaction, rules: &Rules) -> Result<bool> {
    let group = tx.group();
    let Some(mut room) = own_room(tx).await? else { return Ok(false) };
    depart(tx, rules, &mut room, &group).await?;
    Ok(true)
}

/// Takes a person out of a room, with their seat and their subscription, and tells the others.
pub(super) async fn depart(
    tx: &mut Transaction,
    rules: &Rules,
    room: &mut Room,
    group: &Group,
) -> Result<Option<Person>> {
    let Some(person) = room.take(group) else { return Ok(None) };
    room.store(tx)?;
    tx.remove(group.as_str());
    if person.is_subscribed() {
        tx.unsubscribe(&person.address, &room.id).await?;
    }
    if let Some(name) = &person.name {
        let text = fill(&rules.texts().left, &[("name", name)]);
        let frame = Frame::new("left").field("name", name.as_str());
        announce(tx, room, frame.field("here", json!(room.here())).text(text));
    }
    Ok(Some(person))
}

/// Handles the end of a session's connection. The session has some time to come back, unless its web
/// process was lost, which took longer to notice.
pub(super) async fn disconnected(
    tx: &mut Transaction,
    rules: &Rules,
    end: &Disconnection,
) -> Result<()> {
    let Some(room) = own_room(tx).await? else { return Ok(()) };
    let grace = rules.settings.leave_after;
    if end.was_lost || grace.is_zero() {
        leave(tx, rules).await?;
        return Ok(());
    }
    tx.wake_after(grace, GONE, &room.id)
}

/// Takes a session out of its room that has not come back.
pub(super) async fn gone(tx: &mut Transaction, rules: &Rules, wake: &Wake) -> Result<()> {
    let Some(seat) = tx.state::<Seat>().await? else { return Ok(()) };
    if wake.data::<String>()? != seat.room || tx.is_connected(&seat.address).await? {
        return Ok(());
    }
    leave(tx, rules).await?;
    Ok(())
}
