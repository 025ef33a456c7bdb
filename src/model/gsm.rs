//! The default alphabet of GSM 03.38, as bytes of one septet each.

use super::segment::{BASIC, EXTENSION};

/// Septet after which the next one is read from the extension table (section 6.2.1.1).
const ESCAPE: u8 = 0x1b;

/// Places of the extension table, in the order of its characters.
const EXTENSION_PLACES: [u8; 10] = [0x0a, 0x14, 0x28, 0x29, 0x2f, 0x3c, 0x3d, 0x3e, 0x40, 0x65];

/// Decodes septets. A byte without a character becomes U+FFFD; an escape before a place that the
/// extension table leaves empty is read as the plain character, as section 6.2.1.1 asks.
pub fn decode(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut septets = septets.iter().copied();
    while let Some(septet) = septets.next() {
        let character = match (septet, septet == ESCAPE) {
            (_, true) => septets.next().and_then(|place| extension(place).or_else(|| basic(place))),
            (septet, false) => basic(septet),
        };
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    text
}

fn basic(septet: u8) -> Option<char> {
    // The list of characters leaves out the escape.
    let index = match septet {
        ESCAPE => return None,
        0..ESCAPE => septet,
        _ => septet - 1,
    };
    BASIC.chars().nth(index.into())
}

fn extension(place: u8) -> Option<char> {
    let index = EXTENSION_PLACES.iter().position(|known| *known == place)?;
    EXTENSION.chars().nth(index)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(b"Hello", "Hello")]
    #[case(&[0x00, 0x02, 0x10, 0x11, 0x1a, 0x1c, 0x1f, 0x24, 0x40, 0x7f], "@$Δ_ΞÆÉ¤¡à")]
    #[case(&[0x1b, 0x65, 0x1b, 0x28, 0x1b, 0x29, 0x1b, 0x3d], "€{}~")]
    #[case(&[0x1b, 0x41], "A")]
    #[case(&[0x41, 0x1b], "A\u{fffd}")]
    #[case(&[0x1b, 0x1b, 0x41], "\u{fffd}A")]
    #[case(&[0x41, 0x80, 0xff], "A\u{fffd}\u{fffd}")]
    fn septets_are_decoded(#[case] septets: &[u8], #[case] expected: &str) {
        assert_eq!(decode(septets), expected);
    }

    #[test]
    fn every_septet_but_the_escape_has_a_character_of_its_own() {
        let all: Vec<u8> = (0..0x80).filter(|septet| *septet != ESCAPE).collect();
        assert_eq!(decode(&all), BASIC);
    }
}
