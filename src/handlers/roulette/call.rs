//! CALL: the consent to show one's number. The question names a code, and only a message with that
//! code, received after the question was asked, is a consent.
//!
//! A second plain CALL, a copy of the first one by a carrier, and a code that was used or asked for
//! earlier ask anew: none of them proves that the question was read.

use chrono::{DateTime, TimeDelta, Utc};

use super::seat::{Chat, Seat};

/// Time within which a code confirms its question.
const CONFIRMATION: TimeDelta = TimeDelta::minutes(2);

/// Codes have two digits, without a zero in front that people leave out.
const CODES: std::ops::Range<u8> = 10..100;

/// Returns the parts of a normalized text such as `call 47`: what may be a word of the command, and two
/// digits.
pub(super) fn code(text: &str) -> Option<(&str, u8)> {
    let (word, digits) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit());
    let code = digits.parse().ok().filter(|code| is_number && CODES.contains(code))?;
    Some((word, code))
}

/// Returns whether a message that was received at this time confirms the question of a chat.
pub(super) fn is_confirmed(seat: &Seat, chat: &Chat, code: u8, received_at: DateTime<Utc>) -> bool {
    let answers = |asked: DateTime<Utc>| asked <= received_at && is_open(asked, received_at);
    seat.call_code == Some(code) && chat.call_requested_at.is_some_and(answers)
}

/// Returns the code of the question that is asked now: of the open one, or a new one, which is never
/// that of the question before it.
pub(super) fn ask(seat: &mut Seat, chat: &mut Chat, now: DateTime<Utc>) -> u8 {
    let open = chat.call_requested_at.is_some_and(|asked| is_open(asked, now));
    let code = seat.call_code.filter(|_| open).unwrap_or_else(|| draw(seat.call_code));
    chat.call_requested_at = Some(now);
    seat.call_code = Some(code);
    code
}

fn is_open(asked: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    at - asked <= CONFIRMATION
}

/// Draws a code other than the last one, each as likely as the others.
fn draw(last: Option<u8>) -> u8 {
    let left: Vec<u8> = CODES.filter(|code| Some(*code) != last).collect();
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    // The remainder of 64 bits prefers no code to a degree that could be measured.
    let index = u64::from_le_bytes(bytes) % left.len() as u64;
    left[usize::try_from(index).expect("it is below a hundred")]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_but_the_last_one_is_drawn() {
        let drawn: BTreeSet<u8> = (0..5000).map(|_| draw(Some(47))).collect();
        let expected: BTreeSet<u8> = CODES.filter(|code| *code != 47).collect();
        assert_eq!(drawn, expected);
    }
}
