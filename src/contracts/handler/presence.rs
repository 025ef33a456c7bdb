//! Presence: which sessions are connected, and by which web process.
//!
//! A web process keeps a timer on a mailbox of its own from going off. When it is killed, the timer
//! does, and every session in the pool of that process is told that its connection is lost. A change
//! of a connection that a newer one of the same session has replaced is ignored.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, Effects, Handler, Result, Transaction};
use crate::model::address::{Address, Group};
use crate::model::connection::{Connection, ConnectionChange, Disconnection};
use crate::model::frame::{Frame, SocketEffect};
use crate::model::message::Wake;

/// Name of the wake of a web process's mailbox that comes when the process is lost.
pub(super) const LOST_PROCESS: &str = "sockets.lost_process";
/// Name of the wake of a session whose web process is lost.
pub(super) const LOST_SESSION: &str = "sockets.lost_session";

/// Longest life of a connection's record, longer than any socket is kept open.
const CONNECTED_TTL: Duration = Duration::from_hours(31 * 24);
/// Time for which the rooms of a session outlive its connection, so that it can resume.
const RESUME_TTL: Duration = Duration::from_mins(10);
/// Sessions of a lost process that one step settles.
const STEP: usize = 100;

/// Record of a session.
#[derive(Serialize, Deserialize)]
pub(super) struct Session {
    address: Address,
    connection: Option<Held>,
    pub(super) rooms: Vec<String>,
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
        let new = || Self { address: address.clone(), connection: None, rooms: Vec::new() };
        Ok(known.unwrap_or_else(new))
    }

    pub(super) fn write(&self, tx: &mut Transaction) -> Result {
        let key = key(&tx.group_of(&self.address));
        let ttl = if self.is_connected() { CONNECTED_TTL } else { RESUME_TTL };
        tx.put(&key, self, ttl)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connection.is_some()
    }
}

/// Returns the wake that reports the end of a web process, unless it is moved in time.
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
            open(&mut tx, connection).await?;
            let mut cx = Context::new(tx, connection.address.clone());
            handler.connected(&mut cx, connection).await?;
            Ok(cx.into_transaction().into_effects())
        }
        ConnectionChange::Closed { address, id } => {
            let session = Session::read(&mut tx, address).await?;
            if session.connection.as_ref().is_some_and(|held| held.id == *id) {
                end(handler, &mut tx, session, false).await?;
            }
            Ok(tx.into_effects())
        }
    }
}

/// Records a connection, and subscribes it to the rooms of its session.
async fn open(tx: &mut Transaction, connection: &Connection) -> Result {
    let address = &connection.address;
    let mut session = Session::read(tx, address).await?;
    let group = tx.group_of(address);
    if let Some(earlier) = &session.connection {
        tx.take(&pool(&earlier.process), &group);
        let by = connection.id.clone();
        tx.send_frame(address, Frame::effect(SocketEffect::Replaced { by }));
    }
    tx.insert(&pool(&connection.process), &group, CONNECTED_TTL);
    let (id, process) = (connection.id.clone(), connection.process.clone());
    session.connection = Some(Held { id: id.clone(), process });
    session.write(tx)?;
    let rooms = session.rooms;
    if connection.is_resumed {
        let ready = SocketEffect::Ready { connection: id, rooms };
        tx.send_frame(address, Frame::effect(ready));
    } else {
        for room in rooms {
            tx.subscribe(address, &room).await?;
        }
    }
    Ok(())
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

/// Tells the sessions of a lost process, a number of them in each step.
pub(super) async fn lost_process(tx: &mut Transaction, wake: &Wake) -> Result {
    let process: String = wake.data()?;
    let pool = pool(&process);
    let groups = tx.list(&pool, STEP).await?;
    for group in &groups {
        tx.wake(group, LOST_SESSION, None, &process)?;
        tx.take(&pool, group);
    }
    if groups.len() == STEP {
        let own = tx.group();
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
