//! Orientation of a picture in its Exif data (CIPA DC-008): the one fact there without which a picture of
//! a phone lies on its side.

use super::bytes::Bytes;

const EXIF: &[u8] = b"Exif\0\0";
const ORIENTATION: usize = 0x0112;

/// Returns Exif data that hold the orientation of these and nothing else; `None` when they have none.
pub(super) fn alone(exif: &[u8]) -> Option<Vec<u8>> {
    let orientation = read(exif.strip_prefix(EXIF)?)?;
    let mut alone = EXIF.to_vec();
    // Big-endian; one directory at 8 with one entry, a SHORT of one value; no further directory.
    alone.extend(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0");
    alone.extend([orientation, 0, 0, 0, 0, 0, 0]);
    Some(alone)
}

/// Reads the orientation, 1 to 8, from the first directory.
fn read(tiff: &[u8]) -> Option<u8> {
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let long = if is_little { u32::from_le_bytes } else { u32::from_be_bytes };
    let short = |rest: &mut Bytes<'_>| {
        let number = rest.number()?;
        Some(if is_little { (number & 0xff) << 8 | number >> 8 } else { number })
    };
    let start = Bytes(tiff.get(4..)?).long(long)?;
    let mut directory = Bytes(tiff.get(start..)?);
    for _ in 0..short(&mut directory)? {
        let mut entry = Bytes(directory.take(12)?);
        if short(&mut entry)? == ORIENTATION {
            entry.take(6)?;
            let value = u8::try_from(short(&mut entry)?).ok()?;
            return (1..=8).contains(&value).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orientation_of_either_byte_order_is_kept_without_anything_else() {
        let little = b"Exif\0\0II*\0\x08\0\0\0\x02\0\
            \x0f\x01\x02\0\x04\0\0\0Pho\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0GPS";
        let alone_of_little = alone(little).unwrap();
        assert_eq!(read(&alone_of_little[6..]), Some(6));
        assert!(!alone_of_little.windows(3).any(|part| part == b"Pho" || part == b"GPS"));
        assert_eq!(alone(&alone_of_little), Some(alone_of_little));
    }

    #[test]
    fn data_without_a_valid_orientation_have_none() {
        for exif in [
            &b""[..],
            b"Exif\0\0",
            b"Exif\0\0II*\0\xff\xff\xff\xff",
            b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09\0\0",
            b"http://ns.adobe.com/xap/1.0/\0",
        ] {
            assert_eq!(alone(exif), None, "{exif:?}");
        }
    }
}
