//! Commands, and the words that stand for them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::call;
use crate::contracts::settings::SettingsErrors;
use crate::model;
use crate::model::keyword::{is_opt_out, normalize};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Connect,
    Disconnect,
    Refresh,
    /// CALL, with the code that confirms it.
    Call(Option<u8>),
    Stats,
    /// WAIT, a command only after a wait that ended by itself.
    Wait,
    Block,
    Report,
    /// Not a command: a text for the partner.
    Relay,
}

/// Words for each command, set under `properties.synonyms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Synonyms {
    pub connect: Vec<String>,
    pub disconnect: Vec<String>,
    pub refresh: Vec<String>,
    pub call: Vec<String>,
    pub stats: Vec<String>,
    pub wait: Vec<String>,
    pub block: Vec<String>,
    pub report: Vec<String>,
}

impl Default for Synonyms {
    fn default() -> Self {
        let words = |words: &str| words.split(' ').map(str::to_owned).collect();
        Self {
            connect: words("connect conn login register"),
            disconnect: words("disconnect dc logout"),
            refresh: words("refresh reload"),
            call: words("call share"),
            stats: words("stats"),
            wait: words("wait"),
            block: words("block"),
            report: words("report"),
        }
    }
}

impl Synonyms {
    /// Returns the commands as people see them, each by its first word.
    pub(super) fn offered(&self) -> Vec<model::command::Command> {
        let commands = [
            (&self.connect, "finds a stranger to chat with, once a second phone sends it too"),
            (&self.refresh, "leaves the chat and finds another stranger"),
            (&self.disconnect, "leaves the chat"),
            (&self.call, "offers the stranger your number"),
            (&self.stats, "counts the people"),
            (&self.block, "leaves the chat, and never meets the stranger again"),
            (&self.report, "shows the chat to the operator, and does as block does"),
        ];
        let offered = |(words, help): &(&Vec<String>, &str)| {
            words.first().map(|word| model::command::Command::new(word, *help))
        };
        commands.iter().filter_map(offered).collect()
    }

    /// Reports every word that could never be read as its command.
    pub(super) fn check(&self, errors: &mut SettingsErrors) {
        let mut taken: Vec<(String, &str)> = Vec::new();
        for (command, words) in self.lists() {
            let key = format!("synonyms.{command}");
            if words.is_empty() {
                errors.add(&key, "is empty; name at least one word");
            }
            for word in words {
                let word = normalize(word);
                let other = taken.iter().find(|(known, _)| *known == word);
                if word.is_empty() {
                    errors.add(&key, "has a word without letters; remove it");
                } else if is_opt_out(&word) {
                    errors.add(&key, format!("\"{word}\" is an opt-out word; choose another"));
                } else if let Some((_, other)) = other {
                    errors.add(&key, format!("\"{word}\" also stands for {other}; keep one"));
                } else {
                    taken.push((word, command));
                }
            }
        }
    }

    fn lists(&self) -> [(&'static str, &[String]); 8] {
        [
            ("connect", &self.connect),
            ("disconnect", &self.disconnect),
            ("refresh", &self.refresh),
            ("call", &self.call),
            ("stats", &self.stats),
            ("wait", &self.wait),
            ("block", &self.block),
            ("report", &self.report),
        ]
    }
}

/// Words of all commands, each as a text is compared with it.
#[derive(Debug)]
pub(super) struct Vocabulary(HashMap<String, Command>);

impl Vocabulary {
    pub(super) fn new(synonyms: &Synonyms) -> Self {
        let commands = [
            Command::Connect,
            Command::Disconnect,
            Command::Refresh,
            Command::Call(None),
            Command::Stats,
            Command::Wait,
            Command::Block,
            Command::Report,
        ];
        let lists = synonyms.lists().into_iter().zip(commands);
        let words = lists.flat_map(|((_, words), command)| {
            words.iter().map(move |word| (normalize(word), command))
        });
        Self(words.collect())
    }

    /// Returns the command that a text is. A command is a whole message; within a sentence it is
    /// text for the partner.
    pub(super) fn command(&self, text: &str) -> Command {
        let text = normalize(text);
        if let Some((word, code)) = call::code(&text)
            && self.0.get(&normalize(word)) == Some(&Command::Call(None))
        {
            return Command::Call(Some(code));
        }
        self.0.get(&text).copied().unwrap_or(Command::Relay)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn command(text: &str) -> Command {
        Vocabulary::new(&Synonyms::default()).command(text)
    }

    #[rstest]
    #[case("connect conn login register", Command::Connect)]
    #[case("disconnect dc logout", Command::Disconnect)]
    #[case("refresh reload", Command::Refresh)]
    #[case("call share", Command::Call(None))]
    #[case("stats", Command::Stats)]
    #[case("wait", Command::Wait)]
    #[case("block", Command::Block)]
    #[case("report", Command::Report)]
    #[case("START UNSTOP YES HELP INFO", Command::Relay)]
    fn command_word_counts_in_any_case_and_punctuation(
        #[case] words: &str,
        #[case] expected: Command,
    ) {
        for word in words.split(' ') {
            for written in
                [word.to_owned(), word.to_uppercase(), format!(" {word}. "), format!("{word}!?")]
            {
                assert_eq!(command(&written), expected, "{written}");
            }
        }
    }

    #[rstest]
    #[case("call 47", Some(47))]
    #[case(" CALL 47. ", Some(47))]
    #[case("Share:47!", Some(47))]
    #[case("call47", Some(47))]
    #[case("call #47", Some(47))]
    #[case("stats 47", None)]
    #[case("call 07", None)]
    #[case("call 147", None)]
    #[case("call +7", None)]
    #[case("call me 47", None)]
    #[case("call 4é", None)]
    #[case("47", None)]
    #[case("é", None)]
    fn code_is_two_digits_behind_the_command(#[case] text: &str, #[case] expected: Option<u8>) {
        let expected = expected.map_or(Command::Relay, |code| Command::Call(Some(code)));
        assert_eq!(command(text), expected);
    }

    #[rstest]
    #[case("call me")]
    #[case("please connect")]
    #[case("stop it")]
    #[case("connected")]
    #[case("?")]
    #[case("")]
    fn command_word_within_a_sentence_is_relayed(#[case] text: &str) {
        assert_eq!(command(text), Command::Relay);
    }

    fn errors_of(synonyms: &Synonyms) -> Vec<String> {
        let mut errors = SettingsErrors::default();
        synonyms.check(&mut errors);
        errors.lines()
    }

    #[test]
    fn default_synonyms_are_valid_and_every_bad_word_is_reported() {
        assert_eq!(errors_of(&Synonyms::default()), Vec::<String>::new());
        let bad = Synonyms {
            connect: vec!["Go".into(), "!".into()],
            disconnect: vec!["quit".into()],
            refresh: vec!["go.".into()],
            call: vec![],
            ..Synonyms::default()
        };
        let errors = errors_of(&bad);
        assert_eq!(errors.len(), 4, "{errors:?}");
        for (error, named) in errors.iter().zip(["connect", "disconnect", "refresh", "call"]) {
            assert!(error.starts_with(&format!("synonyms.{named}")), "{error}");
        }
    }
}
