//! Masks: phone numbers, links and addresses of mail that people write in their texts are hidden.
//!
//! They are looked for by what they look like ([`Folded`]): with digits of any script, full-width or
//! look-alike letters, invisible characters, and separators that are spelled out, as in `bob at
//! example dot com`. A mask is a hurdle and no proof: people can always tell a number in a riddle.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::characters::Folded;
use super::domains::{ENDINGS, WELL_KNOWN};

/// Contents of texts that can be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// Seven digits or more, whatever separates them, digits spelled in English included.
    Phone,
    /// Links, with or without their scheme, and IPv4 addresses.
    Url,
    Email,
}

/// Returns a text with everything of these kinds replaced by `shown`.
pub fn masked(text: &str, kinds: &BTreeSet<Mask>, shown: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for hit in hits(text, kinds) {
        if hit.start >= end {
            masked.push_str(&text[end..hit.start]);
            masked.push_str(shown);
        }
        end = end.max(hit.end);
    }
    masked.push_str(&text[end..]);
    masked
}

/// Returns the places of what is masked, in order. Some may overlap.
fn hits(text: &str, kinds: &BTreeSet<Mask>) -> Vec<Range<usize>> {
    if kinds.is_empty() {
        return Vec::new();
    }
    let folded = Folded::with_digits(text);
    let patterns = kinds.iter().flat_map(|kind| match kind {
        Mask::Phone => &PHONE[..],
        Mask::Url => &URL[..],
        Mask::Email => std::slice::from_ref(&*EMAIL),
    });
    let found = patterns.flat_map(|pattern| pattern.find_iter(&folded.text));
    let mut hits: Vec<Range<usize>> = found.map(|hit| folded.source(hit.range())).collect();
    hits.sort_by_key(|hit| hit.start);
    hits
}

/// Part of a domain's name.
const LABEL: &str = r"[\p{L}\p{N}][\p{L}\p{N}_-]*";
/// Dot within a domain's name, as nothing but a domain is written.
const DOT: &str = r"(?: ?[.。·•‧∙]| ?[(\[{<] ?(?:dot|punkt|[.。]) ?[)\]}>] ?)";
/// Dot that ordinary sentences have too.
const LOOSE_DOT: &str =
    r"(?: ?[.。·•‧∙] ?| ?[(\[{<] ?(?:dot|punkt|[.。]) ?[)\]}>] ?| (?:dot|punkt) )";
/// Sign between the two halves of an address of mail.
const AT: &str = r"(?: ?@ ?| ?[(\[{<] ?(?:at|@) ?[)\]}>] ?| at )";

static PHONE: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let word = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)";
    let spelled = "(?:dash|hyphen|minus|dot|point|space|slash|strich|bindestrich|punkt)";
    let separator = format!(
        r"(?:[^\p{{L}}\p{{N}}]{{0,4}}|[^\p{{L}}\p{{N}}]{{0,3}}{spelled}[^\p{{L}}\p{{N}}]{{0,3}})"
    );
    // A letter O stands for a zero between digits.
    let number = |digit: &str| format!("{digit}(?:{separator}(?:{digit}|o)){{6,}}");
    let apart = number(&format!(r"(?:[0-9]|\b{word}\b)"));
    // Words that stand in one with others or with digits, as in `4one5`. The bounds at both ends leave
    // the `one` of `phone` alone.
    let together = number(&format!("(?:[0-9]|{word})"));
    [
        pattern(&format!(r"(?:[+(] ?){{0,2}}{apart}")),
        pattern(&format!(r"(?:[+(] ?){{0,2}}\b{together}\b")),
    ]
});

static URL: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    let (endings, known) = (ENDINGS.join("|"), WELL_KNOWN.join("|"));
    let path = r"(?: ?[/:?#][^\s]*)?";
    [
        pattern(r"\b[a-z][a-z0-9+-]* ?: ?/ ?/ ?\S+"),
        pattern(&format!(r"\bwww{LOOSE_DOT}\S+")),
        pattern(&format!(r"\b(?:{LABEL}{DOT})+(?:{endings}|{known})\b{path}")),
        pattern(&format!(r"\b(?:{LABEL}{LOOSE_DOT})+(?:{known})\b{path}")),
        pattern(
            r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b(?:[/:]\S*)?|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S*",
        ),
    ]
});

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    let (endings, known) = (ENDINGS.join("|"), WELL_KNOWN.join("|"));
    let local = r"[\p{L}\p{N}._%+-]+";
    let host =
        format!(r"(?:(?:{LABEL}{DOT})+(?:{endings}|{known})|(?:{LABEL}{LOOSE_DOT})+(?:{known}))\b");
    pattern(&format!(r"{local}@[^\s@]+\.[\p{{L}}-]{{2,}}|{local}{AT}{host}"))
});

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is fixed")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn masked_by(kind: Mask, text: &str) -> String {
        masked(text, &BTreeSet::from([kind]), "***")
    }

    #[rstest]
    #[case("Call +1 (415) 555-0100 now", "Call *** now")]
    #[case("4155550100", "***")]
    #[case("four one five, 555 oh one 00!", "***!")]
    #[case("415 dash 555 dash 0100", "***")]
    #[case("4 1 5 . 5 5 5 . 0 1 0 0", "***")]
    #[case("415\n555\n0100", "***")]
    #[case("415🙂555🙂0100", "***")]
    #[case("٤١٥٥٥٥٠١٠٠", "***")]
    #[case("４１５５５５０１００ and ④①⑤⑤⑤⑤⓪①⓪⓪", "*** and ***")]
    #[case(
        "4\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}5\u{fe0f}\u{20e3}5\u{fe0f}\u{20e3}5\u{fe0f}\u{20e3}5\u{fe0f}\u{20e3}0\u{fe0f}\u{20e3}",
        "***"
    )]
    #[case("41\u{200b}55\u{ad}55o1oo", "***")]
    #[case("𝟺𝟷𝟻𝟻𝟻𝟻𝟶𝟷𝟶𝟶", "***")]
    #[case("4one5five5five5oh1", "***")]
    #[case("fouronefivefivefivefiveohoneohoh", "***")]
    #[case("Text fourone5-55five5oh1oh me", "Text *** me")]
    fn phone_numbers_are_masked(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(masked_by(Mask::Phone, text), expected);
    }

    #[rstest]
    #[case("See https://example.com/a?b=c today", "See *** today")]
    #[case("example.com, t.me/bob and bit.ly/x", "***, *** and ***")]
    #[case("www.example.museum", "***")]
    #[case("w\u{200b}ww.example.com", "***")]
    #[case("ｅｘａｍｐｌｅ．ｃｏｍ", "***")]
    #[case("ехаmрlе.соm", "***")]
    #[case("example dot com slash me", "*** slash me")]
    #[case("example (dot) com, example[.]org", "***, ***")]
    #[case("example . com", "***")]
    #[case("hxxp://a.b", "***")]
    #[case("at 192.168.1.20:8080/x", "at ***")]
    #[case("пример.рф", "***")]
    fn links_are_masked(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(masked_by(Mask::Url, text), expected);
    }

    #[rstest]
    #[case("bob@example.com is me", "*** is me")]
    #[case("Bob.Smith+x@mail.example.co.uk!", "***!")]
    #[case("bob at example dot com", "***")]
    #[case("bob (at) example [dot] com", "***")]
    #[case("bob @ example . com", "***")]
    #[case("ｂｏｂ＠example.com", "***")]
    fn addresses_of_mail_are_masked(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(masked_by(Mask::Email, text), expected);
    }

    #[rstest]
    #[case("I know. It is fine. So am I. Me too.")]
    #[case("We met at noon. In Berlin, e.g. at 10:30.")]
    #[case("I have 2 cats, 3 dogs and 415 fish.")]
    #[case("One of us is 45, and two are 23.")]
    #[case("My phone 123456, nobody's bone 654321 someone 111111")]
    #[case("wait...what? and/or, 1.5 or 22.11.")]
    #[case("Polka dot dresses at home")]
    #[case("é 👩\u{200d}👧 नमस्ते")]
    #[case("")]
    fn ordinary_texts_stay(#[case] text: &str) {
        assert_eq!(
            masked(text, &BTreeSet::from([Mask::Phone, Mask::Url, Mask::Email]), "***"),
            text
        );
    }

    #[test]
    fn kinds_are_masked_one_by_one_and_together() {
        let text = "555 0100 99, bob@example.com, https://example.org";
        assert_eq!(masked_by(Mask::Phone, text), "***, bob@example.com, https://example.org");
        assert_eq!(masked_by(Mask::Email, text), "555 0100 99, ***, https://example.org");
        let all = BTreeSet::from([Mask::Phone, Mask::Url, Mask::Email]);
        assert_eq!(masked(text, &all, "***"), "***, ***, ***");
        assert_eq!(masked(text, &BTreeSet::new(), "***"), text);
    }
}
