//! Recipients that stand for an outcome: the magic numbers of Twilio's test credentials, and
//! `+150055` with a code of five digits.

use std::time::Duration;

use super::delivery::Delivery;
use super::fault::Behaviour;

const MAGIC_FROM: [(&str, u32); 3] =
    [("+15005550001", 21212), ("+15005550007", 21606), ("+15005550008", 21611)];

const MAGIC_TO: [(&str, u32); 5] = [
    ("+15005550001", 21211),
    ("+15005550002", 21612),
    ("+15005550003", 21408),
    ("+15005550004", 21610),
    ("+15005550009", 21614),
];

/// Beginning of the numbers that end with a code.
const CODED: &str = "+150055";

/// Codes of failures that have none of Twilio's, as the page explains them.
pub(super) const FAILURES: [(u32, &str); 8] = [
    (51000, "not accepted; the connection hangs for a minute"),
    (51001, "accepted; the connection hangs for a minute"),
    (51002, "accepted; the connection is dropped"),
    (51003, "not accepted; the connection is dropped"),
    (51004, "accepted; the response is a 500 of a proxy"),
    (51429, "throttled with Retry-After: 1"),
    (51500, "not accepted; the response is a 500 of a proxy"),
    (51503, "not accepted; Twilio is unavailable (20503)"),
];

/// Returns the error of a magic sender.
pub(super) fn refused_sender(from: &str) -> Option<u32> {
    MAGIC_FROM.iter().find(|(number, _)| *number == from).map(|(_, code)| *code)
}

/// Returns the error of a magic recipient, or of one that ends with a code of Twilio's API.
pub(super) fn refused_recipient(to: &str) -> Option<u32> {
    let magic = MAGIC_TO.iter().find(|(number, _)| *number == to).map(|(_, code)| *code);
    magic.or_else(|| code(to).filter(|code| (20000..30000).contains(code)))
}

/// Returns the fault of a recipient that ends with one of [`FAILURES`].
pub(super) fn behaviour(to: &str) -> Option<Behaviour> {
    const LONG: Duration = Duration::from_mins(1);
    Some(match code(to)? {
        51000 => Behaviour::Hang(LONG),
        51001 => Behaviour::AcceptThenHang(LONG),
        51002 => Behaviour::AcceptThenDrop,
        51003 => Behaviour::Drop,
        51004 => Behaviour::AcceptThenFail(500),
        51429 => Behaviour::Throttle { retry_after: Some(1) },
        51500 => Behaviour::Fail { status: 500, code: None },
        51503 => Behaviour::Fail { status: 503, code: Some(20503) },
        _ => return None,
    })
}

/// Returns the delivery to a recipient that ends with a code of the network, or of another channel.
pub(super) fn delivery(to: &str) -> Option<Delivery> {
    let code = code(to)?;
    let is_delivery = (30000..40000).contains(&code) || (60000..70000).contains(&code);
    is_delivery.then_some(Delivery::Undelivered(code))
}

fn code(to: &str) -> Option<u32> {
    let digits = to.strip_prefix(CODED).filter(|digits| digits.len() == 5)?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipient_stands_for_its_outcome() {
        assert_eq!(refused_recipient("+15005550004"), Some(21610));
        assert_eq!(refused_recipient("+15005521614"), Some(21614));
        assert_eq!(delivery("+15005530003"), Some(Delivery::Undelivered(30003)));
        assert_eq!(behaviour("+15005551003"), Some(Behaviour::Drop));
        for (code, _) in FAILURES {
            assert!(behaviour(&format!("{CODED}{code}")).is_some(), "{code}");
        }
        for plain in ["+15005550006", "+14155550101", "+150055"] {
            let none = (refused_recipient(plain), delivery(plain), behaviour(plain));
            assert_eq!(none, (None, None, None), "{plain}");
        }
    }
}
