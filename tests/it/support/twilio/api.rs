//! The two requests of Twilio's API that the transport makes: create a message, list messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Account;
use super::http::{Form, Reply, Request};
use super::journal::{Journal, Message};
use super::magic::{self, Refusal};

/// Page size of a request that names none.
const PAGE: usize = 50;

/// Parsed request.
pub(super) enum Call {
    Create(Box<Message>),
    List(Form),
}

/// Checks the credentials and parses a request, or returns its refusal.
pub(super) fn parse(account: &Account, request: &Request) -> Result<Call, Refusal> {
    let genuine = format!("{}:{}", account.sid, account.token);
    if request.authorization != Some(format!("Basic {}", STANDARD.encode(genuine))) {
        return Err(Refusal { status: 401, code: 20003 });
    }
    if request.path != path(account) {
        return Err(Refusal { status: 404, code: 20404 });
    }
    match request.method.as_str() {
        "POST" => create(&request.form),
        "GET" => Ok(Call::List(request.query.clone())),
        _ => Err(Refusal { status: 405, code: 20004 }),
    }
}

fn path(account: &Account) -> String {
    format!("/2010-04-01/Accounts/{}/Messages.json", account.sid)
}

fn create(form: &Form) -> Result<Call, Refusal> {
    if let Some(refusal) = magic::refusal(form) {
        return Err(refusal);
    }
    let value = |name| form.get(name).unwrap_or_default();
    let mut message = Message::new(value("To"), value("From"), value("Body"), form.all("MediaUrl"));
    message.status_callback = form.get("StatusCallback").map(ToOwned::to_owned);
    Ok(Call::Create(Box::new(message)))
}

pub(super) fn created(account: &Account, message: &Message) -> Reply {
    Reply::json(201, &message.to_json(&account.sid))
}

/// Page of the message list. The next page begins after the last message of this one, so that messages
/// which are accepted meanwhile do not shift it.
pub(super) fn list(account: &Account, journal: &Journal, query: &Form) -> Reply {
    let wanted = |message: &Message| {
        query.get("To").is_none_or(|to| to == message.to)
            && query.get("From").is_none_or(|from| from == message.from)
    };
    let size = query.get("PageSize").and_then(|size| size.parse().ok()).unwrap_or(PAGE).min(1000);
    let page: usize = query.get("Page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let mut listed = journal.listed(wanted);
    if let Some(after) = query.get("PageToken").and_then(|token| token.strip_prefix("PA")) {
        let read = listed.iter().position(|message| message.sid == after).map_or(0, |at| at + 1);
        listed.drain(..read);
    }
    let more = listed.len() > size;
    listed.truncate(size);
    let next = listed.last().filter(|_| more).map(|last| {
        page_uri(account, query, &[("Page", page + 1), ("PageSize", size)])
            + &format!("&PageToken=PA{}", last.sid)
    });
    let messages: Vec<_> = listed.iter().map(|message| message.to_json(&account.sid)).collect();
    let body = json!({
        "end": (page * size + messages.len()).saturating_sub(1),
        "first_page_uri": page_uri(account, query, &[("Page", 0), ("PageSize", size)]),
        "messages": messages,
        "next_page_uri": next,
        "page": page,
        "page_size": size,
        "previous_page_uri": null,
        "start": page * size,
        "uri": page_uri(account, query, &[("Page", page), ("PageSize", size)]),
    });
    Reply::json(200, &body)
}

fn page_uri(account: &Account, query: &Form, place: &[(&str, usize)]) -> String {
    let filters = query.0.iter().filter(|(name, _)| name == "To" || name == "From");
    let encoded = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(filters)
        .extend_pairs(place.iter().map(|(name, value)| (name, value.to_string())))
        .finish();
    format!("{}?{encoded}", path(account))
}
