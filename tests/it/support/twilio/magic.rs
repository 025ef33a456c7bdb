//! Refusals of Twilio, and the magic numbers of its test credentials.

use super::http::{Form, Reply};

/// Error response of Twilio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: u32,
}

impl Refusal {
    pub(super) fn reply(self) -> Reply {
        let Self { status, code } = self;
        let body = serde_json::json!({
            "code": code,
            "message": format!("The request was refused ({code})."),
            "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
            "status": status,
        });
        Reply::json(status, &body).header("X-Twilio-Error-Code", code.to_string())
    }
}

const MAGIC_FROM: [(&str, u32); 3] =
    [("+15005550001", 21212), ("+15005550007", 21606), ("+15005550008", 21611)];

const MAGIC_TO: [(&str, u32); 5] = [
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
];

/// Longest text that Twilio accepts, in characters.
const LONGEST: usize = 1600;

/// Error that Twilio would return for this message.
pub(super) fn refusal(form: &Form) -> Option<Refusal> {
    let refused = |code| Some(Refusal { status: 400, code });
    let Some(to) = form.get("To") else { return refused(21604) };
    let Some(from) = form.get("From") else { return refused(21603) };
    let body = form.get("Body").unwrap_or_default();
    if let Some((_, code)) = MAGIC_FROM.iter().find(|(number, _)| *number == from) {
        return refused(*code);
    }
    if let Some((_, code)) = MAGIC_TO.iter().find(|(number, _)| *number == to) {
        return refused(*code);
    }
    if !is_e164(to) {
        return refused(21211);
    }
    if body.is_empty() && form.get("MediaUrl").is_none() {
        return refused(21602);
    }
    if body.chars().count() > LONGEST {
        return refused(21617);
    }
    None
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}
