//! Absence of a person with a page: their chat or wait ends some time after their socket is closed,
//! unless they are back by then.

use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::chat;
use super::notice::{self, Event};
use super::seat::{Seat, State};
use super::texts::Texts;
use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};
use crate::model::message::Wake;

/// Name of the wake that ends an absence.
pub(super) const OVER: &str = "absence";

/// Time that a person may take to come back, as when a page is loaded again.
const GRACE: Duration = Duration::from_secs(30);

/// Life of the record of an absence. It has to outlive a seat that others renew while no worker handles the wake,
/// which removes the record.
const RECORD_TTL: Duration = Duration::from_hours(365 * 24);

/// Notes that the person of this mailbox has no socket. When that was noticed late, they had their
/// time to come back already.
pub(super) async fn begin(tx: &mut Transaction, texts: &Texts, was_lost: bool) -> Result<()> {
    let seat: Option<Seat> = tx.state().await?;
    if seat.is_none_or(|seat| seat.state == State::Idle) {
        return Ok(());
    }
    if was_lost {
        return chat::leave_for_good(tx, texts).await;
    }
    schedule(tx)
}

/// Schedules the end of an absence that begins now. Its beginning is stored beside the seat, since
/// both seats of a chat are only written together.
pub(super) fn schedule(tx: &mut Transaction) -> Result<()> {
    let (key, since) = (key(&tx.group()), tx.now());
    tx.put(&key, &since, RECORD_TTL)?;
    tx.wake_after(GRACE, OVER, &since)
}

/// Ends an absence: the person is back, and their page is shown the state that they are in.
pub(super) async fn end(tx: &mut Transaction, address: &Address) -> Result<()> {
    let Some(seat) = tx.state::<Seat>().await? else { return Ok(()) };
    let key = key(&tx.group());
    tx.remove(&key);
    let event = match seat.state {
        State::Idle => Event::Disconnected,
        State::Waiting { .. } => Event::Waiting,
        State::Chatting(_) => Event::Connected,
    };
    notice::show_state(tx, address, event);
    Ok(())
}

/// Removes a person from the game whose absence has lasted for too long. A wake of an earlier absence
/// does nothing.
pub(super) async fn over(tx: &mut Transaction, texts: &Texts, wake: &Wake) -> Result<()> {
    let (key, began) = (key(&tx.group()), wake.data::<DateTime<Utc>>()?);
    if tx.get::<DateTime<Utc>>(&key).await? != Some(began) {
        return Ok(());
    }
    tx.remove(&key);
    chat::leave_for_good(tx, texts).await
}

fn key(group: &Group) -> String {
    format!("absent:{group}")
}
