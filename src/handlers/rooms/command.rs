//! Commands, read from texts and from the types of JSON frames.

use super::code::Code;
use crate::model::keyword::normalize;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    New {
        name: Option<String>,
    },
    Join {
        code: Code,
        name: Option<String>,
    },
    /// A join with a text that is no code.
    Misread,
    Leave,
    Who,
    Name(String),
    Mute(String),
    Unmute(String),
    Remove(String),
    Extend,
    Lock,
    Unlock,
    /// The sender is writing.
    Typing,
    Help,
    /// Not a command: a text for the room.
    Say(String),
}

/// Place where a text was written, which decides whether it is a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In no room: every text is a command, with or without a slash.
    Outside,
    /// In a room, on a phone: commands begin with a slash, and a few are whole messages of bare words.
    Phone,
    /// In a room, on a socket: commands begin with a slash.
    Socket,
}

/// Reads a text. Two slashes at its beginning stand for one that is no command.
pub(super) fn parse(text: &str, place: Place) -> Command {
    let trimmed = text.trim();
    match trimmed.strip_prefix('/') {
        Some(rest) if rest.starts_with('/') && place != Place::Outside => {
            Command::Say(rest.to_owned())
        }
        Some(rest) => words(rest),
        None => match place {
            Place::Outside => bare(trimmed),
            Place::Phone => on_phone(trimmed).unwrap_or_else(|| Command::Say(trimmed.to_owned())),
            Place::Socket => Command::Say(trimmed.to_owned()),
        },
    }
}

/// Reads a JSON frame of a type of its own, such as `mute` with a name as its text.
pub(super) fn parse_type(kind: &str, text: &str) -> Command {
    match kind {
        "create" => words(&format!("new {text}")),
        "typing" => Command::Typing,
        kind => words(&format!("{kind} {text}")),
    }
}

/// Reads a text outside of a room; a code alone is a join.
fn bare(text: &str) -> Command {
    match Code::parse(text) {
        Some(code) => Command::Join { code, name: None },
        None => words(text),
    }
}

/// Reads a text in a room by phone. Only a message that can hardly be meant for the room is a
/// command: one of the words alone, a join with a code, a name of one or two words.
fn on_phone(text: &str) -> Option<Command> {
    let command = words(text);
    let rest = text.split_whitespace().skip(1).count();
    let counts = match &command {
        Command::Join { .. } => true,
        Command::New { .. } | Command::Leave | Command::Who => rest == 0,
        Command::Name(_) => (1..=2).contains(&rest) && !text.ends_with(['?', '!', '.']),
        _ => false,
    };
    counts.then_some(command)
}

fn words(text: &str) -> Command {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    match normalize(word).as_str() {
        "new" => Command::New { name: name_after_as(rest).1 },
        "join" => join(rest),
        "leave" if rest.is_empty() => Command::Leave,
        "who" if rest.is_empty() => Command::Who,
        "name" if !rest.is_empty() => Command::Name(rest.to_owned()),
        "mute" if !rest.is_empty() => Command::Mute(rest.to_owned()),
        "unmute" if !rest.is_empty() => Command::Unmute(rest.to_owned()),
        "remove" if !rest.is_empty() => Command::Remove(rest.to_owned()),
        "extend" if rest.is_empty() => Command::Extend,
        "lock" if rest.is_empty() => Command::Lock,
        "unlock" if rest.is_empty() => Command::Unlock,
        _ => Command::Help,
    }
}

fn join(rest: &str) -> Command {
    let (code, name) = name_after_as(rest);
    Code::parse(&code).map_or(Command::Misread, |code| Command::Join { code, name })
}

/// Splits `CODE as NAME` at its first `as`.
fn name_after_as(text: &str) -> (String, Option<String>) {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words.iter().position(|word| word.eq_ignore_ascii_case("as")).unwrap_or(words.len());
    let name = words.iter().skip(at + 1).copied().collect::<Vec<_>>().join(" ");
    (words[..at].join(" "), (!name.is_empty()).then_some(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const PLACES: [Place; 3] = [Place::Outside, Place::Phone, Place::Socket];

    fn code() -> Code {
        Code::parse("7KQ2M9XD").unwrap()
    }

    fn join_as(name: &str) -> Command {
        Command::Join { code: code(), name: Some(name.to_owned()) }
    }

    fn say(text: &str) -> Command {
        Command::Say(text.to_owned())
    }

    #[rstest]
    #[case("new", Command::New { name: None })]
    #[case("New as Ann Lee", Command::New { name: Some("Ann Lee".into()) })]
    #[case("JOIN 7kq2-m9xd", Command::Join { code: code(), name: None })]
    #[case("join 7kq2 m9xd", Command::Join { code: code(), name: None })]
    #[case("7KQ2M9XD", Command::Join { code: code(), name: None })]
    #[case("join 7KQ2M9XD as Ann", join_as("Ann"))]
    #[case("join 7kq2 m9xd AS as you like", join_as("as you like"))]
    #[case("join 7KQ2M9XD as", Command::Join { code: code(), name: None })]
    #[case("join us", Command::Misread)]
    #[case("join", Command::Misread)]
    #[case("/join 7KQ2M9XD", Command::Join { code: code(), name: None })]
    #[case("leave.", Command::Leave)]
    #[case("who", Command::Who)]
    #[case("hello", Command::Help)]
    #[case("", Command::Help)]
    #[case("//", Command::Help)]
    fn text_outside_of_a_room_is_a_command(#[case] text: &str, #[case] expected: Command) {
        assert_eq!(parse(text, Place::Outside), expected);
    }

    #[rstest]
    #[case("/name Ann Lee", Command::Name("Ann Lee".into()))]
    #[case("/who", Command::Who)]
    #[case("/LEAVE", Command::Leave)]
    #[case("/mute Bob", Command::Mute("Bob".into()))]
    #[case("/unmute Bob", Command::Unmute("Bob".into()))]
    #[case("/remove Bob B.", Command::Remove("Bob B.".into()))]
    #[case("/extend", Command::Extend)]
    #[case("/lock", Command::Lock)]
    #[case("/unlock", Command::Unlock)]
    #[case("/mute", Command::Help)]
    #[case("/shrug", Command::Help)]
    #[case("/", Command::Help)]
    #[case("//me waves", say("/me waves"))]
    #[case(" hello ", say("hello"))]
    fn slash_begins_a_command_in_a_room(#[case] text: &str, #[case] expected: Command) {
        assert_eq!(parse(text, Place::Socket), expected);
        assert_eq!(parse(text, Place::Phone), expected);
    }

    #[rstest]
    #[case("leave", Command::Leave)]
    #[case("Leave.", Command::Leave)]
    #[case("who", Command::Who)]
    #[case("new", Command::New { name: None })]
    #[case("name Ann", Command::Name("Ann".into()))]
    #[case("join 7KQ2M9XD as Ann", join_as("Ann"))]
    #[case("leave me alone", say("leave me alone"))]
    #[case("who is here?", say("who is here?"))]
    #[case("new shoes!", say("new shoes!"))]
    #[case("name one thing you like", say("name one thing you like"))]
    #[case("name one?", say("name one?"))]
    #[case("join us", say("join us"))]
    #[case("lock", say("lock"))]
    #[case("mute Bob", say("mute Bob"))]
    #[case("7KQ2M9XD", say("7KQ2M9XD"))]
    fn bare_words_are_commands_by_phone_only(#[case] text: &str, #[case] by_phone: Command) {
        assert_eq!(parse(text, Place::Phone), by_phone);
        assert_eq!(parse(text, Place::Socket), say(text));
    }

    #[rstest]
    #[case("create", "", Command::New { name: None })]
    #[case("new", "as Ann", Command::New { name: Some("Ann".into()) })]
    #[case("typing", "", Command::Typing)]
    #[case("mute", "Bob", Command::Mute("Bob".into()))]
    #[case("extend", "", Command::Extend)]
    #[case("dance", "", Command::Help)]
    fn type_of_a_frame_is_a_command(
        #[case] kind: &str,
        #[case] text: &str,
        #[case] expected: Command,
    ) {
        assert_eq!(parse_type(kind, text), expected);
    }

    proptest! {
        #[test]
        fn every_text_is_read(text in "(/|as |join |name |\\PC){0,12}") {
            for place in PLACES {
                let said = matches!(parse(&text, place), Command::Say(_));
                prop_assert!(!said || place != Place::Outside);
            }
        }
    }
}
