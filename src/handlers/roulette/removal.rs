//! Removal of a person by an operator, or since nothing reaches them.

use anyhow::Result;

use super::chat;
use super::lobby;
use super::notice::{self, Event};
use super::seat::{Seat, State};
use super::summary::with_summary;
use super::texts::Texts;
use crate::contracts::handler::{Removal, Transaction};

/// Ends what the owner of this mailbox takes part in; nothing is kept of one who is forgotten.
pub(super) async fn removed(tx: &mut Transaction, texts: &Texts, removal: Removal) -> Result<()> {
    let Some(mut seat) = tx.state::<Seat>().await? else { return Ok(()) };
    if removal == Removal::Lifted {
        // Others wait whom they may meet now.
        return if seat.is_waiting() { lobby::wake(tx) } else { Ok(()) };
    }
    if removal == Removal::Barred && tx.is_shadowed(&seat.address).await? {
        return hide(tx, texts, &mut seat).await;
    }
    chat::leave_for_good(tx, texts).await?;
    if removal == Removal::Forgotten {
        let own = tx.group();
        tx.remove(own.as_str());
    }
    Ok(())
}

/// Ends what the owner of this mailbox takes part in, since no message reaches them. A late verdict on a
/// message that was sent before their chat or wait began is not about it, unless they have opted out.
pub(super) async fn undeliverable(tx: &mut Transaction, texts: &Texts) -> Result<()> {
    let Some(seat) = tx.state::<Seat>().await? else { return Ok(()) };
    let began = match &seat.state {
        State::Idle => return Ok(()),
        State::Waiting { since, .. } => *since,
        State::Chatting(chat) => chat.since,
    };
    let is_earlier = tx.undeliverable_since().is_some_and(|sent| sent < began);
    if is_earlier && !tx.has_opted_out(&seat.address).await? {
        return Ok(());
    }
    chat::leave_for_good(tx, texts).await
}

/// Hides a person from all others but those who are hidden too. Their chat ends as if the stranger had
/// left, with all that is said then; a wait goes on, and the lobby knows of the bar.
async fn hide(tx: &mut Transaction, texts: &Texts, seat: &mut Seat) -> Result<()> {
    let State::Chatting(chat) = seat.state.clone() else {
        return if seat.is_waiting() { lobby::wake(tx) } else { Ok(()) };
    };
    let text = with_summary(tx, texts, &chat, &texts.peer_disconnected).await?;
    let own = tx.group();
    chat::leave(tx, texts, &own, seat).await?;
    notice::notify(tx, &seat.address, &text, Event::PeerDisconnected);
    Ok(())
}
