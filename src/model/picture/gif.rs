//! GIF (version 89a): blocks up to the trailer.

use super::bytes::Bytes;

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2c;
const TRAILER: u8 = 0x3b;

/// Extensions: the time and transparency of an image, and those of applications.
const CONTROL: u8 = 0xf9;
const APPLICATION: u8 = 0xff;

/// Applications whose extension says how often a moving picture is repeated.
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

pub(super) fn cleaned(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Bytes(bytes);
    let head = rest.take(13)?;
    let mut clean = head.to_vec();
    clean.extend(rest.take(colours(head[10]))?);
    loop {
        let block = rest.0;
        match rest.byte()? {
            TRAILER => {
                clean.push(TRAILER);
                return Some(clean);
            }
            IMAGE => {
                let descriptor = rest.take(9)?;
                // A table of colours, and the width of the first code.
                rest.take(colours(descriptor[8]) + 1)?;
                skip_parts(&mut rest)?;
            }
            EXTENSION => {
                let label = rest.byte()?;
                let name = rest.0.get(1..12);
                skip_parts(&mut rest)?;
                let is_loop = name.is_some_and(|name| LOOPS.contains(&name));
                if label != CONTROL && !(label == APPLICATION && is_loop) {
                    continue;
                }
            }
            _ => return None,
        }
        clean.extend(&block[..block.len() - rest.0.len()]);
    }
}

/// Bytes of the table of colours that these flags announce.
fn colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

/// Reads the parts of a block, the last of which is empty.
fn skip_parts(rest: &mut Bytes<'_>) -> Option<()> {
    loop {
        match rest.byte()? {
            0 => return Some(()),
            length => rest.take(length.into())?,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(metadata: &[&[u8]], behind: &[u8]) -> Vec<u8> {
        let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
        let repeated = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0\x21\xf9\x04\0\0\0\0\0";
        let image = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
        let metadata = metadata.concat();
        [&head[..], repeated, &metadata, image, &metadata, b"\x3b", behind].concat()
    }

    #[test]
    fn comments_and_metadata_of_applications_are_left_out() {
        let comment = b"\x21\xfe\x06secret\0";
        let xmp = b"\x21\xff\x0bXMP DataXMP\x06secret\0";
        let clean = crate::model::picture::cleaned(&picture(&[comment, xmp], b"more")).unwrap();
        assert_eq!((clean.content_type, clean.bytes), ("image/gif", picture(&[], b"")));
        let whole = picture(&[], b"");
        assert_eq!(cleaned(&whole[..whole.len() - 1]), None);
    }
}
