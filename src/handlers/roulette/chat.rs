//! Operations on a chat, which change both of its seats or none.

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::notice::{self, Event};
use super::seat::{Chat, Seat, State};
use super::summary::with_summary;
use super::texts::Texts;
use crate::contracts::handler::Transaction;
use crate::model::address::Group;

/// Returns the chat of a seat and the seat on its other side. A chat without another side is over,
/// and its seat becomes idle.
pub(super) async fn both_sides(
    tx: &mut Transaction,
    group: &Group,
    seat: &mut Seat,
) -> Result<Option<(Chat, Seat)>> {
    let State::Chatting(chat) = &seat.state else { return Ok(None) };
    if let Some(partner) = partner_seat(tx, chat).await? {
        return Ok(Some((chat.clone(), partner)));
    }
    seat.state = State::Idle;
    seat.write(tx, group)?;
    Ok(None)
}

/// Returns the partner's seat, as long as it is the other side of this very chat.
async fn partner_seat(tx: &mut Transaction, chat: &Chat) -> Result<Option<Seat>> {
    let seat: Option<Seat> = tx.get(chat.with.as_str()).await?;
    Ok(seat.filter(|seat| matches!(&seat.state, State::Chatting(theirs) if theirs.id == chat.id)))
}

/// Ends the wait or the chat of a seat, and notifies the partner.
pub(super) async fn leave(
    tx: &mut Transaction,
    texts: &Texts,
    group: &Group,
    seat: &mut Seat,
) -> Result<()> {
    if seat.state == State::Idle {
        return Ok(());
    }
    if let Some((chat, mut partner)) = both_sides(tx, group, seat).await? {
        partner.state = State::Idle;
        partner.write(tx, &chat.with)?;
        let text = with_summary(tx, texts, &chat, &texts.peer_disconnected).await?;
        notice::notify(tx, &partner.address, &text, Event::PeerDisconnected);
    }
    seat.state = State::Idle;
    seat.write(tx, group)
}

/// Ends a chat that neither side has left, and tells both. Until the time given, if there is one, texts
/// of theirs get no answer.
pub(super) async fn end(
    tx: &mut Transaction,
    texts: &Texts,
    (group, mut seat): (&Group, Seat),
    text: &str,
    quiet_until: Option<DateTime<Utc>>,
) -> Result<()> {
    let Some((chat, partner)) = both_sides(tx, group, &mut seat).await? else { return Ok(()) };
    let text = with_summary(tx, texts, &chat, text).await?;
    for (group, mut seat) in [(group, seat), (&chat.with, partner)] {
        seat.state = State::Idle;
        seat.quiet_until = quiet_until;
        notice::notify(tx, &seat.address, &text, Event::Disconnected);
        seat.write(tx, group)?;
    }
    Ok(())
}

/// Removes the owner of a mailbox from the game, if they have a seat.
pub(super) async fn leave_for_good(tx: &mut Transaction, texts: &Texts) -> Result<()> {
    let group = tx.group();
    match tx.state::<Seat>().await? {
        Some(mut seat) => leave(tx, texts, &group, &mut seat).await,
        None => Ok(()),
    }
}
