//! Blocks and reports of a stranger, in the chat or after it.

use anyhow::Result;

use super::notice::{self, Event};
use super::seat::{Seat, State};
use super::texts::Texts;
use super::{blocked, chat, memory, strikes};
use crate::contracts::handler::Transaction;
use crate::model::address::{Address, Group};
use crate::model::standing::Report;

/// Reaction of a person to a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Block,
    /// A block, and the last texts of both sides for the operator.
    Report,
}

/// The stranger whom a command is about.
struct Stranger {
    chat: String,
    group: Group,
    address: Address,
}

/// Blocks or reports the stranger of the chat, or else the one of the last chat; and ends the chat.
pub(super) async fn block(
    tx: &mut Transaction,
    texts: &Texts,
    group: &Group,
    seat: &mut Seat,
    kind: Kind,
) -> Result<()> {
    let Some(stranger) = stranger(tx, seat).await? else {
        tx.send(&seat.address, texts.block_without_chat.as_str());
        return Ok(());
    };
    if kind == Kind::Report {
        report(tx, group, seat, &stranger).await?;
    }
    seat.past.blocked = blocked::add(tx, &seat.address, &stranger.address).await?;
    if matches!(seat.state, State::Chatting(_)) {
        chat::leave(tx, texts, group, seat).await?;
    } else {
        seat.write(tx, group)?;
    }
    let text = if kind == Kind::Report { &texts.reported } else { &texts.blocked };
    match seat.state {
        State::Idle => notice::notify(tx, &seat.address, text, Event::Disconnected),
        _ => tx.send(&seat.address, text.as_str()),
    }
    Ok(())
}

/// Returns the stranger of the chat that runs, or of the last one, as long as they have a seat.
async fn stranger(tx: &mut Transaction, seat: &Seat) -> Result<Option<Stranger>> {
    if let State::Chatting(chat) = &seat.state {
        let (group, address) = (chat.with.clone(), chat.address.clone());
        return Ok(Some(Stranger { chat: chat.id.clone(), group, address }));
    }
    let Some(group) = seat.last_partner.clone() else { return Ok(None) };
    let theirs: Option<Seat> = tx.get(group.as_str()).await?;
    let chat = seat.past.last_chat.clone().unwrap_or_default();
    Ok(theirs.map(|theirs| Stranger { chat, group, address: theirs.address }))
}

/// Keeps a report for the operator, once for each pair of people, and counts it as a strike.
async fn report(
    tx: &mut Transaction,
    group: &Group,
    seat: &Seat,
    stranger: &Stranger,
) -> Result<()> {
    if tx.is_reported(&stranger.address, &seat.address).await? {
        return Ok(());
    }
    let texts = memory::texts(tx, &stranger.chat, group, &stranger.group).await?;
    let strikes = strikes::count(tx, &stranger.address, &seat.address).await?;
    tx.report(&Report {
        at: tx.now(),
        reported: stranger.address.clone(),
        reporter: seat.address.clone(),
        strikes,
        texts,
    });
    Ok(())
}
