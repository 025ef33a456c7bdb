//! Removal of a person by an operator.

use anyhow::Result;

use super::chat;
use super::notice::{self, Event};
use super::seat::{Seat, State};
use super::texts::Texts;
use crate::contracts::handler::{Removal, Transaction};

/// Ends what the owner of this mailbox takes part in; nothing is kept of one who is forgotten.
pub(super) async fn removed(tx: &mut Transaction, texts: &Texts, removal: Removal) -> Result<()> {
    let Some(mut seat) = tx.state::<Seat>().await? else { return Ok(()) };
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

/// Hides a person from all others but those who are hidden too. Their chat ends as if the stranger had
/// left; a wait goes on.
async fn hide(tx: &mut Transaction, texts: &Texts, seat: &mut Seat) -> Result<()> {
    let own = tx.group();
    seat.past.shadowed = true;
    if matches!(seat.state, State::Chatting(_)) {
        chat::leave(tx, texts, &own, seat).await?;
        notice::notify(tx, &seat.address, &texts.peer_disconnected, Event::PeerDisconnected);
        return Ok(());
    }
    seat.write(tx, &own)
}
