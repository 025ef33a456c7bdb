//! Texts that roulette sends.

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

/// Texts of roulette, set under `properties.texts`. A provider takes at most 1600 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Texts {
    #[validate(length(min = 1, max = 1600))]
    pub please_wait: String,
    #[validate(length(min = 1, max = 1600))]
    pub connected: String,
    #[validate(length(min = 1, max = 1600))]
    pub already_connected: String,
    #[validate(length(min = 1, max = 1600))]
    pub disconnected: String,
    #[validate(length(min = 1, max = 1600))]
    pub peer_disconnected: String,
    #[validate(length(min = 1, max = 1600))]
    pub call_without_chat: String,
    /// Question with the code that confirms it in place of `{code}`.
    #[validate(length(min = 1, max = 1600), custom(function = has_code))]
    pub confirm_call: String,
    /// Text with the number of the caller in place of `{number}`.
    #[validate(length(min = 1, max = 1600), custom(function = has_number))]
    pub shared_number: String,
    /// Prefix of every relayed text, short so that it leaves room for the text.
    #[validate(length(min = 1, max = 160))]
    pub relay_prefix: String,
    #[validate(length(min = 1, max = 1600))]
    pub relay_without_chat: String,
    /// Text in place of what the topic masks in a relayed text.
    #[validate(length(min = 1, max = 40))]
    pub masked: String,
    /// Answer to CALL of a person with a page.
    #[validate(length(min = 1, max = 1600))]
    pub no_number_to_share: String,
    /// Text in place of a picture, for a person with a page.
    #[validate(length(min = 1, max = 1600))]
    pub picture: String,
    /// Answer to STATS, with the numbers `{waiting}`, `{chatting}` and `{pairs}` and, in place of
    /// `{own}`, one of the two texts below.
    #[validate(length(min = 1, max = 1600))]
    pub stats: String,
    /// Sentence on the sender's chat, with `{duration}` as hours:minutes:seconds.
    #[validate(length(min = 1, max = 160))]
    pub stats_own_chat: String,
    #[validate(length(min = 1, max = 160))]
    pub stats_no_chat: String,
    /// End of a wait that lasted too long.
    #[validate(length(min = 1, max = 1600))]
    pub nobody_there: String,
    /// Text to both sides of an idle chat, with the time left as `{time}`.
    #[validate(length(min = 1, max = 1600))]
    pub idle_nudge: String,
    #[validate(length(min = 1, max = 1600))]
    pub idle_ended: String,
    #[validate(length(min = 1, max = 1600))]
    pub chat_over: String,
    #[validate(length(min = 1, max = 1600))]
    pub loop_ended: String,
    /// Sentence behind the text that ends a chat, with `{duration}` and `{messages}`; empty without
    /// `summary`.
    #[validate(length(max = 160))]
    pub summary: String,
    #[validate(length(min = 1, max = 1600))]
    pub blocked: String,
    #[validate(length(min = 1, max = 1600))]
    pub reported: String,
    /// Answer to BLOCK and REPORT of a person who has met no one.
    #[validate(length(min = 1, max = 1600))]
    pub block_without_chat: String,
    /// Answer to a person who was reported and looks for a stranger, with `{time}` as
    /// hours:minutes:seconds.
    #[validate(length(min = 1, max = 1600))]
    pub cooling_down: String,
}

impl Default for Texts {
    fn default() -> Self {
        let text = str::to_owned;
        Self {
            please_wait: text("Please wait, you will be connected to a random person..."),
            connected: text("You're now connected to a random stranger!"),
            already_connected: text(
                "You're connected to a stranger already. Send REFRESH to find another one.",
            ),
            disconnected: text("You've been disconnected and will no longer receive messages."),
            peer_disconnected: text("Your peer disconnected."),
            call_without_chat: text("Error: You haven't connected to anyone yet."),
            confirm_call: text(
                "This shows the stranger your number. To share it, reply CALL {code} within 2 minutes.",
            ),
            shared_number: text("The other person has shared their number: {number}"),
            relay_prefix: text("Stranger: "),
            relay_without_chat: text(
                "Error: not connected, or your earlier peer disconnected. Refresh to chat again!",
            ),
            no_number_to_share: text("You have no number to share here."),
            picture: text("(a picture, which cannot be shown here)"),
            stats: text("Waiting: {waiting}. Chatting: {chatting}. Pairs today: {pairs}. {own}"),
            stats_own_chat: text("Your chat has run for {duration}."),
            stats_no_chat: text("You're not in a chat."),
            masked: text("***"),
            nobody_there: text("Nobody is there at the moment. Send WAIT to go on waiting."),
            idle_nudge: text(
                "Your chat has been quiet for a while. It ends in {time} unless one of you writes.",
            ),
            idle_ended: text(
                "Your chat has ended, since it was quiet. Send CONNECT for another one.",
            ),
            chat_over: text(
                "Your chat has ended, since its time is over. Send CONNECT for another one.",
            ),
            loop_ended: text(
                "Your chat has ended, since it looked like automatic replies. Send CONNECT for \
                 another one.",
            ),
            summary: text("Your chat lasted {duration} and had {messages} messages."),
            blocked: text("You will never be connected to this person again."),
            reported: text(
                "Thank you, this person is reported. You will never be connected to them again.",
            ),
            block_without_chat: text("Error: You haven't met anyone yet."),
            cooling_down: text("A stranger has reported you. You can connect again in {time}."),
        }
    }
}

fn has_number(text: &str) -> Result<(), ValidationError> {
    contains(text, "{number}", "must contain {number}, which stands for the caller's number")
}

fn has_code(text: &str) -> Result<(), ValidationError> {
    contains(text, "{code}", "must contain {code}, the digits that confirm the CALL")
}

fn contains(text: &str, placeholder: &str, message: &'static str) -> Result<(), ValidationError> {
    let error = || ValidationError::new("placeholder").with_message(message.into());
    text.contains(placeholder).then_some(()).ok_or_else(error)
}
