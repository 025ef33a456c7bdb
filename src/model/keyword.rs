//! Words that are commands when they are a whole message.

/// Opt-out words of Twilio's list, on which a provider acts before the message reaches a handler.
const OPT_OUT: [&str; 8] =
    ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"];

/// Returns whether a whole message is an opt-out word.
pub fn is_opt_out(text: &str) -> bool {
    OPT_OUT.contains(&normalize(text).as_str())
}

/// Words that take an opt-out back.
const OPT_IN: [&str; 2] = ["start", "unstop"];

/// Returns whether a whole message takes an opt-out back.
pub fn is_opt_in(text: &str) -> bool {
    OPT_IN.contains(&normalize(text).as_str())
}

/// Returns a text in lower case and without the punctuation at its end, which phones and people add
/// to a command.
pub fn normalize(text: &str) -> String {
    let end = |c: char| c.is_whitespace() || c.is_ascii_punctuation() || "…。！？".contains(c);
    text.trim_start().trim_end_matches(end).to_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT", true)]
    #[case("START UNSTOP YES HELP INFO", false)]
    fn opt_out_word_counts_in_any_case_and_punctuation(
        #[case] words: &str,
        #[case] expected: bool,
    ) {
        for word in words.split(' ') {
            for written in
                [word.to_owned(), word.to_lowercase(), format!(" {word}. "), format!("{word}!?")]
            {
                assert_eq!(is_opt_out(&written), expected, "{written}");
            }
        }
    }

    #[rstest]
    #[case("stop it")]
    #[case("please stop")]
    #[case("")]
    fn opt_out_word_within_a_sentence_is_text(#[case] text: &str) {
        assert!(!is_opt_out(text));
    }
}
