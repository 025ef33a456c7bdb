//! Requests to send a message.

use std::sync::Arc;
use std::time::Duration;

use super::callbacks::deliver;
use super::fault::Behaviour;
use super::form::Form;
use super::message::{Direction, Message};
use super::recipients;
use super::refusal::Refusal;
use super::reply::Reply;
use super::state::State;

/// Longest text that Twilio accepts, in characters.
const LONGEST: usize = 1600;
const MAX_MEDIA: usize = 10;

/// Takes a request to send, or fails as the faults say.
pub(super) async fn create(state: &Arc<State>, form: &Form) -> Reply {
    let message = match parse(state, form) {
        Ok(message) => message,
        Err(refusal) => return refusal.into(),
    };
    match state.behaviour(&message.to) {
        Behaviour::Accept => accept(state, message).await,
        Behaviour::Throttle { retry_after } => Reply::Throttled(retry_after),
        Behaviour::Fail { status, code: Some(code) } => Refusal { status, code }.into(),
        Behaviour::Fail { status, code: None } => Reply::Page(status),
        Behaviour::Drop => Reply::Cut(Duration::ZERO),
        Behaviour::Hang(time) => Reply::Cut(time),
        Behaviour::AcceptThenDrop => {
            accept(state, message).await;
            Reply::Cut(Duration::ZERO)
        }
        Behaviour::AcceptThenFail(status) => {
            accept(state, message).await;
            Reply::Page(status)
        }
        Behaviour::AcceptThenHang(time) => {
            accept(state, message).await;
            Reply::Cut(time)
        }
    }
}

async fn accept(state: &Arc<State>, message: Message) -> Reply {
    let created = message.to_json(&state.settings.account.sid);
    // Drawn first: a test that sees the message may set other callbacks for the next ones.
    let plan = state.plan(&message.to);
    state.journal.add(message.clone());
    deliver(state, &message, plan).await;
    Reply::Json(201, created)
}

fn parse(state: &State, form: &Form) -> Result<Message, Refusal> {
    let given = |name| form.get(name).filter(|value| !value.is_empty());
    let to = given("To").ok_or(Refusal::of(21604))?;
    let (from, service) = (given("From"), given("MessagingServiceSid"));
    if from.is_none() && service.is_none() {
        return Err(Refusal::of(21603));
    }
    let from = from.unwrap_or_default();
    let (body, media) = (form.get("Body").unwrap_or_default(), form.all("MediaUrl"));
    if let Some(code) = refused(state, from, to, body, &media) {
        return Err(Refusal::of(code));
    }
    let mut message = Message::new(Direction::OutboundApi, from, to, body)
        .with_media(media)
        .with_service(service);
    message.status_callback = given("StatusCallback").map(str::to_owned);
    Ok(message)
}

/// Error that Twilio would return for these parameters.
fn refused(state: &State, from: &str, to: &str, body: &str, media: &[String]) -> Option<u32> {
    recipients::refused_sender(from)
        .or_else(|| recipients::refused_recipient(to))
        .or_else(|| (!is_recipient(to)).then_some(21211))
        .or_else(|| (from == to).then_some(21266))
        .or_else(|| state.is_opted_out(from, to).then_some(21610))
        .or_else(|| (body.is_empty() && media.is_empty()).then_some(21602))
        .or_else(|| (body.chars().count() > LONGEST).then_some(21617))
        .or_else(|| (media.len() > MAX_MEDIA).then_some(21623))
}

/// Returns whether Twilio sends to a recipient: a number in E.164, or one of another channel.
fn is_recipient(to: &str) -> bool {
    let number = match to.split_once(':') {
        Some(("whatsapp", number)) => number,
        Some((channel, identity)) => return !channel.is_empty() && !identity.is_empty(),
        None => to,
    };
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}
