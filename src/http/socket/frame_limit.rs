//! Limit of the length of frames, checked in their headers.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures_util::Stream;

/// Longest header of a frame without its mask, in bytes (RFC 6455 section 5.2).
const LONGEST_HEADER: usize = 10;
/// Length of a mask, in bytes.
const MASK: u64 = 4;

/// Bytes of a client, up to the first frame that is too long. The codec of the web server looks at a
/// frame's length after it has read it all, so that a header could announce any amount of memory.
pub(super) struct LimitedFrames {
    bytes: Payload,
    lengths: FrameLengths,
}

impl LimitedFrames {
    pub(super) fn new(bytes: Payload, max_frame: usize) -> Self {
        Self { bytes, lengths: FrameLengths::new(max_frame) }
    }
}

impl Stream for LimitedFrames {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut self.bytes).poll_next(cx));
        Poll::Ready(match next {
            Some(Ok(bytes)) if !self.lengths.accept(&bytes) => Some(Err(PayloadError::Overflow)),
            next => next,
        })
    }
}

/// Lengths of the frames of a stream of bytes.
struct FrameLengths {
    max: u64,
    /// Header of the present frame, as far as it has been read.
    header: [u8; LONGEST_HEADER],
    filled: usize,
    /// Bytes of the present frame that follow, its mask included.
    rest: u64,
}

impl FrameLengths {
    fn new(max: usize) -> Self {
        Self { max: max as u64, header: [0; LONGEST_HEADER], filled: 0, rest: 0 }
    }

    /// Reads on; false when a frame is longer than the limit.
    fn accept(&mut self, mut bytes: &[u8]) -> bool {
        while let Some((first, others)) = bytes.split_first() {
            if self.rest > 0 {
                let skipped = bytes.len().min(usize::try_from(self.rest).unwrap_or(usize::MAX));
                self.rest -= skipped as u64;
                bytes = &bytes[skipped..];
                continue;
            }
            self.header[self.filled] = *first;
            self.filled += 1;
            bytes = others;
            if let Some(length) = payload_length(&self.header[..self.filled]) {
                if length > self.max {
                    return false;
                }
                let is_masked = self.header[1] & 0x80 != 0;
                self.filled = 0;
                self.rest = length + if is_masked { MASK } else { 0 };
            }
        }
        true
    }
}

/// Returns the length that a header gives, once it has been read so far.
fn payload_length(header: &[u8]) -> Option<u64> {
    let second = *header.get(1)?;
    let extension = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let extended = header.get(2..2 + extension)?.iter();
    Some(match extension {
        0 => u64::from(second & 0x7f),
        _ => extended.fold(0, |length, byte| length << 8 | u64::from(*byte)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked text frame whose header announces `announced` bytes, with a body of `body` bytes.
    fn frame(announced: u64, body: usize) -> Vec<u8> {
        let mut frame = vec![0x81];
        match announced {
            0..126 => frame.push(0x80 | u8::try_from(announced).unwrap()),
            126..65_536 => {
                frame.push(0xfe);
                frame.extend(u16::try_from(announced).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend(announced.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(vec![0xff; body]);
        frame
    }

    /// Returns whether all frames are accepted, in pieces of this many bytes.
    fn is_accepted(frames: &[Vec<u8>], max: usize, piece: usize) -> bool {
        let mut lengths = FrameLengths::new(max);
        frames.concat().chunks(piece).all(|bytes| lengths.accept(bytes))
    }

    #[test]
    fn frames_up_to_the_limit_pass_in_pieces_of_any_size() {
        let frames = [frame(0, 0), frame(125, 125), frame(126, 126), frame(70_000, 70_000)];
        for piece in [1, 2, 7, 128, 100_000] {
            assert!(is_accepted(&frames, 70_000, piece), "{piece}");
            assert!(!is_accepted(&frames, 69_999, piece), "{piece}");
        }
    }

    #[test]
    fn frame_too_long_is_refused_by_its_header_alone() {
        for announced in [11, 126, 65_535, 10_000_000, u64::MAX] {
            assert!(!is_accepted(&[frame(3, 3), frame(announced, 0)], 10, 1), "{announced}");
        }
        assert!(is_accepted(&[frame(10, 0)], 10, 1));
    }
}
