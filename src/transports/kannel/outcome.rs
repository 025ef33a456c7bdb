//! Classification of Kannel's answers to `sendsms` by the action that follows.
//!
//! The reasons are written here, because an answer may quote numbers. The sentences of Kannel's are
//! those of smsbox 1.4.5.

use crate::contracts::transport::SendError;
use crate::http_client::Response;

/// Beginnings of the sentences that accept a message.
const ACCEPTED: [&str; 3] = ["0: Accepted", "3: Queued", "Sent."];

/// Class of a refusal, with the beginning of its sentence.
#[derive(Clone, Copy)]
enum Class {
    Account,
    Line,
    Recipient,
    NotSent,
}

use Class::{Account, Line, NotSent, Recipient};

const REFUSALS: [(u16, &str, Class, &str); 7] = [
    (400, "Sender missing", Line, "no line to send from; set `from`, or a sender in Kannel"),
    (400, "Number(s) has", Recipient, "denied by Kannel's lists, or not a number"),
    (400, "Missing receiver", Recipient, "not a number that can be sent to"),
    (400, "Empty receiver", Recipient, "not a number that can be sent to"),
    (
        403,
        "Authorization failed",
        Account,
        "wrong user name or password, or this address is denied",
    ),
    (403, "Not routable", Recipient, "no SMSC of Kannel's takes this number"),
    (503, "Temporal failure", NotSent, "Kannel cannot take it at the moment"),
];

/// Returns whether Kannel has taken the message.
pub(super) fn classify(response: &Response) -> Result<(), SendError> {
    let status = response.status.as_u16();
    let body = response.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let body = body.trim_start();
    let is_accepted = || ACCEPTED.iter().any(|sentence| body.starts_with(sentence));
    // A page of a proxy may have any status of success but 202.
    if status == 202 || status == 200 && is_accepted() {
        return Ok(());
    }
    let known = REFUSALS
        .iter()
        .find(|(known, sentence, ..)| *known == status && body.starts_with(sentence));
    Err(match known {
        Some((_, _, class, meaning)) => classified(status, *class, meaning),
        None => unclassified(response, status),
    })
}

fn classified(status: u16, class: Class, meaning: &str) -> SendError {
    let (code, reason) = (u32::from(status), meaning.to_owned());
    match class {
        Account => SendError::Account { code, reason },
        Line => SendError::Line { code, reason },
        Recipient => SendError::Recipient { code, reason },
        NotSent => SendError::NotSent(reason),
    }
}

/// Classifies an unknown answer by its HTTP status.
fn unclassified(response: &Response, status: u16) -> SendError {
    let (code, reason) = (u32::from(status), format!("status {status} of the sendsms URL"));
    match status {
        429 => SendError::Throttled { retry_after: response.retry_after },
        408 => SendError::Ambiguous(reason),
        // Wrong credentials, or the address of another service; a redirect is not followed, because
        // the password would be sent along.
        300..=399 | 401 | 403 | 404 | 405 | 407 => SendError::Account { code, reason },
        400..=499 => SendError::Message { code, reason },
        _ => SendError::Ambiguous(reason),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn outcome(status: u16, body: &str) -> &'static str {
        let status = reqwest::StatusCode::from_u16(status).unwrap();
        let body = Some(body.as_bytes().to_vec());
        match classify(&Response { status, retry_after: None, date: None, body }) {
            Ok(()) => "sent",
            Err(SendError::Throttled { .. }) => "throttled",
            Err(SendError::NotSent(_)) => "not sent",
            Err(SendError::Ambiguous(_)) => "ambiguous",
            Err(SendError::Recipient { .. }) => "recipient",
            Err(SendError::Message { .. }) => "message",
            Err(SendError::Line { .. }) => "line",
            Err(SendError::Account { .. } | SendError::AccountThrottled { .. }) => "account",
        }
    }

    #[rstest]
    #[case(202, "0: Accepted for delivery", "sent")]
    #[case(202, "3: Queued for later delivery", "sent")]
    #[case(202, "Sent. Message splits: 3", "sent")]
    #[case(200, "0: Accepted for delivery", "sent")]
    #[case(200, "<html>Welcome to your router</html>", "ambiguous")]
    #[case(204, "", "ambiguous")]
    #[case(400, "Empty receiver number not allowed, rejected", "recipient")]
    #[case(400, "Number(s) has/have been denied by white- and/or black-lists.", "recipient")]
    #[case(400, "Sender missing and no global set, rejected", "line")]
    #[case(400, "Charset or body misformed, rejected", "message")]
    #[case(403, "Authorization failed for sendsms", "account")]
    #[case(403, "Not routable. Do not try again.", "recipient")]
    #[case(403, "Forbidden by the proxy", "account")]
    #[case(401, "", "account")]
    #[case(404, "Unknown request.", "account")]
    #[case(302, "", "account")]
    #[case(408, "", "ambiguous")]
    #[case(414, "", "message")]
    #[case(429, "", "throttled")]
    #[case(500, "Sending failed.", "ambiguous")]
    #[case(502, "Bad gateway", "ambiguous")]
    #[case(503, "Temporal failure, try again later.", "not sent")]
    #[case(503, "<html>Service unavailable</html>", "ambiguous")]
    fn answer_decides_what_follows(#[case] status: u16, #[case] body: &str, #[case] class: &str) {
        assert_eq!(outcome(status, body), class);
    }
}
