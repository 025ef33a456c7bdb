//! PNG (W3C, third edition): chunks up to the end of the image.

use super::bytes::Bytes;

pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Chunks that are needed to show the picture, moving or not.
const NEEDED: [&[u8]; 15] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sRGB", b"sBIT",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

/// Bytes of a chunk beside its data: length, type and checksum.
const FRAME: usize = 12;

pub(super) fn cleaned(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Bytes(bytes);
    let mut clean = rest.take(SIGNATURE.len())?.to_vec();
    loop {
        let length = Bytes(rest.0).long(u32::from_be_bytes)?;
        let chunk = rest.take(length.checked_add(FRAME)?)?;
        let name = &chunk[4..8];
        if NEEDED.contains(&name) {
            clean.extend(chunk);
        }
        if name == b"IEND" {
            return Some(clean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], name, data, b"sum!"].concat()
    }

    fn picture(metadata: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
        let (head, data) = (chunk(b"IHDR", b"head"), chunk(b"IDAT", b"data"));
        let metadata = metadata.concat();
        [&SIGNATURE[..], &head, &metadata, &data, &metadata, &chunk(b"IEND", b""), behind].concat()
    }

    #[test]
    fn texts_times_and_exif_are_left_out() {
        let metadata = [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"vpAg"]
            .map(|name| chunk(name, b"secret"));
        let clean = crate::model::picture::cleaned(&picture(&metadata, b"more")).unwrap();
        assert_eq!((clean.content_type, clean.bytes), ("image/png", picture(&[], b"")));
        assert_eq!(cleaned(&picture(&[], b"")[..40]), None);
    }
}
