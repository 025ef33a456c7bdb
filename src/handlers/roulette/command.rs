//! What a message asks for.

use serde::{Deserialize, Serialize};

/// The words that a provider takes as an opt-out (Twilio's list), and acts on before we see them.
const STOP_WORDS: [&str; 8] =
    ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Connect,
    Disconnect,
    Refresh,
    Call,
    Stats,
    /// Be left alone, and not be told so.
    Stop,
    /// Nothing of us: it is for the stranger.
    Relay,
}

/// The words for each command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Synonyms {
    pub connect: Vec<String>,
    pub disconnect: Vec<String>,
    pub refresh: Vec<String>,
    pub call: Vec<String>,
    pub stats: Vec<String>,
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
        }
    }
}

impl Synonyms {
    /// A command is a whole message. Within a sentence it is a word like any other.
    pub(super) fn understand(&self, text: &str) -> Asked {
        let body = normal(text);
        if STOP_WORDS.contains(&body.as_str()) {
            return Asked::Stop;
        }
        let commands =
            [Asked::Connect, Asked::Disconnect, Asked::Refresh, Asked::Call, Asked::Stats];
        self.lists()
            .into_iter()
            .zip(commands)
            .find(|((_, words), _)| words.iter().any(|word| normal(word) == body))
            .map_or(Asked::Relay, |(_, command)| command)
    }

    /// Every word that could not be understood as what it stands for, each with its fix.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut taken: Vec<(String, &str)> = Vec::new();
        for (command, words) in self.lists() {
            let key = format!("properties.synonyms.{command}");
            if words.is_empty() {
                problems.push(format!("{key} is empty; name at least one word"));
            }
            for word in words {
                let word = normal(word);
                let other = taken.iter().find(|(known, _)| *known == word);
                if word.is_empty() {
                    problems.push(format!("{key} has a word without letters; remove it"));
                } else if STOP_WORDS.contains(&word.as_str()) {
                    problems.push(format!("{key}: \"{word}\" opts a number out; choose another"));
                } else if let Some((_, other)) = other {
                    problems.push(format!("{key}: \"{word}\" also stands for {other}; keep one"));
                } else {
                    taken.push((word, command));
                }
            }
        }
        problems
    }

    fn lists(&self) -> [(&'static str, &[String]); 5] {
        [
            ("connect", &self.connect),
            ("disconnect", &self.disconnect),
            ("refresh", &self.refresh),
            ("call", &self.call),
            ("stats", &self.stats),
        ]
    }
}

/// Phones capitalise, and people end a message with a full stop; neither means anything here.
fn normal(text: &str) -> String {
    let end = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || "…。！？".contains(c);
    text.trim_start().trim_end_matches(end).to_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("connect conn login register", Asked::Connect)]
    #[case("disconnect dc logout", Asked::Disconnect)]
    #[case("refresh reload", Asked::Refresh)]
    #[case("call share", Asked::Call)]
    #[case("stats", Asked::Stats)]
    #[case("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT", Asked::Stop)]
    #[case("START UNSTOP YES HELP INFO", Asked::Relay)]
    fn every_word_has_its_meaning_in_any_dress(#[case] words: &str, #[case] expected: Asked) {
        for word in words.split(' ') {
            for dressed in
                [word.to_owned(), word.to_uppercase(), format!(" {word}. "), format!("{word}!?")]
            {
                assert_eq!(Synonyms::default().understand(&dressed), expected, "{dressed}");
            }
        }
    }

    #[rstest]
    #[case("call me")]
    #[case("please connect")]
    #[case("stop it")]
    #[case("connected")]
    #[case("?")]
    #[case("")]
    fn a_word_within_a_sentence_is_for_the_stranger(#[case] text: &str) {
        assert_eq!(Synonyms::default().understand(text), Asked::Relay);
    }

    #[test]
    fn the_defaults_have_no_problem_and_every_other_has_its_line() {
        assert_eq!(Synonyms::default().problems(), Vec::<String>::new());
        let bad = Synonyms {
            connect: vec!["Go".into(), "!".into()],
            disconnect: vec!["quit".into()],
            refresh: vec!["go.".into()],
            call: vec![],
            ..Synonyms::default()
        };
        let problems = bad.problems();
        assert_eq!(problems.len(), 4, "{problems:?}");
        for (problem, named) in problems.iter().zip(["connect", "disconnect", "refresh", "call"]) {
            assert!(problem.starts_with(&format!("properties.synonyms.{named}")), "{problem}");
        }
    }
}
