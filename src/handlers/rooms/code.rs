//! Room codes, short enough to be read aloud and typed on a phone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Digits and letters of Crockford's Base32 without the vowels, so that no code is a word. It has no
/// I, L, O and U, which look like others.
const ALPHABET: &[u8; 30] = b"0123456789BCDFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 8;

/// Code of a room: 8 of 30 characters, 39.2 bits. It opens the room to all who know it, until the
/// room ends: with 1000 rooms open, one in 6 * 10^8 guesses is right.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Code(String);

impl Code {
    /// Returns a code of characters at the indices that `draw` returns for their number.
    pub(super) fn random(draw: &mut dyn FnMut(usize) -> usize) -> Self {
        Self((0..LENGTH).map(|_| char::from(ALPHABET[draw(ALPHABET.len())])).collect())
    }

    /// Returns the code that a person typed: in any case, with blanks and dashes in it, and O for 0, or
    /// I and L for 1.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim_end_matches(['.', '!', '"']).trim_start_matches('"');
        let characters = typed.chars().filter(|c| !c.is_whitespace() && !"-‐‑–—".contains(*c));
        let code: String = characters
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .collect();
        let is_code = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        is_code.then_some(Self(code))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

// A code opens its room, so `Debug` does not show it.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("7KQ2M9XD")]
    #[case("7kq2-m9xd")]
    #[case(" 7kq2 M9XD. ")]
    #[case("\"7 K Q 2 – M 9 X D\"")]
    fn code_is_read_as_people_type_it(#[case] typed: &str) {
        assert_eq!(Code::parse(typed.trim()).unwrap().as_str(), "7KQ2M9XD");
    }

    #[test]
    fn letters_like_digits_are_read_as_digits() {
        assert_eq!(Code::parse("oOiIlL29").unwrap().as_str(), "00111129");
    }

    #[rstest]
    #[case("")]
    #[case("7KQ2M9X")]
    #[case("7KQ2M9XDD")]
    #[case("7KQ2M9XA")]
    #[case("7KQ2M9XÉ")]
    #[case("7KQ2_M9XD")]
    fn other_text_is_no_code(#[case] typed: &str) {
        assert_eq!(Code::parse(typed), None);
    }

    proptest! {
        #[test]
        fn every_code_is_read_back(draws in prop::array::uniform8(0usize..30)) {
            let mut draws = draws.into_iter();
            let code = Code::random(&mut |count| {
                assert_eq!(count, 30);
                draws.next().unwrap()
            });
            prop_assert_eq!(Code::parse(&code.as_str().to_lowercase()), Some(code));
        }
    }
}
