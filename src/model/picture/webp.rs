//! WebP (RFC 9649): chunks of a RIFF file.

use super::bytes::Bytes;

/// Chunks that are needed to show the picture, moving or not.
const NEEDED: [&[u8]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

/// Flags of `VP8X` that announce Exif and XMP.
const METADATA: u8 = 0x0c;

pub(super) fn cleaned(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Bytes(bytes.strip_prefix(b"RIFF")?);
    let length = rest.long(u32::from_le_bytes)?;
    let mut rest = Bytes(rest.take(length)?);
    if rest.take(4)? != b"WEBP" {
        return None;
    }
    let mut body = b"WEBP".to_vec();
    while !rest.0.is_empty() {
        let start = rest.0;
        let name = rest.take(4)?;
        let length = rest.long(u32::from_le_bytes)?;
        let chunk = 8 + length.checked_add(length % 2)?;
        // The blank behind an odd length may be missing at the end.
        let chunk = start.get(..chunk.min(start.len()))?;
        rest.0 = &start[chunk.len()..];
        if chunk.len() < 8 + length {
            return None;
        }
        if NEEDED.contains(&name) {
            body.extend(chunk);
        }
        if name == b"VP8X" {
            let flags = body.len() - chunk.len() + 8;
            *body.get_mut(flags)? &= !METADATA;
        }
    }
    let length = u32::try_from(body.len()).ok()?.to_le_bytes();
    Some([b"RIFF", &length[..], &body].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let blank: &[u8] = if data.len().is_multiple_of(2) { b"" } else { b"\0" };
        [name, &length[..], data, blank].concat()
    }

    fn picture(flags: u8, metadata: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
        let head = chunk(b"VP8X", &[flags, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
        let body = [&b"WEBP"[..], &head, &chunk(b"VP8 ", b"image"), &metadata.concat()].concat();
        let length = u32::try_from(body.len()).unwrap().to_le_bytes();
        [b"RIFF", &length[..], &body, behind].concat()
    }

    #[test]
    fn exif_and_xmp_are_left_out_and_no_longer_announced() {
        let metadata = [b"EXIF", b"XMP ", b"ABCD"].map(|name| chunk(name, b"secret"));
        let clean = crate::model::picture::cleaned(&picture(0x1c, &metadata, b"more")).unwrap();
        assert_eq!((clean.content_type, clean.bytes), ("image/webp", picture(0x10, &[], b"")));
        assert_eq!(cleaned(&picture(0, &[], b"")[..30]), None);
    }
}
