//! Pictures without their metadata: where and by what they were taken, previews, comments, and whatever
//! follows their end.
//!
//! Each format is copied part by part. A part is kept when it is needed to show the picture; every other
//! one is left out, so that a kind of metadata that is new is left out too. A picture that does not have
//! the form of its format is none.

mod bytes;
mod gif;
mod jpeg;
mod orientation;
mod png;
mod webp;

/// Content types that a provider may name for a picture that can be cleaned.
const TYPES: [&str; 5] = ["image/jpeg", "image/jpg", "image/png", "image/gif", "image/webp"];

/// Picture that holds no metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// Returns whether a content type is one of pictures that can be cleaned.
pub fn is_picture(content_type: &str) -> bool {
    let name = content_type.split(';').next().unwrap_or_default().trim();
    TYPES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Returns a picture without its metadata; `None` for anything that is no picture. The format is that of
/// the bytes, whatever they are called.
pub fn cleaned(bytes: &[u8]) -> Option<Picture> {
    let (content_type, bytes) = if bytes.starts_with(&[0xff, 0xd8]) {
        ("image/jpeg", jpeg::cleaned(bytes)?)
    } else if bytes.starts_with(&png::SIGNATURE) {
        ("image/png", png::cleaned(bytes)?)
    } else if bytes.starts_with(b"GIF8") {
        ("image/gif", gif::cleaned(bytes)?)
    } else if bytes.starts_with(b"RIFF") {
        ("image/webp", webp::cleaned(bytes)?)
    } else {
        return None;
    };
    Some(Picture { content_type, bytes })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("image/jpeg", true)]
    #[case("Image/PNG; charset=binary", true)]
    #[case("text/x-vcard", false)]
    #[case("text/vcard", false)]
    #[case("image/svg+xml", false)]
    #[case("video/mp4", false)]
    fn only_pictures_that_can_be_cleaned_are_pictures(#[case] name: &str, #[case] is: bool) {
        assert_eq!(is_picture(name), is);
    }

    #[test]
    fn card_is_no_picture_whatever_it_is_called() {
        assert_eq!(cleaned(b"BEGIN:VCARD\r\nTEL:+14155550101\r\nEND:VCARD\r\n"), None);
        assert_eq!(cleaned(b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), None);
        assert_eq!(cleaned(b""), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_to_their_end_or_refused(
            start in prop::sample::select(vec![
                &b"\xff\xd8"[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x20\0\0\0WEBP",
            ]),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [start, &rest].concat();
            if let Some(picture) = cleaned(&bytes) {
                // What is clean stays as it is.
                prop_assert_eq!(cleaned(&picture.bytes).map(|it| it.bytes), Some(picture.bytes));
            }
        }
    }
}
