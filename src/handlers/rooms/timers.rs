//! Timers of a room, on a mailbox of its own: warnings, its end, and its end when it is idle.
//!
//! A timer carries the end of the room that it was set for. After an extension it is out of date, and
//! does nothing. So it does not depend on the clock of the worker, which may be behind the store's.

use std::time::Duration;

use anyhow::Result;

use super::announce::{announce, ends_at, notice, tell};
use super::room::Room;
use super::rules::Rules;
use crate::contracts::handler::Transaction;
use crate::contracts::transport::socket::CloseCode;
use crate::model::frame::Frame;
use crate::model::message::Wake;
use crate::model::template::fill;

/// Name of a warning; its data are the time before the end, and the end, in milliseconds.
pub(super) const WARN: &str = "warn";
/// Name of the end; its data is the end, in milliseconds.
pub(super) const END: &str = "end";
pub(super) const IDLE: &str = "idle";

/// Schedules the warnings and the end of a room.
pub(super) fn schedule(tx: &mut Transaction, rules: &Rules, room: &Room) -> Result<()> {
    let (mailbox, end) = (Room::mailbox(&room.id), room.ends_at.timestamp_millis());
    for warning in rules.settings.warnings() {
        let at = room.ends_at - warning;
        if at > tx.now() {
            let before = u64::try_from(warning.as_millis())?;
            tx.wake(&mailbox, WARN, Some(at), &(before, end))?;
        }
    }
    tx.wake(&mailbox, END, Some(room.ends_at), &end)
}

/// Moves the idle end of a room, because something happens in it.
pub(super) fn touch(tx: &mut Transaction, rules: &Rules, room: &Room) -> Result<()> {
    let Some(idle) = rules.settings.idle else { return Ok(()) };
    let at = tx.now() + idle;
    tx.wake(&Room::mailbox(&room.id), IDLE, Some(at), &())
}

/// Handles a timer of the room whose mailbox this is.
pub(super) async fn ring(tx: &mut Transaction, rules: &Rules, wake: &Wake) -> Result<()> {
    let mailbox = tx.group();
    let id = mailbox.as_str().strip_prefix("@room:").unwrap_or_default();
    let Some(room) = Room::load(tx, id).await? else { return Ok(()) };
    let is_current = |end: i64| room.ends_at.timestamp_millis() == end;
    match wake.name.as_str() {
        WARN => {
            let (before, end) = wake.data()?;
            if is_current(end) {
                warn(tx, rules, &room, Duration::from_millis(before));
            }
        }
        END if is_current(wake.data()?) => end(tx, &room, "time", &rules.texts().ended),
        IDLE => end(tx, &room, "idle", &rules.texts().ended_idle),
        _ => {}
    }
    Ok(())
}

/// Tells the room how much time is left: less than planned, when the timer was late.
fn warn(tx: &mut Transaction, rules: &Rules, room: &Room, before: Duration) {
    let left = room.remaining(tx.now()).min(before);
    if left.is_zero() {
        return;
    }
    let texts = rules.texts();
    let text = fill(&texts.warning, &[("time", &texts.time(left))]);
    announce(tx, room, notice(&text).field("ends_at", ends_at(room)));
}

/// Closes a room and removes what is stored of it. The seats of sockets are cleared when these are
/// closed.
fn end(tx: &mut Transaction, room: &Room, reason: &str, text: &str) {
    let ended = || Frame::new("ended").field("reason", reason).text(text);
    let close = (CloseCode::ROOM_ENDED.0, "the room has ended");
    announce(tx, room, ended());
    if room.has_sockets() {
        tx.close_room(&room.id, close.0, close.1);
    }
    for person in &room.people {
        if !person.address.is_socket() {
            tx.remove(person.group.as_str());
        } else if !person.is_subscribed() {
            tell(tx, &person.address, ended());
            tx.close_socket(&person.address, close.0, close.1);
        }
    }
    room.erase(tx);
}
