//! JPEG (ITU T.81): segments up to the end of the image.

use super::bytes::Bytes;
use super::orientation;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;

/// Copies the segments that are needed, and the orientation of the picture. Everything behind the end
/// of the image is left out: previews, and films of phones.
pub(super) fn cleaned(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Bytes(bytes);
    let mut clean = rest.take(2)?.to_vec();
    let (mut has_orientation, mut has_image) = (false, false);
    loop {
        let marker = marker(&mut rest)?;
        match marker {
            EOI if has_image => {
                clean.extend([0xff, EOI]);
                return Some(clean);
            }
            // Restarts and fillers outside of a scan have no meaning.
            0x01 | 0xd0..=0xd7 => continue,
            0 | SOI | EOI => return None,
            _ => {}
        }
        let length = rest.number()?.checked_sub(2)?;
        let contents = rest.take(length)?;
        if let (APP0, Some(density)) = (marker, density(contents)) {
            append(&mut clean, APP0, &density)?;
        } else if is_needed(marker, contents) {
            append(&mut clean, marker, contents)?;
        } else if let (APP1, false, Some(oriented)) =
            (marker, has_orientation, orientation::alone(contents))
        {
            has_orientation = true;
            append(&mut clean, APP1, &oriented)?;
        }
        if marker == SOS {
            has_image = true;
            clean.extend(rest.take(length_of_scan(rest.0)?)?);
        }
    }
}

/// Reads a marker, with the fillers in front of it.
fn marker(rest: &mut Bytes<'_>) -> Option<u8> {
    if rest.byte()? != 0xff {
        return None;
    }
    loop {
        match rest.byte()? {
            0xff => {}
            marker => return Some(marker),
        }
    }
}

fn append(clean: &mut Vec<u8>, marker: u8, contents: &[u8]) -> Option<()> {
    let length = u16::try_from(contents.len() + 2).ok()?;
    clean.extend([0xff, marker]);
    clean.extend(length.to_be_bytes());
    clean.extend(contents);
    Some(())
}

/// Returns the version and the density of a JFIF segment (ITU T.871), without its preview.
fn density(contents: &[u8]) -> Option<Vec<u8>> {
    let head = contents.get(..12).filter(|head| head.starts_with(b"JFIF\0"))?;
    // Width and height of the preview.
    Some([head, &[0, 0]].concat())
}

/// Returns whether a segment is needed to show the picture: tables, frames and scans, and of the
/// applications' segments those that tell its colours.
fn is_needed(marker: u8, contents: &[u8]) -> bool {
    match marker {
        0xe2 => contents.starts_with(b"ICC_PROFILE\0"),
        0xee => contents.starts_with(b"Adobe"),
        0xc0..=0xcf | SOS..=0xdf => true,
        _ => false,
    }
}

/// Length of the coded data of a scan, which ends at the next marker that is no restart.
fn length_of_scan(data: &[u8]) -> Option<usize> {
    let is_end = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff | 0xd0..=0xd7);
    data.windows(2).position(is_end)
}

#[cfg(test)]
mod tests {
    use crate::model::picture::cleaned;

    fn segment(marker: u8, contents: &[u8]) -> Vec<u8> {
        let length = u16::try_from(contents.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], contents].concat()
    }

    const JFIF: &[u8] = b"JFIF\0\x01\x01\x01\0\x48\0\x48\0\0";

    fn picture(metadata: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        bytes.extend(segment(0xe0, JFIF));
        bytes.extend(metadata.concat());
        bytes.extend(segment(0xdb, b"table"));
        bytes.extend(segment(0xc2, b"frame"));
        bytes.extend(segment(0xda, b"scan"));
        bytes.extend(b"\x01\xff\x00\x02\xff\xd0\x03");
        bytes.extend(metadata.concat());
        bytes.extend(segment(0xda, b"scan"));
        bytes.extend(b"\x04\xff\xd9");
        bytes.extend(behind);
        bytes
    }

    #[test]
    fn place_preview_comment_and_film_are_left_out() {
        let exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0GPS 52.5 N";
        let metadata = [
            segment(0xe1, exif),
            segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
            segment(0xe2, b"MPF\0preview"),
            segment(0xed, b"Photoshop 3.0\0"),
            segment(0xfe, b"by Anna"),
        ];
        let clean = cleaned(&picture(&metadata, b"\xff\xd8\xff\xe1film")).unwrap();
        assert_eq!(clean.content_type, "image/jpeg");
        assert_eq!(clean.bytes, picture(&[], b""));
    }

    #[test]
    fn preview_of_jfif_is_left_out_with_what_stands_behind_it() {
        let body = b"\xff\xda\0\x02\x04\x05\xff\xd9";
        let with = |jfif: &[u8]| [&[0xff, 0xd8][..], &segment(0xe0, jfif), body].concat();
        let preview = [&JFIF[..12], b"\x01\x01RGBsecret"].concat();
        assert_eq!(cleaned(&with(&preview)).unwrap().bytes, with(JFIF));
        let cut = cleaned(&with(&JFIF[..11])).unwrap().bytes;
        assert_eq!(cut, [&[0xff, 0xd8][..], body].concat());
    }

    #[test]
    fn colour_profile_stays() {
        let profile = [segment(0xe2, b"ICC_PROFILE\0\x01\x01profile")];
        let bytes = picture(&profile, b"");
        assert_eq!(cleaned(&bytes).unwrap().bytes, bytes);
    }

    #[test]
    fn picture_without_its_end_is_none() {
        let bytes = picture(&[], b"");
        for end in 0..bytes.len() {
            assert_eq!(cleaned(&bytes[..end]), None, "{end}");
        }
        assert_eq!(cleaned(b"\xff\xd8\xff\xd9"), None);
    }
}
