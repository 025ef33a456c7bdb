//! Words that are commands when they are a whole message.

/// Opt-out words: Twilio's list, on which a provider acts before the message reaches a handler, and
/// what people write in place of them. `arre\u{302}t` is `arrêt` with a combining accent.
const OPT_OUT: [&str; 13] = [
    "stop",
    "stopall",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "opt out",
    "arret",
    "arrêt",
    "arre\u{302}t",
];

/// Returns whether a whole message is an opt-out word.
pub fn is_opt_out(text: &str) -> bool {
    OPT_OUT.contains(&words(text).as_str())
}

/// Words that take an opt-out back.
const OPT_IN: [&str; 2] = ["start", "unstop"];

/// Returns whether a whole message takes an opt-out back.
pub fn is_opt_in(text: &str) -> bool {
    OPT_IN.contains(&words(text).as_str())
}

/// Returns whether a whole message is YES, by which a person who has opted out comes back.
pub fn is_yes(text: &str) -> bool {
    words(text) == "yes"
}

/// Returns whether a whole message asks for help.
pub fn is_help(text: &str) -> bool {
    matches!(words(text).as_str(), "help" | "info")
}

/// Longest text that may be one of these words, with what stands around it, in bytes.
const LONGEST: usize = 128;

/// Returns the words of a short text in lower case, one blank apart, without punctuation and invisible
/// characters around them; nothing of a text of more than two words, which is none of these.
fn words(text: &str) -> String {
    if text.len() > LONGEST {
        return String::new();
    }
    let is_letter = |c: char| c.is_alphanumeric() || c == '\u{302}';
    let words = text.split(|c: char| c.is_whitespace() || c == '-');
    let words = words.map(|word| word.trim_matches(|c| !is_letter(c)));
    let mut words = words.filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(word), None, _) => word.to_lowercase(),
        (Some(first), Some(second), None) => format!("{first} {second}").to_lowercase(),
        _ => String::new(),
    }
}

/// Returns a text in lower case and without the punctuation at its end, which phones and people add
/// to a command.
pub fn normalize(text: &str) -> String {
    let end = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || "…。！？".contains(c);
    text.trim_start().trim_end_matches(end).to_lowercase()
}

/// Returns the rest of a text that begins with a keyword, a word or several, in any case: without the
/// blanks, commas, semicolons and colons after it, and empty when the keyword is the whole message. A
/// longer word that begins with it is another word.
pub fn after<'t>(keyword: &str, text: &'t str) -> Option<&'t str> {
    let rest = strip(text.trim_start(), &keyword.to_lowercase())?;
    let tail = rest.trim_start_matches(is_separator);
    if tail.len() < rest.len() || rest.is_empty() {
        return Some(tail);
    }
    // Punctuation right behind the keyword, as in `help!`, belongs to it.
    normalize(rest).is_empty().then_some("")
}

/// Removes a beginning in lower case, however the text writes it.
fn strip<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    let mut left = beginning;
    let mut chars = text.chars();
    while !left.is_empty() {
        for c in chars.next()?.to_lowercase() {
            left = left.strip_prefix(c)?;
        }
    }
    Some(chars.as_str())
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | ':')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT", true)]
    #[case("ARRET ARRÊT ARRE\u{302}T OPT-OUT", true)]
    #[case("START UNSTOP YES HELP INFO", false)]
    fn opt_out_word_counts_in_any_case_and_punctuation(
        #[case] words: &str,
        #[case] expected: bool,
    ) {
        for word in words.split(' ') {
            for written in [
                word.to_owned(),
                word.to_lowercase(),
                format!(" {word}. "),
                format!("{word}!?"),
                format!("«{word}»"),
                format!("¡ “{word}\u{200b}” …"),
            ] {
                assert_eq!(is_opt_out(&written), expected, "{written}");
            }
        }
    }

    // RapidSMS' `KeywordHandler` (rapidsms/contrib/handlers/handlers/keyword.py) takes the same
    // separators, but no end of the word: there `echoes` is `echo` with the text `es`.
    #[rstest]
    #[case("echo hello there", Some("hello there"))]
    #[case("  Echo: Hello\nthere ", Some("Hello\nthere "))]
    #[case("ECHO,;: x", Some("x"))]
    #[case("echo", Some(""))]
    #[case(" Echo! ", Some(""))]
    #[case("echo ; ", Some(""))]
    #[case("echo ?!", Some("?!"))]
    #[case("echoes of you", None)]
    #[case("ech", None)]
    #[case("hello", None)]
    #[case("ééé", None)]
    #[case("", None)]
    fn keyword_counts_as_a_word_at_the_beginning(
        #[case] text: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(after("echo", text), expected);
    }

    #[test]
    fn opt_out_may_be_two_words_and_the_others_are_words_too() {
        for text in ["Stop all", "STOP  ALL!", "opt out.", "\"Opt\u{a0}Out\""] {
            assert!(is_opt_out(text), "{text}");
        }
        assert!(is_opt_in("(Start)") && is_yes(" Yes! ") && is_help("*HELP*") && is_help("info?"));
        assert!(!is_yes("yes, please") && !is_help("help me") && !is_opt_in("start over"));
        assert!(!is_opt_out(&format!("{}stop", " ".repeat(200))), "longer than any such text");
        assert!(!is_opt_out("stop all of it") && !is_opt_out("- . -"));
    }

    #[test]
    fn keyword_may_be_several_words_of_any_alphabet() {
        assert_eq!(after("join us", "Join us, Ann"), Some("Ann"));
        assert_eq!(after("über", "ÜBER uns"), Some("uns"));
        assert_eq!(after("über", "übermorgen"), None);
    }

    #[rstest]
    #[case("stop it")]
    #[case("stop, all of you")]
    #[case("please stop")]
    #[case("")]
    fn opt_out_word_within_a_sentence_is_text(#[case] text: &str) {
        assert!(!is_opt_out(text));
    }
}
