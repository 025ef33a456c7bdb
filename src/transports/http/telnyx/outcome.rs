//! Meaning of Telnyx' responses to a message (developers.telnyx.com, "Error codes").

use crate::contracts::transport::{SendError, SentReceipt};
use crate::http_client::Response;
use crate::transports::http::outcome::{field, send_error};

pub(super) fn receipt(response: &Response) -> Result<SentReceipt, SendError> {
    if response.status.is_success() {
        let id = field(response, "data.id");
        let unreadable = || SendError::Ambiguous("a success without an id".to_owned());
        return id.map(SentReceipt::new).ok_or_else(unreadable);
    }
    let code = field(response, "errors.0.code").and_then(|code| code.parse().ok());
    // After a server error the message may have been accepted, whatever the body says.
    let known = code.filter(|_| response.status.is_client_error()).and_then(known);
    Err(known.unwrap_or_else(|| send_error(response, &[])))
}

/// Class of an error code, as far as it is another than that of the status.
fn known(code: u32) -> Option<SendError> {
    let reason = |reason: &str| reason.to_owned();
    Some(match code {
        40_001 => SendError::Recipient { code, reason: reason("a landline") },
        40_008 => SendError::Recipient { code, reason: reason("the recipient cannot be reached") },
        40_300 => SendError::Recipient { code, reason: reason("the recipient has opted out") },
        40_310 => SendError::Recipient { code, reason: reason("not a number to send to") },
        40_305 => SendError::Line { code, reason: reason("the line cannot send") },
        40_010 => SendError::Line { code, reason: reason("the line is not registered (10DLC)") },
        20_100 => SendError::Account { code, reason: reason("the account has no funds") },
        _ => return None,
    })
}
