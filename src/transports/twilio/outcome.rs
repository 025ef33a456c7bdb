//! Classification of Twilio's error responses by the action that follows.
//!
//! The reasons are written here, because Twilio's own messages quote phone numbers.

use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;

use crate::contracts::transport::SendError;
use crate::http_client::Response;

/// Pause in seconds after 21611, while a queue of ten hours drains.
const QUEUE_FULL: u64 = 60;

/// Pause in seconds after a daily limit, which is lifted at some midnight.
const DAY_FULL: u64 = 60 * 60;

/// Class of an error code.
#[derive(Clone, Copy)]
enum Class {
    Account,
    Line,
    Recipient,
    Message,
    /// Certainly not accepted: retried after so many seconds, or after the usual pause when 0.
    Throttled(u64),
    NotSent,
    Ambiguous,
}

use Class::{Account, Ambiguous, Line, Message, NotSent, Recipient, Throttled};

/// Known codes, from Twilio's dictionary (`https://www.twilio.com/docs/errors/<code>`). An unknown
/// code is classified by its HTTP status.
const CODES: [(u32, Class, &str); 66] = [
    (20003, Account, "the credentials are not valid for this account"),
    (20005, Account, "the account is not active"),
    (20404, Account, "there is no such account, or the address of the API is wrong"),
    (20429, Throttled(0), "too many requests"),
    (20500, Ambiguous, "an error inside Twilio"),
    (20503, NotSent, "the service is unavailable"),
    (21211, Recipient, "not a number that can be sent to"),
    (21212, Line, "the line is not a valid sender"),
    (21217, Recipient, "not a phone number"),
    (21265, Recipient, "not a recipient for this line"),
    (21266, Recipient, "the recipient is the line itself"),
    (21408, Recipient, "the account may not send to this region"),
    (21602, Message, "a message needs a text"),
    (21603, Line, "no line to send from; set a number or a messaging service"),
    (21606, Line, "the line does not belong to the account or cannot send"),
    (21607, Line, "the line does not belong to the account or cannot send"),
    (21608, Recipient, "a trial account sends to verified numbers only"),
    (21610, Recipient, "the recipient has opted out"),
    (21611, Throttled(QUEUE_FULL), "the line's queue is full"),
    (21612, Recipient, "no route from the line to this recipient"),
    (21614, Recipient, "not a mobile number"),
    (21617, Message, "the text is longer than 1600 characters"),
    (21619, Message, "a message needs a text or a medium"),
    (21620, Message, "not a valid address of a medium"),
    (21623, Message, "too many media"),
    (21635, Recipient, "a landline"),
    (21659, Line, "the line is no number of this account or not usable yet"),
    (21660, Line, "the line belongs to another account"),
    (21701, Line, "there is no such messaging service"),
    (21702, Line, "the messaging service cannot be used"),
    (21703, Line, "the messaging service has no number"),
    (21704, Line, "the messaging service has no usable number"),
    (21705, Line, "the messaging service is not valid"),
    (30001, Throttled(0), "the queue overflows"),
    (30002, Account, "the account is suspended"),
    (30003, Throttled(QUEUE_FULL), "the handset cannot be reached at the moment"),
    (30004, Recipient, "the recipient blocks messages"),
    (30005, Recipient, "an unknown recipient"),
    (30006, Recipient, "a landline or a carrier that cannot be reached"),
    (30007, Message, "filtered by the carrier"),
    (30008, Throttled(QUEUE_FULL), "an unknown error on the way"),
    (30017, Throttled(0), "the carrier's network is congested"),
    (30019, Message, "the content is too large"),
    (30022, Throttled(DAY_FULL), "a carrier's limit is reached"),
    (30023, Throttled(DAY_FULL), "the day's limit is reached"),
    (30027, Throttled(DAY_FULL), "a carrier's daily limit is reached"),
    (30032, Line, "the toll-free line is not verified"),
    (30034, Line, "the line is not registered for this kind of traffic (A2P 10DLC)"),
    (30036, Message, "the validity period expired"),
    (30410, Throttled(QUEUE_FULL), "the carrier took too long"),
    (30450, Message, "held back as suspected SMS pumping"),
    (30500, Throttled(0), "an error on the way to the carrier"),
    (63003, Recipient, "the channel does not know this recipient"),
    (63007, Line, "the channel has no such line"),
    (63009, NotSent, "an error inside the channel's provider"),
    (63010, NotSent, "an error inside the channel"),
    (63012, NotSent, "the channel's provider is unavailable"),
    (63013, Recipient, "against the channel's rules"),
    (63014, Recipient, "the recipient blocks messages"),
    (63015, Recipient, "the recipient has not joined the sandbox"),
    (63016, Message, "outside of the session's 24 hours; only a template may be sent"),
    (63017, Throttled(0), "too fast for the channel"),
    (63018, Throttled(0), "too fast for the channel"),
    (63024, Recipient, "not a recipient on this channel"),
    (63032, Message, "the channel does not let this message through to the recipient now"),
    (63033, Recipient, "the recipient blocks messages"),
];

/// Body of an error response.
#[derive(Deserialize)]
struct ApiError {
    code: u32,
}

/// Classifies a response other than success.
pub(super) fn send_error(response: &Response) -> SendError {
    let body = response.body.as_deref();
    let error = body.and_then(|body| serde_json::from_slice::<ApiError>(body).ok());
    let code = error.map(|error| error.code);
    let known = CODES.iter().find(|(known, ..)| code == Some(*known));
    match (response.status.as_u16(), known) {
        // After a server error the message may have been accepted. 20503 proves that it was not, for
        // it comes from Twilio itself and not from a proxy.
        (500.., Some((20503, ..))) => SendError::NotSent("the service is unavailable".to_owned()),
        (500.., _) => SendError::Ambiguous(format!("status {}", response.status.as_u16())),
        (429, _) => throttled(response, known.map(|(_, class, _)| *class)),
        (_, Some((code, class, meaning))) => classified(response, *code, *class, meaning),
        (status, None) => unclassified(response, status, code),
    }
}

fn classified(response: &Response, code: u32, class: Class, meaning: &str) -> SendError {
    let reason = meaning.to_owned();
    match class {
        Account => SendError::Account { code, reason },
        Line => SendError::Line { code, reason },
        Recipient => SendError::Recipient { code, reason },
        Message => SendError::Message { code, reason },
        Throttled(_) => throttled(response, Some(class)),
        NotSent => SendError::NotSent(format!("{code}: {reason}")),
        Ambiguous => SendError::Ambiguous(format!("{code}: {reason}")),
    }
}

fn throttled(response: &Response, class: Option<Class>) -> SendError {
    let usual = match class {
        Some(Throttled(seconds)) if seconds > 0 => Some(Duration::from_secs(seconds)),
        _ => None,
    };
    match response.retry_after {
        // The limit of requests at once is the account's; other limits have a code of their own.
        Some(retry_after) if response.status.as_u16() == 429 && usual.is_none() => {
            SendError::AccountThrottled { retry_after }
        }
        named => SendError::Throttled { retry_after: named.or(usual) },
    }
}

/// Classifies an unknown code by the HTTP status, which also stands for a missing code.
fn unclassified(response: &Response, status: u16, code: Option<u32>) -> SendError {
    let number = code.unwrap_or(u32::from(status));
    let reason = match code {
        Some(code) => format!("see https://www.twilio.com/docs/errors/{code}"),
        None => format!("status {status} without a Twilio error code"),
    };
    match StatusCode::from_u16(status) {
        Ok(StatusCode::REQUEST_TIMEOUT) => SendError::Ambiguous(reason),
        Ok(
            StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        ) => SendError::Account { code: number, reason },
        // A redirect is not followed, because the credentials would be sent along.
        Ok(status) if status.is_redirection() => SendError::Account { code: number, reason },
        // The body that held the reason was lost; it may have been a temporary one.
        Ok(status) if status.is_client_error() && response.body.is_none() => {
            SendError::NotSent(reason)
        }
        Ok(status) if status.is_client_error() => SendError::Message { code: number, reason },
        _ => SendError::Ambiguous(reason),
    }
}
