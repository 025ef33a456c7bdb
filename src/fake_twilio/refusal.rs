//! Error responses of Twilio.

use serde_json::{Value, json};

/// An error with its HTTP status and Twilio's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: u32,
}

/// Codes with another status than 400.
const STATUSES: [(u32, u16); 6] =
    [(20003, 401), (20004, 405), (20404, 404), (20429, 429), (20500, 500), (20503, 503)];

/// Sentences of the codes that people meet most; the others name the code alone.
const SENTENCES: [(u32, &str); 14] = [
    (20003, "Authenticate"),
    (20404, "The requested resource was not found"),
    (20429, "Too Many Requests"),
    (20503, "Service unavailable"),
    (21211, "Invalid 'To' Phone Number"),
    (21212, "Invalid 'From' Phone Number"),
    (21408, "Permission to send an SMS has not been enabled for the region of the 'To' number"),
    (21602, "Message body is required."),
    (21603, "A 'From' phone number is required."),
    (21604, "A 'To' phone number is required."),
    (21606, "The 'From' phone number is not a valid message-capable number of this account"),
    (21610, "Attempt to send to unsubscribed recipient"),
    (21614, "'To' number is not a valid mobile number"),
    (21617, "The concatenated message body exceeds the 1600 character limit."),
];

impl Refusal {
    pub(super) fn of(code: u32) -> Self {
        let status = STATUSES.iter().find(|(known, _)| *known == code);
        Self { status: status.map_or(400, |(_, status)| *status), code }
    }

    pub(super) fn to_json(self) -> Value {
        let Self { status, code } = self;
        let sentence = SENTENCES.iter().find(|(known, _)| *known == code);
        let message = sentence.map_or_else(
            || format!("The request was refused ({code})."),
            |(_, sentence)| (*sentence).to_owned(),
        );
        json!({
            "code": code,
            "message": message,
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
            "status": status,
        })
    }
}
