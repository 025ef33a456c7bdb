//! The requests of Twilio's API that Crosswire and the provider's own libraries make.

use std::sync::Arc;

use actix_web::http::Method;
use serde_json::json;

use super::form::Form;
use super::lines::Line;
use super::list;
use super::message::{Message, rfc2822};
use super::refusal::Refusal;
use super::reply::Reply;
use super::send;
use super::state::State;
use crate::model::clock::{Clock, SystemClock};

/// Beginning of every path.
pub(super) const ROOT: &str = "/2010-04-01/Accounts/";

/// A request to the API.
pub(super) struct Call<'r> {
    pub(super) method: &'r Method,
    pub(super) path: &'r str,
    pub(super) query: Form,
    pub(super) form: Form,
    pub(super) authorization: Option<&'r str>,
}

/// Answers a request.
pub(super) async fn answer(state: &Arc<State>, call: &Call<'_>) -> Reply {
    let not_found = || Refusal::of(20404).into();
    if *call.method == Method::POST {
        state.journal.attempt();
    }
    let settings = &state.settings;
    if !settings.account.admits(&settings.api_keys, call.authorization) {
        return Refusal::of(20003).into();
    }
    let path = call.path.strip_prefix(ROOT).and_then(|path| path.strip_suffix(".json"));
    let parts: Vec<&str> = path.unwrap_or_default().split('/').collect();
    if parts[0] != settings.account.sid {
        return not_found();
    }
    let (get, post) = (*call.method == Method::GET, *call.method == Method::POST);
    match parts[1..] {
        [] if get => Reply::Json(200, settings.account.to_json(&rfc2822(SystemClock.now()))),
        ["Messages"] if post => send::create(state, &call.form).await,
        ["Messages"] if get => messages(state, &call.query),
        ["Messages", sid] => message(state, call, sid),
        ["Messages", sid, "Media"] if get => media(state, sid).unwrap_or_else(not_found),
        ["IncomingPhoneNumbers"] if get => lines(state, &call.query),
        ["IncomingPhoneNumbers", sid] => line(state, call, sid).unwrap_or_else(not_found),
        [] | ["Messages" | "IncomingPhoneNumbers"] => Refusal::of(20004).into(),
        _ => not_found(),
    }
}

fn messages(state: &State, query: &Form) -> Reply {
    let (account, lag) = (&state.settings.account.sid, state.delays().list_lag);
    let wanted = |it: &Message| it.at.elapsed() >= lag && list::is_wanted(it, query);
    let messages = state.journal.newest(wanted);
    let messages = messages.iter().map(|message| message.to_json(account)).collect();
    let path = format!("{ROOT}{account}/Messages.json");
    Reply::Json(200, list::page("messages", &path, messages, query))
}

/// Shows, changes or deletes one message.
fn message(state: &State, call: &Call<'_>, sid: &str) -> Reply {
    let account = &state.settings.account.sid;
    let Some(message) = state.journal.get(sid) else { return Refusal::of(20404).into() };
    let message = match *call.method {
        Method::GET => Some(message),
        Method::DELETE if state.journal.remove(sid) => return Reply::Empty,
        Method::POST => match (call.form.get("Body"), call.form.get("Status")) {
            // Twilio lets a text be emptied, and not be changed.
            (Some(""), _) => state.journal.update(sid, |message| message.body.clear()),
            (None, Some("canceled")) if matches!(message.status, "accepted" | "queued") => {
                state.journal.update(sid, |message| message.status = "canceled")
            }
            (None, Some("canceled")) => return Refusal { status: 409, code: 30409 }.into(),
            _ => return Refusal::of(20001).into(),
        },
        _ => None,
    };
    let json = message.map(|message| Reply::Json(200, message.to_json(account)));
    json.unwrap_or(Refusal::of(20004).into())
}

fn media(state: &State, sid: &str) -> Option<Reply> {
    let message = state.journal.get(sid)?;
    let path = format!("{ROOT}{}/Messages/{sid}/Media.json", state.settings.account.sid);
    let media = message.media.iter().enumerate().map(|(index, _)| {
        json!({ "sid": format!("ME{index:032}"), "parent_sid": sid, "content_type": "image/jpeg" })
    });
    Some(Reply::Json(200, list::page("media_list", &path, media.collect(), &Form::default())))
}

fn lines(state: &State, query: &Form) -> Reply {
    let account = &state.settings.account.sid;
    let is_wanted = |line: &&Line| query.get("PhoneNumber").is_none_or(|it| it == line.number);
    let lines = state.lines();
    let lines = lines.iter().filter(is_wanted).map(|line| line.to_json(account)).collect();
    let path = format!("{ROOT}{account}/IncomingPhoneNumbers.json");
    Reply::Json(200, list::page("incoming_phone_numbers", &path, lines, query))
}

fn line(state: &State, call: &Call<'_>, sid: &str) -> Option<Reply> {
    let mut lines = state.lines();
    let line = lines.iter_mut().find(|line| line.sid == sid)?;
    if *call.method == Method::POST {
        line.update(&call.form);
    }
    Some(Reply::Json(200, line.to_json(&state.settings.account.sid)))
}
