//! Normalisation of a text, so that a disguised word is found in it.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Returns a text in the form that is searched for terms. The spaces at its ends are word bounds.
pub(super) fn plain(text: &str) -> String {
    let text = fold(text);
    let spelled_out = spelled_out(&text);
    blank_numbers(format!(" {text} {spelled_out} "))
}

/// Removes differences of appearance: case, accents, fancy forms, invisible characters, and letters
/// of other alphabets that look like ours.
pub(super) fn fold(text: &str) -> String {
    // Characters of ASCII are in their simplest form.
    if text.is_ascii() {
        return text.chars().map(|c| look_alike(c.to_ascii_lowercase())).collect();
    }
    text.nfkd()
        .filter(|&c| !is_combining_mark(c) && !is_invisible(c))
        .flat_map(char::to_lowercase)
        .map(look_alike)
        .collect()
}

fn look_alike(c: char) -> char {
    match c {
        'а' => 'a',
        'с' => 'c',
        'е' => 'e',
        'ı' | 'і' => 'i',
        'к' => 'k',
        'ł' => 'l',
        'о' | 'ø' => 'o',
        'р' => 'p',
        'ѕ' => 's',
        'т' => 't',
        'у' => 'y',
        'х' => 'x',
        '‘' | '’' | '`' => '\'',
        // `\w` takes it for a letter; in f_u_c_k it is a gap.
        '_' => '-',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// Returns whether Unicode has a character shown as nothing.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{feff}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns the words whose letters stand apart, joined: "f u c k", "f.u.c.k". Their gaps must be
/// alike, or "a S.S. ship" would be one.
fn spelled_out(text: &str) -> String {
    if has_lone_letters(text) { joined(text) } else { String::new() }
}

fn joined(text: &str) -> String {
    static TOKEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\w@$]+|\B!\B").expect("the expression is a constant"));
    let mut words = String::new();
    let (mut run, mut joint, mut end, mut after_word) = (String::new(), "", 0, false);
    for token in TOKEN.find_iter(text) {
        let (gap, letter) = (&text[end..token.start()], token.as_str());
        end = token.end();
        // The "t" of "don't" is no letter that stands apart.
        if letter.chars().nth(1).is_some() || (after_word && gap == "'") {
            after_word = true;
            push_run(&mut words, &std::mem::take(&mut run));
            continue;
        }
        after_word = false;
        if run.chars().nth(1).is_some() && joint != gap.trim() {
            push_run(&mut words, &run);
            run = run.chars().last().into_iter().collect();
        }
        joint = gap.trim();
        run.push_str(letter);
    }
    push_run(&mut words, &run);
    words
}

/// Returns whether so many letters may stand apart that they are a word. It spares most texts the search
/// for them.
fn has_lone_letters(text: &str) -> bool {
    let is_apart = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '$'));
    let lone = text.split(is_apart).filter(|token| token.len() == 1).count();
    !text.is_ascii() || lone + text.matches('!').count() > 2
}

/// Adds a joined word, also without the words of one letter that may come first ("u r a ...") or last
/// ("... u").
fn push_run(words: &mut String, run: &str) {
    // More of them are not in use, and the work stays linear.
    const LEADING: usize = 4;
    let leading = run.chars().take_while(|c| matches!(c, 'a' | 'i' | 'r' | 'u')).count();
    for skipped in 0..=leading.min(LEADING) {
        let word = &run[skipped..];
        if word.chars().nth(2).is_none() {
            break;
        }
        for word in [word, word.trim_end_matches('u')] {
            words.push(' ');
            words.push_str(word);
        }
    }
}

/// Replaces numbers, so that they are not read as letters: 455, the road A55, a price of A$5.
fn blank_numbers(text: String) -> String {
    static PRICE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\$([0-9])").expect("the expression is a constant"));
    static TOKEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[\w@$]*[0-9][\w@$]*").expect("the expression is a constant"));
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return text;
    }
    let text = PRICE.replace_all(&text, " $1");
    let blank = |token: &regex::Captures<'_>| {
        let letters = token[0].chars().filter(|c| !c.is_ascii_digit()).count();
        if letters >= 2 { token[0].to_owned() } else { "_".to_owned() }
    };
    TOKEN.replace_all(&text, blank).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn disguises_are_undone() {
        assert_eq!(fold("ＦÜ\u{200b}\u{ad}сK\u{336}"), "fuck");
        assert_eq!(spelled_out("oh f.u.c.k and s h i t").trim(), "fuck fuck shit shit");
        assert_eq!(spelled_out("don't i think"), "");
        assert_eq!(spelled_out("a S.S. ship"), "");
        assert_eq!(
            blank_numbers("455 on the a55 for a$5, 4ss".to_owned()),
            "_ on the _ for a _, 4ss"
        );
    }

    proptest! {
        #[test]
        fn text_without_lone_letters_spells_nothing_out(text in "[ab1_@$!'. é-]{0,12}") {
            if !has_lone_letters(&text) {
                prop_assert_eq!(joined(&text), "");
            }
        }
    }

    #[test]
    fn ascii_is_folded_as_any_other_text() {
        let ascii: String = (0..128_u8).map(char::from).collect();
        let folded = fold(&format!("{ascii}é"));
        assert_eq!(fold(&ascii), folded[..folded.len() - 1]);
    }

    #[test]
    fn run_of_single_letters_grows_linearly() {
        let run = "a ".repeat(1600);
        assert!(spelled_out(&run).len() < 10 * run.len());
    }
}
