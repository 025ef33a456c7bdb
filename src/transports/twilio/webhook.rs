//! Webhook requests of Twilio: verified first, then parsed as a message or a delivery report.

use super::fields::{Fields, MAX_PAIRS, malformed};
use super::form::Pair;
use super::{Twilio, TwilioConfig, form, inbound, report, signature};
use crate::contracts::transport::{ReceiveError, Received, WebhookRequest};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Largest body: forty texts of the greatest length, in the widest encoding.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// Largest query. One message of Twilio's takes about 1 KiB; web servers agree on 8 KiB or less.
const MAX_QUERY_BYTES: usize = 16 * 1024;

/// Longest origin and path, in bytes. Both come from the caller and are part of what is hashed.
const MAX_ADDRESS_BYTES: usize = 2 * 1024;

pub(super) fn receive(twilio: &Twilio, request: &WebhookRequest) -> Result<Received, ReceiveError> {
    // A fragment holds connection overrides for Twilio itself and is not signed.
    let target = request.target.split('#').next().unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let content = content(request)?;
    check_size(request, target, query, &content)?;
    let form = if matches!(content, Content::Form) { form::pairs(&request.body) } else { vec![] };
    if !is_genuine(twilio, request, target, &form)
        || (matches!(content, Content::Json) && !signature::body_matches(query, &request.body))
    {
        return Err(ReceiveError::Forged { signed_url: loggable(&request.origin, target) });
    }
    let pairs = match content {
        Content::Form => form,
        Content::Query => form::pairs(query.as_bytes()),
        // Twilio sends neither messages nor delivery reports as JSON.
        Content::Json => return Ok(Received::Nothing),
    };
    parse(&twilio.config, Fields::read(pairs)?, query)
}

/// Refuses a request that costs more to verify than any of Twilio's does. Each limit is checked in one
/// pass at most, since the caller is not verified yet.
fn check_size(
    request: &WebhookRequest,
    target: &str,
    query: &str,
    content: &Content,
) -> Result<(), ReceiveError> {
    let too_large = |sentence: String| Err(ReceiveError::TooLarge(sentence));
    if request.body.len() > MAX_BODY_BYTES {
        return too_large(format!("body too large; send at most {} KiB", MAX_BODY_BYTES / 1024));
    }
    if query.len() > MAX_QUERY_BYTES {
        return too_large(format!("query too long; send at most {} KiB", MAX_QUERY_BYTES / 1024));
    }
    if request.origin.len() + target.len() - query.len() > MAX_ADDRESS_BYTES {
        return too_large(format!("host or path too long; at most {MAX_ADDRESS_BYTES} bytes"));
    }
    let body = if matches!(content, Content::Form) { request.body.as_slice() } else { &[] };
    if [query.as_bytes(), body].into_iter().any(|it| form::has_more_than(MAX_PAIRS, it)) {
        return too_large(format!("too many parameters; send at most {MAX_PAIRS}"));
    }
    Ok(())
}

/// Place of the parameters.
enum Content {
    Form,
    Query,
    Json,
}

fn content(request: &WebhookRequest) -> Result<Content, ReceiveError> {
    match request.method.as_str() {
        "GET" => return Ok(Content::Query),
        "POST" => (),
        _ => return Err(ReceiveError::Method("GET, POST")),
    }
    let media_type = request.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(FORM) {
        Ok(Content::Form)
    } else if media_type.eq_ignore_ascii_case(JSON) {
        Ok(Content::Json)
    } else {
        Err(ReceiveError::ContentType(FORM))
    }
}

fn is_genuine(twilio: &Twilio, request: &WebhookRequest, target: &str, form: &[Pair<'_>]) -> bool {
    let Some(claimed) = request.header("x-twilio-signature") else { return false };
    let urls = signature::candidates(&request.origin, target);
    twilio.keys.is_genuine(claimed, &urls, form)
}

fn parse(config: &TwilioConfig, fields: Fields<'_>, query: &str) -> Result<Received, ReceiveError> {
    if fields.one("AccountSid")?.is_some_and(|account| account != config.account_sid) {
        return Err(malformed("AccountSid: not the account of this webhook"));
    }
    match report::status(&fields)? {
        Some(status) => report::received(&fields, status, query),
        None => inbound::received(fields, config.from_number.as_deref()),
    }
}

/// URL for the log: without user and password, without control characters, and with the names of the
/// query alone, because the values of a GET are the sender and the text.
fn loggable(origin: &str, target: &str) -> String {
    let (scheme, authority) = origin.split_once("://").unwrap_or(("", origin));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let names: Vec<&str> = query.split('&').map(parameter_name).collect();
    let mark = if target.contains('?') { "?" } else { "" };
    format!("{scheme}://{host}{path}{mark}{}", names.join("&"))
        .chars()
        .map(|character| if character.is_control() { '?' } else { character })
        .take(500)
        .collect()
}

/// Name of a parameter if it has the form of a Twilio name, and `...` otherwise.
fn parameter_name(pair: &str) -> &str {
    let name = pair.split_once('=').map_or(pair, |(name, _)| name);
    let plain = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // A name of digits alone may be a phone number.
    let digits_only = name.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty();
    if plain && !digits_only { name } else { "..." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logged_url_shows_names_and_no_values() {
        assert_eq!(
            loggable("https://u:p@example.com:81", "/in?From=%2B1415&Body=hi&+1415&123&a%0ab=c"),
            "https://example.com:81/in?From&Body&...&...&..."
        );
        assert_eq!(loggable("https://example.com", "/in"), "https://example.com/in");
        assert_eq!(loggable("https://example.com", "/a\nb"), "https://example.com/a?b");
        assert_eq!(loggable("x", &"/".repeat(9_000)).len(), 500);
    }
}
