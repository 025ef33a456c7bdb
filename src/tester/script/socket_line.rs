//! The parser of lines of socket clients, which are called `ws:NAME`.

use super::action::{Action, SocketAction};
use crate::model::address::Identity;

/// Beginning of the names of socket clients.
const PREFIX: &str = "ws:";

/// Returns whether this is a socket client and not a phone.
pub(super) fn is_socket(identity: &Identity) -> bool {
    identity.reveal().starts_with(PREFIX)
}

/// Returns an error for a socket client where a phone is needed.
pub(super) fn phone(number: &str) -> Result<Identity, String> {
    let number = Identity::new(number);
    if is_socket(&number) {
        let name = number.reveal();
        return Err(format!("{name} is a socket; faults, reports and pictures are for phones"));
    }
    Ok(number)
}

pub(super) fn client(name: &str) -> Result<Identity, String> {
    match name.strip_prefix(PREFIX) {
        Some(rest) if !rest.is_empty() => Ok(Identity::new(name)),
        _ => Err(format!("{name:?} is no socket; write ws: and a name, such as ws:alice")),
    }
}

/// Returns whether a line opens a socket with fields, which may hold `<` and `>`.
pub(super) fn is_opening(line: &str) -> bool {
    let mut words = line.split_whitespace();
    words.next() == Some("open")
        && words.next().is_some_and(|name| name.starts_with(PREFIX))
        && words.next().is_some_and(|hello| hello.starts_with('{'))
}

/// Parses `open ws:NAME` with the fields behind it, if there are any.
pub(super) fn parse_open(name: &str, hello: &str) -> Result<Action, String> {
    let is_object =
        serde_json::from_str(hello).is_ok_and(|hello: serde_json::Value| hello.is_object());
    if !hello.is_empty() && !is_object {
        return Err(format!("{hello} is no JSON object; write one such as {{\"name\": \"Ann\"}}"));
    }
    let action = SocketAction::Open(hello.to_owned());
    Ok(Action::Socket { client: client(name)?, action })
}

/// Parses what follows `ws:NAME` on a line that is no message.
pub(super) fn parse_state(name: &str, words: &[&str]) -> Result<Action, String> {
    let ["closed", code] = words else {
        return Err(format!(
            "{name} does nothing here; write {name} > TEXT, {name} < TEXT or {name} closed CODE"
        ));
    };
    let known = code.parse().ok().filter(|code| (1000..5000).contains(code));
    let code = known.ok_or_else(|| {
        format!("{code:?} is no close code; write a number from 1000 to 4999, such as 4410")
    })?;
    Ok(Action::ExpectClosed { client: client(name)?, code })
}
