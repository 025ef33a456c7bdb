//! The `sendsms` request, by which a message leaves (user guide 1.4.5, "Sending SMS: HTTP interface").

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use secrecy::ExposeSecret;

use super::config::Alphabet;
use super::{Kannel, charset, outcome, report};
use crate::contracts::transport::{SendError, SentReceipt};
use crate::http_client::{self, Response};
use crate::model::message::Outbound;

/// Characters that RFC 3986 leaves unreserved.
pub(super) const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Largest response that is read. Kannel's are one line.
const MAX_RESPONSE_BYTES: usize = 16 * 1024;

/// Sends a message. Kannel's answer has no id of it, so the receipt has that of the message itself.
pub(super) async fn send(kannel: &Kannel, message: &Outbound) -> Result<SentReceipt, SendError> {
    let mut url = kannel.config.sendsms_url.as_url().clone();
    let query = query(kannel, message)?;
    let query = match url.query().filter(|configured| !configured.is_empty()) {
        Some(configured) => format!("{configured}&{query}"),
        None => query,
    };
    url.set_query(Some(&query));
    let response = kannel.http.get(url).send().await.map_err(http_client::failure)?;
    let response = Response::read(response, MAX_RESPONSE_BYTES).await;
    outcome::classify(&response).map(|()| SentReceipt::new(message.id.as_str()))
}

fn query(kannel: &Kannel, message: &Outbound) -> Result<String, SendError> {
    let config = &kannel.config;
    let Some((username, password)) = &config.credentials else {
        let reason = super::MISSING.to_owned();
        return Err(SendError::Account { code: 0, reason });
    };
    let line = match message.to.line.reveal() {
        "" => config.from.as_str(),
        line => line,
    };
    let text = charset::encode(&text(config.encoding, message));
    let mut query = Query::default();
    query.add("username", username.as_bytes());
    query.add("password", password.expose_secret().as_bytes());
    query.add("to", recipient(message)?.as_bytes());
    query.add("text", &text.bytes);
    query.add("charset", text.charset.as_bytes());
    query.add("coding", text.coding.as_bytes());
    if !line.is_empty() {
        query.add("from", line.as_bytes());
    }
    if let Some(smsc) = config.smscs.get(line).or(config.smsc.as_ref()) {
        query.add("smsc", smsc.as_bytes());
    }
    if let Some(priority) = config.priority {
        query.add("priority", priority.to_string().as_bytes());
    }
    if let Some(route) = &config.report_route {
        let url = report::url(route, config.access.secret.as_ref(), message);
        query.add("dlr-mask", report::MASK.as_bytes());
        query.add("dlr-url", url.as_bytes());
    }
    Ok(query.0)
}

/// Recipient of a message. Kannel sends to every word of `to`, so white space would make several of
/// them.
fn recipient(message: &Outbound) -> Result<&str, SendError> {
    let recipient = message.to.identity.reveal();
    if recipient.is_empty() || recipient.chars().any(char::is_whitespace) {
        let reason = "not a number that can be sent to".to_owned();
        return Err(SendError::Recipient { code: 0, reason });
    }
    Ok(recipient)
}

/// Text of a message, with the links of its media: SMS carries no files.
fn text(alphabet: Alphabet, message: &Outbound) -> String {
    let links = message.media.iter().map(|media| media.url.as_str());
    let parts: Vec<&str> =
        [message.text.reveal()].into_iter().filter(|text| !text.is_empty()).chain(links).collect();
    let text = parts.join("\n");
    match alphabet {
        Alphabet::Smart => text,
        Alphabet::Gsm7 => charset::without_ucs2(&text),
    }
}

/// Query of bytes, since a text in UTF-16 is no UTF-8.
#[derive(Default)]
struct Query(String);

impl Query {
    fn add(&mut self, name: &str, value: &[u8]) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(percent_encode(value, PLAIN));
    }
}
