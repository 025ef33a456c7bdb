//! Phone numbers in E.164, so that each spelling of a number is the same identity.
//!
//! Providers always write the country code. They differ in punctuation, in `00` for `+`, and in
//! leaving out the `+`, which a small rule can undo. The numbering plans of all countries are not
//! needed for that: a provider already knows which numbers are in use.

/// Number of digits, country code included (ITU-T E.164, section 6).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Fewest digits of an international number without a `+`. A shorter one may be a national number or
/// a short code.
const UNMARKED_DIGITS: usize = 11;

/// Channel whose identities are phone numbers behind a prefix.
const WHATSAPP: &str = "whatsapp:";
const WHATSAPP_NAME: &str = "whatsapp";

/// Returns an identity with its phone number in E.164 (`+14158675309`). An identity that is no
/// international phone number, such as a short code, a name or `messenger:123`, is returned unchanged.
pub fn normalize(identity: &str) -> String {
    let (prefix, number) = match identity.get(..WHATSAPP.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(WHATSAPP) => identity.split_at(WHATSAPP.len()),
        _ => ("", identity),
    };
    match e164(number) {
        Some(number) if prefix.is_empty() => number,
        Some(number) => format!("{WHATSAPP}{number}"),
        None => identity.to_owned(),
    }
}

/// Returns the phone number that an identity is, in E.164 and without the channel in front of it, as in
/// `whatsapp:+14158675309`; nothing for an identity that is no phone number.
pub fn number(identity: &str) -> Option<String> {
    match identity.rsplit_once(':') {
        // Without its `+`, what stands behind a channel may be an id of any kind.
        Some((WHATSAPP_NAME, number)) => e164(number),
        Some((_, number)) => e164(number).filter(|_| number.starts_with('+')),
        None => e164(identity),
    }
}

fn e164(number: &str) -> Option<String> {
    // Trunk prefix that is dialled within a country only: +44 (0)20 7946 0958.
    let number: String =
        number.replace("(0)", "").chars().filter(|it| !is_separator(*it)).collect();
    let marked = number.strip_prefix('+').or_else(|| number.strip_prefix("00"));
    let digits = marked.unwrap_or(&number);
    let long_enough = marked.is_some() || digits.len() >= UNMARKED_DIGITS;
    (long_enough && is_international(digits)).then(|| format!("+{digits}"))
}

fn is_separator(character: char) -> bool {
    matches!(character, ' ' | '-' | '.' | '/' | '(' | ')')
}

fn is_international(digits: &str) -> bool {
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits && DIGITS.contains(&digits.len()) && has_country_code(digits)
}

/// Returns whether the digits start with an assigned country code (ITU-T E.164, list of 2016). For the
/// two codes of one digit the length of the numbers is fixed, and with it what may follow.
fn has_country_code(digits: &str) -> bool {
    let at = |index: usize| digits.as_bytes().get(index).copied().unwrap_or_default();
    match at(0) {
        // North American Numbering Plan: area and exchange start with 2 to 9.
        b'1' => digits.len() == 11 && at(1) >= b'2' && at(4) >= b'2',
        // Russia and Kazakhstan.
        b'7' => digits.len() == 11 && at(1) >= b'3',
        _ => digits[..3].parse().is_ok_and(is_assigned),
    }
}

/// Country codes of two and three digits, by the first three digits of a number.
fn is_assigned(code: u16) -> bool {
    matches!(code,
        200..=209 | 211..=213 | 216 | 218 | 220..=258 | 260..=279 | 290 | 291 | 297..=349
        | 350..=383 | 385..=387 | 389..=421 | 423 | 430..=509 | 510..=599 | 600..=670 | 672..=683
        | 685..=692 | 800 | 808 | 810..=829 | 840..=850 | 852 | 853 | 855 | 856 | 860..=870 | 878
        | 880..=883 | 886 | 888 | 900..=968 | 970..=977 | 979..=989 | 992..=996 | 998)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+14158675309", "+14158675309")]
    #[case("14158675309", "+14158675309")]
    #[case("0014158675309", "+14158675309")]
    #[case("+1 (415) 867-5309", "+14158675309")]
    #[case("1.415.867.5309", "+14158675309")]
    #[case(" 14158675309", "+14158675309")]
    #[case("+44 (0)20 7946 0958", "+442079460958")]
    #[case("4915112345678", "+4915112345678")]
    #[case("+290 23456", "+29023456")]
    #[case("whatsapp:+1 415 867 5309", "whatsapp:+14158675309")]
    #[case("WhatsApp:14158675309", "whatsapp:+14158675309")]
    fn spellings_of_a_phone_number_become_e164(#[case] written: &str, #[case] normalized: &str) {
        assert_eq!(normalize(written), normalized);
    }

    #[rstest]
    #[case::empty("")]
    #[case::short_code("24680")]
    #[case::national("415 867 5309")]
    #[case::tester("1112223333")]
    #[case::tester_with_plus("+1112223333")]
    #[case::name("PIZZA HUT")]
    #[case::name_with_digits("14158675309a")]
    #[case::messenger("messenger:14158675309")]
    #[case::unknown_channel("rcs:agent_14158675309")]
    #[case::whatsapp_name("whatsapp:someone")]
    #[case::unassigned_country("+21023456789")]
    #[case::leading_zero("+04158675309")]
    #[case::too_short("+4512345")]
    #[case::too_long("+4512345678901234")]
    #[case::north_american_area("+11158675309")]
    #[case::north_american_length("+1415867530")]
    #[case::other_digits("+1415867530\u{0669}")]
    #[case::two_signs("++14158675309")]
    #[case::escaped("%2B14158675309")]
    fn other_identities_stay_as_they_are(#[case] identity: &str) {
        assert_eq!(normalize(identity), identity);
    }

    fn written(digits: &str, separators: &[&str]) -> String {
        let mut separators = separators.iter().cycle();
        digits.chars().fold(String::new(), |text, digit| {
            text + &digit.to_string() + separators.next().unwrap_or(&"")
        })
    }

    proptest! {
        #[test]
        fn normalization_is_idempotent(identity in "(whatsapp:)?[+0 ]{0,2}[0-9 ().-]{0,18}|\\PC{0,20}") {
            let once = normalize(&identity);
            prop_assert_eq!(normalize(&once), once);
        }

        #[test]
        fn every_spelling_of_a_number_is_one_number(
            number in "1[2-9][0-9]{2}[2-9][0-9]{6}|49[0-9]{9,11}|380[0-9]{9}",
            separators in prop::collection::vec(prop::sample::select(vec!["", "", " ", "-", "."]), 1..5),
        ) {
            let plain = format!("+{number}");
            for mark in ["", "+", "00"] {
                let spelling = format!("{mark}{}", written(&number, &separators));
                prop_assert_eq!(&normalize(&spelling), &plain);
            }
        }
    }
}
