//! Presence: which sessions are connected, and by which web process.
//!
//! A web process has a mailbox of its own with a wake that is due one heartbeat ahead, and postpones
//! it with every beat. When the process is killed the wake fires, and every session in the pool of
//! that process is told that its connection is lost. A change of a connection that a newer one of
//! the same session has replaced is ignored. Changes of one connection may arrive in the wrong
//! order, when the store was away in between.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, Effects, Handler, Result, Transaction};
use crate::contracts::transport::socket::WINDOW;
use crate::model::address::{Address, Group};
use crate::model::connection::{Connection, ConnectionChange, Disconnection};
use crate::model::frame::{Frame, SocketEffect};
use crate::model::message::Wake;

/// Name of the wake in a web process's mailbox that fires when the process is lost.
pub(super) const LOST_PROCESS: &str = "sockets.lost_process";
/// Name of the wake of a session whose web process is lost.
pub(super) const LOST_SESSION: &str = "sockets.lost_session";

/// Longest life of a connection's record, longer than any socket is kept open.
const CONNECTED_TTL: Duration = Duration::from_hours(31 * 24);
/// Time for which the rooms of a session outlive its connection, so that it can resume.
const RESUME_TTL: Duration = Duration::from_mins(10);
/// Time for which the loss of a process is remembered, longer than its connections may be queued.
const LOST_TTL: Duration = Duration::from_hours(24);
/// Sessions of a lost process that one run wakes.
const STEP: usize = 100;
/// Maximum number of rooms in the record of a session that it has left.
const MAX_LEFT: usize = 16;
/// Maximum number of connections in the record of a session that were closed before they were opened.
const MAX_ENDED: usize = 8;

/// Record of a session.
#[derive(Serialize, Deserialize)]
pub(super) struct Session {
    address: Address,
    connection: Option<Held>,
    rooms: Vec<String>,
    /// Rooms that it has left while their lines can still be resumed from, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    left: Vec<(String, DateTime<Utc>)>,
    /// Connections that are closed and have not been opened yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ended: Vec<String>,
}

/// The connection of a session, and the process that holds it.
#[derive(Serialize, Deserialize)]
struct Held {
    id: String,
    process: String,
}

pub(super) fn parse(stored: Value) -> Option<Session> {
    serde_json::from_value(stored).ok()
}

impl Session {
    pub(super) async fn read(tx: &mut Transaction, address: &Address) -> Result<Self> {
        let known = tx.session(&key(&tx.group_of(address))).await?;
        let (rooms, left, ended) = Default::default();
        let new = || Self { address: address.clone(), connection: None, rooms, left, ended };
        Ok(known.unwrap_or_else(new))
    }

    pub(super) fn write(&self, tx: &mut Transaction) -> Result {
        let key = key(&tx.group_of(&self.address));
        let ttl = if self.is_connected() { CONNECTED_TTL } else { RESUME_TTL };
        tx.write(key, self, ttl)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }

    /// Adds a subscription to a room; false when there is one.
    pub(super) fn join(&mut self, room: &str) -> bool {
        let is_new = !self.rooms.iter().any(|joined| joined == room);
        if is_new {
            self.left.retain(|(left, _)| left != room);
            self.rooms.push(room.to_owned());
        }
        is_new
    }

    /// Removes the subscription to a room; false when there is none.
    pub(super) fn leave(&mut self, room: &str, now: DateTime<Utc>) -> bool {
        let known = self.rooms.len();
        self.rooms.retain(|joined| joined != room);
        let has_left = self.rooms.len() < known;
        if has_left {
            if self.left.len() == MAX_LEFT {
                self.left.remove(0);
            }
            self.left.push((room.to_owned(), now));
        }
        has_left
    }

    fn is_held_as(&self, id: &str) -> bool {
        self.connection.as_ref().is_some_and(|held| held.id == id)
    }
}

/// Returns the wake that reports a web process as lost, unless it is postponed in time.
pub fn process_end(process: &str) -> Wake {
    Wake {
        group: Group::named(&format!("process:{process}")),
        name: LOST_PROCESS.to_owned(),
        data: process.into(),
    }
}

/// Handles a connection that was opened or closed.
pub(super) async fn change<H: Handler>(
    handler: &H,
    mut tx: Transaction,
    change: &ConnectionChange,
) -> Result<Effects> {
    match change {
        ConnectionChange::Opened(connection) => {
            let is_lost = is_lost(&mut tx, connection).await?;
            if !open(&mut tx, connection).await? {
                return Ok(tx.into_effects());
            }
            let mut cx = Context::new(tx, connection.address.clone());
            handler.connected(&mut cx, connection).await?;
            if is_lost {
                let own = cx.group();
                cx.wake(&own, LOST_SESSION, None, &connection.process)?;
            }
            Ok(cx.into_transaction().into_effects())
        }
        ConnectionChange::Closed { address, id } => {
            close(handler, &mut tx, address, id).await?;
            Ok(tx.into_effects())
        }
    }
}

/// Returns whether the loss of a connection's process has been noticed before the connection. Reads
/// the session by the same round trip.
async fn is_lost(tx: &mut Transaction, connection: &Connection) -> Result<bool> {
    let session = key(&tx.group_of(&connection.address));
    let known: Vec<Option<Value>> = tx.get_many([&*session, &lost(&connection.process)]).await?;
    Ok(known.last().is_some_and(Option::is_some))
}

/// Records a connection, and tells its socket the rooms of the session; false when it was
/// closed before.
async fn open(tx: &mut Transaction, connection: &Connection) -> Result<bool> {
    let (address, id) = (&connection.address, &connection.id);
    let mut session = Session::read(tx, address).await?;
    if session.ended.contains(id) {
        return Ok(false);
    }
    let group = tx.group_of(address);
    let held = Held { id: id.clone(), process: connection.process.clone() };
    if let Some(earlier) = session.connection.replace(held) {
        tx.take(&pool(&earlier.process), &group);
        let replaced = SocketEffect::Replaced { connection: earlier.id };
        tx.send_frame(address, Frame::effect(replaced));
    }
    tx.insert(&pool(&connection.process), &group, CONNECTED_TTL);
    session.write(tx)?;
    let rooms = session.rooms;
    let is_recent = |(_, at): &(String, DateTime<Utc>)| tx.now() < *at + WINDOW;
    let left: Vec<_> = session.left.into_iter().filter(is_recent).map(|(room, _)| room).collect();
    for room in rooms.iter().chain(&left) {
        let attach = SocketEffect::Attach { connection: id.clone() };
        tx.send_to_room(room, Frame::effect(attach));
    }
    let ready = SocketEffect::Ready { connection: id.clone(), rooms, left };
    tx.send_frame(address, Frame::effect(ready));
    Ok(true)
}

/// Handles the close of a connection.
async fn close<H: Handler>(
    handler: &H,
    tx: &mut Transaction,
    address: &Address,
    id: &str,
) -> Result {
    let mut session = Session::read(tx, address).await?;
    if session.is_held_as(id) {
        return end(handler, tx, session, false).await;
    }
    if session.ended.len() == MAX_ENDED {
        session.ended.remove(0);
    }
    session.ended.push(id.to_owned());
    session.write(tx)
}

/// Records the end of a session's connection, and tells the handler.
async fn end<H: Handler>(
    handler: &H,
    tx: &mut Transaction,
    mut session: Session,
    was_lost: bool,
) -> Result {
    if let Some(held) = session.connection.take() {
        let group = tx.group_of(&session.address);
        tx.take(&pool(&held.process), &group);
    }
    session.write(tx)?;
    handler.disconnected(tx, &Disconnection { address: session.address, was_lost }).await
}

/// Wakes the sessions of a lost process, `STEP` of them in each run.
pub(super) async fn lost_process(tx: &mut Transaction, wake: &Wake) -> Result {
    let process: String = wake.data()?;
    let own = tx.group();
    let lost = lost(&process);
    if tx.get::<bool>(&lost).await?.is_none() {
        // A connection that is recorded after this commit sees the loss itself; one that was recorded
        // before it is in the pool by the next step.
        tx.put(&lost, &true, LOST_TTL)?;
        return tx.wake(&own, LOST_PROCESS, None, &process);
    }
    let pool = pool(&process);
    let groups = tx.list(&pool, STEP).await?;
    for group in &groups {
        tx.wake(group, LOST_SESSION, None, &process)?;
        tx.take(&pool, group);
    }
    if groups.len() == STEP {
        tx.wake(&own, LOST_PROCESS, None, &process)?;
    }
    Ok(())
}

/// Ends the connection of this mailbox's session when the lost process still held it.
pub(super) async fn lost_session<H: Handler>(
    handler: &H,
    tx: &mut Transaction,
    wake: &Wake,
) -> Result {
    let process: String = wake.data()?;
    let own = tx.group();
    let Some(session) = tx.session(&key(&own)).await? else { return Ok(()) };
    if session.connection.as_ref().is_some_and(|held| held.process == process) {
        end(handler, tx, session, true).await?;
    }
    Ok(())
}

/// Key of a session's record.
fn key(group: &Group) -> String {
    format!("session:{group}")
}

/// Pool of the sessions whose connection a process holds.
fn pool(process: &str) -> String {
    format!("connections:{process}")
}

/// Key of the mark that a process is lost.
fn lost(process: &str) -> String {
    format!("lost:{process}")
}
