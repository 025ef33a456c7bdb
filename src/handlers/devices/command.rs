//! Commands of a device, in the text form and in the JSON form.

use super::id::DeviceId;
use crate::model::message::Inbound;

/// Command of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Help,
    Token,
    /// A text for another device; `to` is `None` for a number that no device can have.
    Send {
        to: Option<DeviceId>,
        text: &'a str,
    },
    /// A destination that is a whole number, behind another word than `send`.
    Unknown,
    Unreadable,
}

impl<'a> Command<'a> {
    /// Parses a message. A socket may name the destination in the parameter `to`, and the command in
    /// the parameter `type`.
    pub(super) fn of(message: &'a Inbound) -> Self {
        let text = message.text.reveal();
        if message.sender.is_socket() {
            if let Some(kind) = message.parameters.get("type") {
                return Self::word(kind).unwrap_or(Self::Unknown);
            }
            if let Some(to) = message.parameters.get("to") {
                return Self::send(to, text).unwrap_or(Self::Unreadable);
            }
        }
        Self::word(text).unwrap_or_else(|| Self::parse(text))
    }

    fn word(text: &str) -> Option<Self> {
        match text {
            "help" => Some(Self::Help),
            "token" => Some(Self::Token),
            _ => None,
        }
    }

    /// Parses `send,<destination>,<text>`. Blanks around the first two fields do not count; the text
    /// is all that follows the second comma.
    pub(super) fn parse(text: &'a str) -> Self {
        let mut fields = text.splitn(3, ',');
        let (Some(word), Some(to), Some(text)) = (fields.next(), fields.next(), fields.next())
        else {
            return Self::Unreadable;
        };
        match (Self::send(to, text), word.trim()) {
            (None, _) => Self::Unreadable,
            (Some(send), "send") => send,
            (Some(_), _) => Self::Unknown,
        }
    }

    /// Returns the command for a destination that is a whole number of any length, with an optional
    /// sign.
    fn send(to: &str, text: &'a str) -> Option<Self> {
        let to = to.trim();
        let digits = to.strip_prefix(['+', '-']).unwrap_or(to);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self::Send { to: to.parse().ok(), text })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn send(to: &str, text: &'static str) -> Command<'static> {
        Command::Send { to: Some(to.parse().unwrap()), text }
    }

    #[rstest]
    #[case("send,100000001,hi", send("100000001", "hi"))]
    #[case(" send\t,\n100000001 , hi, you, ", send("100000001", " hi, you, "))]
    #[case("send,+100000001,", send("100000001", ""))]
    #[case("send,000100000001,hi", send("100000001", "hi"))]
    #[case("send,-5,hi", Command::Send { to: None, text: "hi" })]
    #[case("send,999999999999999999999999999999999999999999,hi", Command::Send { to: None, text: "hi" })]
    #[case("Send,1,hi", Command::Unknown)]
    #[case(",1,hi", Command::Unknown)]
    #[case("help,1,hi", Command::Unknown)]
    #[case("send,1", Command::Unreadable)]
    #[case("send", Command::Unreadable)]
    #[case("", Command::Unreadable)]
    #[case("Help", Command::Unreadable)]
    #[case("help ", Command::Unreadable)]
    #[case("send,,hi", Command::Unreadable)]
    #[case("send,one,hi", Command::Unreadable)]
    #[case("send,1.0,hi", Command::Unreadable)]
    #[case("send,+ 1,hi", Command::Unreadable)]
    #[case("send,+-1,hi", Command::Unreadable)]
    #[case("send,1_0,hi", Command::Unreadable)]
    #[case("send,٣,hi", Command::Unreadable)]
    #[case("dispatch,one,hi", Command::Unreadable)]
    fn text_is_read_as_the_original_server_reads_it(
        #[case] text: &str,
        #[case] expected: Command<'_>,
    ) {
        assert_eq!(Command::parse(text), expected);
    }
}
