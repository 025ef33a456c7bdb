//! Texts that rooms send.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationError};

macro_rules! texts {
    ($(#[$attribute:meta] $name:ident = $text:literal),* $(,)?) => {
        /// Texts of rooms, set under `properties.texts`. A provider takes at most 1600 characters.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
        #[serde(default, deny_unknown_fields)]
        pub(super) struct Texts {
            $(#[$attribute] pub $name: String,)*
            /// Words for one and for several seconds, minutes and hours.
            pub units: [String; 6],
        }

        impl Default for Texts {
            fn default() -> Self {
                let units = ["second", "seconds", "minute", "minutes", "hour", "hours"];
                Self { $($name: $text.to_owned(),)* units: units.map(str::to_owned) }
            }
        }
    };
}

// Texts that may be empty: an empty one is not sent to phones.
texts! {
    #[validate(length(min = 1, max = 1600))]
    help = "Send \"new\" to open a room, or \"join CODE\" to enter one.",
    #[validate(length(min = 1, max = 1600))]
    help_inside = "Commands: /name NAME, /who, /leave. \
        For the creator: /mute NAME, /unmute NAME, /remove NAME, /extend, /lock, /unlock. \
        Write // for a text that begins with a slash.",
    #[validate(length(min = 1, max = 1600), custom(function = has_code))]
    created = "Your room is open for {time}. To enter it, send: join {code}",
    #[validate(length(min = 1, max = 1600), custom(function = has_code))]
    created_inside = "You are {name}, and your room is open for {time}. Others enter it with: join {code}",
    #[validate(length(min = 1, max = 1600))]
    created_link = "Or by this link: {link}",
    #[validate(length(min = 1, max = 1600))]
    too_many_rooms = "Too many rooms are open at the moment. Please try again in a few minutes.",
    #[validate(length(min = 1, max = 1600))]
    welcome = "You are {name}. Here: {here}. This room closes in {time}. Send \"leave\" to leave.",
    #[validate(length(max = 1600))]
    joined = "{name} has joined.",
    #[validate(length(max = 1600))]
    left = "{name} has left.",
    #[validate(length(max = 1600))]
    renamed = "{from} is now {to}.",
    #[validate(length(min = 1, max = 160))]
    message_prefix = "{name}: ",
    #[validate(length(min = 1, max = 20))]
    guest = "Guest",
    #[validate(length(min = 1, max = 1600))]
    who = "Here: {here}. This room closes in {time}.",
    #[validate(length(min = 1, max = 1600))]
    you_left = "You have left the room.",
    #[validate(length(min = 1, max = 1600))]
    warning = "This room closes in {time}.",
    #[validate(length(min = 1, max = 1600))]
    extended = "This room stays open: it closes in {time}.",
    #[validate(length(min = 1, max = 1600))]
    ended = "This room is closed. Thank you for coming.",
    #[validate(length(min = 1, max = 1600))]
    ended_idle = "This room is closed, because nothing was written in it for a while.",
    #[validate(length(min = 1, max = 1600))]
    no_such_room = "There is no such room. Please check the code; rooms close after their time.",
    #[validate(length(min = 1, max = 1600))]
    room_ended = "This room is closed already.",
    #[validate(length(min = 1, max = 1600))]
    room_locked = "This room is locked.",
    #[validate(length(min = 1, max = 1600))]
    room_full = "This room is full.",
    #[validate(length(min = 1, max = 1600))]
    removed = "You were removed from the room.",
    #[validate(length(min = 1, max = 1600))]
    view_only = "You can read here, but not write.",
    #[validate(length(min = 1, max = 1600))]
    text_only = "Pictures are not passed on.",
    #[validate(length(min = 1, max = 1600))]
    you_are_muted = "You are muted: your texts do not reach the room.",
    #[validate(length(min = 1, max = 1600))]
    you_are_unmuted = "You can write again.",
    #[validate(length(min = 1, max = 1600))]
    muted = "{name} is muted.",
    #[validate(length(min = 1, max = 1600))]
    unmuted = "{name} can write again.",
    #[validate(length(min = 1, max = 1600))]
    locked = "The room is locked: nobody else can enter.",
    #[validate(length(min = 1, max = 1600))]
    unlocked = "The room is open again.",
    #[validate(length(min = 1, max = 1600))]
    no_such_name = "There is no {name} here.",
    #[validate(length(min = 1, max = 1600))]
    not_allowed = "Only the creator of the room may do that, where it is allowed.",
    #[validate(length(min = 1, max = 1600))]
    no_extension = "This room cannot be extended any more.",
}

impl Texts {
    /// Returns a time in words, rounded up to seconds: `9 minutes 30 seconds`.
    pub(super) fn time(&self, time: Duration) -> String {
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        let parts = [(seconds / 3600, 4), (seconds / 60 % 60, 2), (seconds % 60, 0)];
        let shown: Vec<String> = parts
            .into_iter()
            .filter(|(count, unit)| *count > 0 || (*unit == 0 && seconds == 0))
            .map(|(count, unit)| format!("{count} {}", self.units[unit + usize::from(count != 1)]))
            .collect();
        shown.join(" ")
    }
}

fn has_code(text: &str) -> Result<(), ValidationError> {
    if text.contains("{code}") {
        Ok(())
    } else {
        let message = "must contain {code}, by which others enter the room";
        Err(ValidationError::new("placeholder").with_message(message.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_shown_in_whole_units_and_rounded_up() {
        let texts = Texts::default();
        let shown = |milliseconds| texts.time(Duration::from_millis(milliseconds));
        assert_eq!(shown(600_000), "10 minutes");
        assert_eq!(shown(59_001), "1 minute");
        assert_eq!(shown(9_999), "10 seconds");
        assert_eq!(shown(3_661_000), "1 hour 1 minute 1 second");
        assert_eq!(shown(0), "0 seconds");
    }
}
