//! New rooms.

use anyhow::Result;
use chrono::SubsecRound;

use super::announce::{ends_at, tell};
use super::code::Code;
use super::entrance::{self, Visitor};
use super::exit;
use super::random;
use super::room::Room;
use super::rules::Rules;
use super::timers;
use super::tokens;
use crate::contracts::handler::{Context, Transaction};
use crate::model::address::Address;
use crate::model::frame::Frame;
use crate::model::template::fill;
use crate::model::token::Rights;

/// Opens a room at a random address for the sender. A phone is inside at once; a page comes with the
/// token.
pub(super) async fn create(
    cx: &mut Context,
    rules: &Rules,
    sender: &Address,
    wanted: Option<String>,
) -> Result<()> {
    if Room::count(cx).await? >= rules.settings.max_rooms {
        let text = rules.texts().too_many_rooms.as_str();
        tell(cx, sender, Frame::new("error").field("code", "unavailable").text(text));
        return Ok(());
    }
    let mut room = new_room(cx, rules).await?;
    timers::schedule(cx, rules, &room)?;
    timers::touch(cx, rules, &room)?;
    if sender.is_socket() {
        room.store(cx)?;
    } else {
        exit::leave(cx, rules).await?;
        let group = cx.group();
        let visitor = Visitor { group, address: sender.clone(), rights: Rights::BOTH, wanted };
        entrance::admit(cx, rules, &mut room, visitor).await?;
    }
    report(cx, rules, &room, sender);
    Ok(())
}

async fn new_room(tx: &mut Transaction, rules: &Rules) -> Result<Room> {
    let mut code = Code::random(&mut random::below);
    while Room::id_of(tx, &code).await?.is_some() {
        code = Code::random(&mut random::below);
    }
    Ok(Room {
        id: random::room_id(),
        code,
        creator: tx.group(),
        ends_at: tx.now().trunc_subsecs(3) + rules.settings.lifetime,
        extensions: 0,
        is_locked: false,
        people: Vec::new(),
        removed: Vec::new(),
        muted_away: Vec::new(),
    })
}

/// Sends the creator the token, the code and the link that let others in.
fn report(tx: &mut Transaction, rules: &Rules, room: &Room, sender: &Address) {
    let (texts, token) = (rules.texts(), tokens::sign(tx, room, Rights::BOTH));
    let (code, time) = (room.code.as_str(), texts.time(rules.settings.lifetime));
    let name = room.here().first().copied().unwrap_or_default();
    let text = if sender.is_socket() { &texts.created } else { &texts.created_inside };
    let text = fill(text, &[("code", code), ("time", &time), ("name", name)]);
    let link = rules.settings.link.as_ref().map(|page| format!("{page}?room={}", token.reveal()));
    let mut frame = Frame::new("created")
        .field("token", token.reveal())
        .field("code", code)
        .field("ends_at", ends_at(room))
        .text(text);
    if let Some(link) = &link {
        frame = frame.field("link", link.as_str());
    }
    tell(tx, sender, frame);
    if let Some(link) = link.filter(|_| !sender.is_socket()) {
        tell(tx, sender, Frame::message(fill(&texts.created_link, &[("link", &link)])));
    }
}
