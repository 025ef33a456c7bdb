//! Dispatch of messages and connections to the operations of a room.

use anyhow::Result;

use super::announce::notify;
use super::code::Code;
use super::command::{self, Command, Place};
use super::create;
use super::entrance::{self, Refusal, Visitor};
use super::exit;
use super::moderation;
use super::room::Room;
use super::rules::Rules;
use super::talk;
use crate::contracts::handler::Context;
use crate::model::address::Address;
use crate::model::connection::Connection;
use crate::model::message::Inbound;
use crate::model::token::{Rights, TokenPurpose};

/// Handles a message of a phone or a socket.
pub(super) async fn message(cx: &mut Context, rules: &Rules, message: &Inbound) -> Result<()> {
    let sender = &message.sender;
    let room = exit::own_room(cx).await?;
    let command = read(message, room.is_some());
    match command {
        Command::New { name } => return create::create(cx, rules, sender, name).await,
        Command::Join { code, name } => return join(cx, rules, message, &code, name).await,
        _ => {}
    }
    match room {
        Some(room) if room.is_over(cx.now()) => {
            notify(cx, sender, &rules.texts().room_ended);
            Ok(())
        }
        Some(room) => inside(cx, rules, room, message, command).await,
        None => {
            outside(cx, rules, sender, &command);
            Ok(())
        }
    }
}

fn read(message: &Inbound, is_inside: bool) -> Command {
    let text = message.text.reveal();
    let is_socket = message.sender.is_socket();
    if let Some(kind) = message.parameters.get("type").filter(|_| is_socket) {
        return command::parse_type(kind, text);
    }
    let place = match (is_inside, is_socket) {
        (false, _) => Place::Outside,
        (true, true) => Place::Socket,
        (true, false) => Place::Phone,
    };
    command::parse(text, place)
}

async fn inside(
    cx: &mut Context,
    rules: &Rules,
    room: Room,
    message: &Inbound,
    command: Command,
) -> Result<()> {
    let sender = &message.sender;
    match command {
        Command::Say(text) => return talk::say(cx, rules, &room, message, &text).await,
        Command::Typing => talk::typing(cx, &room),
        Command::Who => talk::who(cx, rules, &room, sender),
        Command::Name(wanted) => return talk::rename(cx, rules, room, sender, &wanted),
        Command::Leave => {
            exit::leave(cx, rules).await?;
            notify(cx, sender, &rules.texts().you_left);
        }
        Command::Misread => notify(cx, sender, &rules.texts().no_such_room),
        Command::Help => notify(cx, sender, &rules.texts().help_inside),
        command => return moderation::obey(cx, rules, room, sender, command).await,
    }
    Ok(())
}

fn outside(cx: &mut Context, rules: &Rules, sender: &Address, command: &Command) {
    match command {
        Command::Misread => notify(cx, sender, &rules.texts().no_such_room),
        Command::Typing => {}
        _ => notify(cx, sender, &rules.texts().help),
    }
}

/// Lets the sender into the room of a code.
async fn join(
    cx: &mut Context,
    rules: &Rules,
    message: &Inbound,
    code: &Code,
    name: Option<String>,
) -> Result<()> {
    let wanted = name.or_else(|| message.parameters.get("name").map(str::to_owned));
    let (group, address) = (cx.group(), message.sender.clone());
    let visitor = Visitor { group, address, rights: Rights::BOTH, wanted };
    if let Err(refusal) = enter_by_code(cx, rules, Some(code), visitor).await? {
        notify(cx, &message.sender, refusal.text(rules));
    }
    Ok(())
}

async fn enter_by_code(
    cx: &mut Context,
    rules: &Rules,
    code: Option<&Code>,
    visitor: Visitor,
) -> Result<Result<(), Refusal>> {
    let Some(code) = code else { return Ok(Err(Refusal::Unknown)) };
    match Room::id_of(cx, code).await? {
        Some(id) => entrance::enter(cx, rules, &id, visitor).await,
        None => Ok(Err(Refusal::Unknown)),
    }
}

/// Handles a connection: its token or the code in its greeting opens a room; without either, the
/// session is back in the room where it was.
pub(super) async fn connected(
    cx: &mut Context,
    rules: &Rules,
    connection: &Connection,
) -> Result<()> {
    let claims = connection.claims.as_ref();
    let claims = claims.filter(|claims| claims.purpose == TokenPurpose::Room);
    let visitor = Visitor {
        group: cx.group(),
        address: connection.address.clone(),
        rights: claims.map_or(Rights::BOTH, |claims| claims.rights),
        wanted: connection.parameters.get("name").map(str::to_owned),
    };
    let outcome = match (claims, connection.parameters.get("code")) {
        (Some(claims), _) => entrance::enter(cx, rules, &claims.subject, visitor).await?,
        (None, Some(code)) => enter_by_code(cx, rules, Code::parse(code).as_ref(), visitor).await?,
        (None, None) => {
            if let Some(room) = exit::own_room(cx).await? {
                entrance::greet(cx, rules, &room, &visitor.group).await?;
            }
            Ok(())
        }
    };
    if let Err(refusal) = outcome {
        let (code, reason) = refusal.close();
        cx.close_socket(&connection.address, code, reason);
    }
    Ok(())
}
