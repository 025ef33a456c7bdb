//! Error codes of Twilio, with what each of them concerns and what it means.
//!
//! The meanings are written here, because Twilio's own messages quote phone numbers. They stand in the
//! record of a message, whether the code refused it or came with a delivery report.

use crate::contracts::transport::Unreachable;

/// Pause in seconds after 21611, while a queue of ten hours drains.
const QUEUE_FULL: u64 = 60;

/// Pause in seconds after a daily limit, which is lifted at some midnight.
const DAY_FULL: u64 = 60 * 60;

/// Scope of a code, by which the action follows.
#[derive(Clone, Copy)]
pub(super) enum Class {
    Account,
    Line,
    Recipient,
    Message,
    /// Certainly not accepted, and the line is to blame: its messages wait for so many seconds, or for
    /// the usual pause when 0.
    Throttled(u64),
    /// Certainly not accepted, and only this message waits, for a counted number of attempts.
    NotSent,
    Ambiguous,
}

use Class::{Account, Ambiguous, Line, Message, NotSent, Recipient, Throttled};

/// Known codes, from Twilio's dictionary (`https://www.twilio.com/docs/errors/<code>`). An unknown
/// code is classified by its HTTP status.
const CODES: [(u32, Class, &str); 87] = [
    (10001, Account, "the account is not active"),
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
    (21601, Line, "the line cannot send text messages"),
    (21602, Message, "a message needs a text"),
    (21603, Line, "no line to send from; set a number or a messaging service"),
    (21604, Recipient, "a message needs a recipient"),
    (21605, Message, "the text is too long"),
    (21606, Line, "the line does not belong to the account or cannot send"),
    (21607, Line, "the line does not belong to the account or cannot send"),
    (21608, Recipient, "a trial account sends to verified numbers only"),
    (21609, Account, "Twilio cannot call the status callback; correct PUBLIC_URL"),
    (21610, Recipient, "the recipient has opted out"),
    (21611, Throttled(QUEUE_FULL), "the line's queue is full"),
    (21612, Recipient, "no route from the line to this recipient"),
    (21614, Recipient, "not a mobile number"),
    (21616, Line, "the line belongs to several accounts"),
    (21617, Message, "the text is longer than 1600 characters"),
    (21618, Message, "the text cannot be sent"),
    (21619, Message, "a message needs a text or a medium"),
    (21620, Message, "not a valid address of a medium"),
    (21621, Message, "the line cannot send media"),
    (21622, Message, "the account cannot send media"),
    (21623, Message, "too many media"),
    (21635, Recipient, "a landline"),
    (21659, Line, "the line is no number of this account or not usable yet"),
    (21660, Line, "the line belongs to another account"),
    (21661, Line, "the line cannot send text messages"),
    (21701, Line, "there is no such messaging service"),
    (21702, Line, "the messaging service cannot be used"),
    (21703, Line, "the messaging service has no number"),
    (21704, Line, "the messaging service has no usable number"),
    (21705, Line, "the messaging service is not valid"),
    (21730, NotSent, "Twilio is under maintenance"),
    (30001, Throttled(0), "the queue overflows"),
    (30002, Account, "the account is suspended"),
    (30003, NotSent, "the handset cannot be reached at the moment"),
    (30004, Recipient, "the recipient blocks messages"),
    (30005, Recipient, "an unknown recipient"),
    (30006, Recipient, "a landline or a carrier that cannot be reached"),
    (30007, Message, "filtered by the carrier"),
    (30008, NotSent, "an unknown error on the way"),
    (30009, Message, "a segment of the message is missing"),
    (30010, Message, "the message costs more than allowed"),
    (30011, Message, "media cannot be sent to this region"),
    (30017, NotSent, "the carrier's network is congested"),
    (30018, Recipient, "the recipient's carrier wants the line to be registered"),
    (30019, Message, "the content is too large"),
    (30022, Throttled(DAY_FULL), "a carrier's limit is reached"),
    (30023, Throttled(DAY_FULL), "the day's limit is reached"),
    (30027, Throttled(DAY_FULL), "a carrier's daily limit is reached"),
    (30032, Line, "the toll-free line is not verified"),
    (30033, Line, "the campaign of the line is suspended (A2P 10DLC)"),
    (30034, Line, "the line is not registered for this kind of traffic (A2P 10DLC)"),
    (30035, Line, "the line is being registered (A2P 10DLC)"),
    (30036, Message, "the validity period expired"),
    (30037, Account, "the account may not send messages"),
    (30410, NotSent, "the carrier took too long"),
    (30450, Message, "held back as suspected SMS pumping"),
    (30500, NotSent, "an error on the way to the carrier"),
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
    (63021, Message, "content that the channel does not allow"),
    (63024, Recipient, "not a recipient on this channel"),
    (63027, Message, "the channel has no such template"),
    (63032, Message, "the channel does not let this message through to the recipient now"),
    (63033, Recipient, "the recipient blocks messages"),
    (63038, Throttled(DAY_FULL), "the account's daily limit is reached"),
];

/// Codes of a recipient who has blocked the line or opted out of it.
const OPTED_OUT: [u32; 4] = [21610, 30004, 63014, 63033];

/// Code with which a report ends a chat although another message may arrive later: the phone was out of
/// reach for as long as the message was kept.
const OUT_OF_REACH: u32 = 30003;

/// Returns the class and the meaning of a code that is known.
pub(super) fn known(code: u32) -> Option<(Class, &'static str)> {
    let place = CODES.binary_search_by_key(&code, |(known, ..)| *known).ok()?;
    let (_, class, meaning) = CODES[place];
    Some((class, meaning))
}

/// Returns what the code of a failed delivery says about the recipient; nothing when the recipient is
/// not to blame.
pub(super) fn unreachable(code: u32) -> Option<Unreachable> {
    match known(code)? {
        (Recipient, _) if OPTED_OUT.contains(&code) => Some(Unreachable::OptedOut),
        (Recipient, _) => Some(Unreachable::Undeliverable),
        _ if code == OUT_OF_REACH => Some(Unreachable::Undeliverable),
        _ => None,
    }
}

/// Returns where an unknown code is explained.
pub(super) fn explanation(code: u32) -> String {
    format!("see https://www.twilio.com/docs/errors/{code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_each_stands_once() {
        assert!(CODES.is_sorted_by(|(one, ..), (next, ..)| one < next));
    }

    #[test]
    fn recipient_is_given_up_for_codes_of_the_recipient_alone() {
        let verdicts = |verdict: Option<Unreachable>| -> Vec<u32> {
            let codes = CODES.iter().map(|(code, ..)| *code);
            codes.filter(|code| unreachable(*code) == verdict).collect()
        };
        assert_eq!(verdicts(Some(Unreachable::OptedOut)), OPTED_OUT);
        let others = verdicts(None);
        for code in [30001, 30007, 30008, 30034, 30036, 20003, 21611] {
            assert!(others.contains(&code), "{code}");
        }
        assert!(verdicts(Some(Unreachable::Undeliverable)).contains(&30003));
    }
}
