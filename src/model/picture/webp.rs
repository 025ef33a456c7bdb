//! WebP (RFC 9649): chunks of a RIFF file.

use super::bytes::Bytes;

/// Chunks that are needed to show the picture, moving or not.
const NEEDED: [&[u8]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

/// Chunks that are needed within a frame of a moving picture, and the bytes in front of them.
const NEEDED_IN_FRAME: [&[u8]; 3] = [b"ALPH", b"VP8 ", b"VP8L"];
const FRAME_HEAD: usize = 16;

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
    copy(rest, &NEEDED, &mut body)?;
    let length = u32::try_from(body.len()).ok()?.to_le_bytes();
    Some([b"RIFF", &length[..], &body].concat())
}

/// Copies those of the chunks that are needed.
fn copy(mut rest: Bytes<'_>, needed: &[&[u8]], clean: &mut Vec<u8>) -> Option<()> {
    while !rest.0.is_empty() {
        let (name, data) = chunk(&mut rest)?;
        if !needed.contains(&name) {
            continue;
        }
        match name {
            b"ANMF" => append(clean, name, &frame(data)?)?,
            b"VP8X" => append(clean, name, &head(data)?)?,
            _ => append(clean, name, data)?,
        }
    }
    Some(())
}

/// Takes the next chunk: its name and its data.
fn chunk<'b>(rest: &mut Bytes<'b>) -> Option<(&'b [u8], &'b [u8])> {
    let name = rest.take(4)?;
    let length = rest.long(u32::from_le_bytes)?;
    let data = rest.take(length)?;
    // The blank behind an odd length may be missing at the end.
    if !length.is_multiple_of(2) {
        rest.byte();
    }
    Some((name, data))
}

fn append(clean: &mut Vec<u8>, name: &[u8], data: &[u8]) -> Option<()> {
    clean.extend(name);
    clean.extend(u32::try_from(data.len()).ok()?.to_le_bytes());
    clean.extend(data);
    if !data.len().is_multiple_of(2) {
        clean.push(0);
    }
    Some(())
}

fn frame(data: &[u8]) -> Option<Vec<u8>> {
    let mut rest = Bytes(data);
    let mut clean = rest.take(FRAME_HEAD)?.to_vec();
    copy(rest, &NEEDED_IN_FRAME, &mut clean)?;
    Some(clean)
}

/// Returns the flags and sizes of a picture, without the announcement of metadata.
fn head(data: &[u8]) -> Option<Vec<u8>> {
    let mut head = data.to_vec();
    *head.first_mut()? &= !METADATA;
    Some(head)
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

    #[test]
    fn frame_of_a_moving_picture_keeps_its_image_alone() {
        let moving = |metadata: &[Vec<u8>]| {
            let image = [chunk(b"ALPH", b"alpha"), chunk(b"VP8 ", b"image")].concat();
            let frame = [&[0; FRAME_HEAD][..], &metadata.concat(), &image, &metadata.concat()];
            picture(0x02, &[chunk(b"ANIM", b"loop!!"), chunk(b"ANMF", &frame.concat())], b"")
        };
        let metadata = [b"EXIF", b"XMP ", b"ABCD", b"ANMF"].map(|name| chunk(name, b"secret"));
        let clean = crate::model::picture::cleaned(&moving(&metadata)).unwrap();
        assert_eq!(clean.bytes, moving(&[]));
        let cut = chunk(b"ANMF", &[0; FRAME_HEAD - 1]);
        assert_eq!(cleaned(&picture(0x02, &[cut], b"")), None);
    }
}
