//! Reader of bytes, each part of which may be missing.

/// Bytes that are left to read.
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl<'b> Bytes<'b> {
    /// Takes the next bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    /// Number of two bytes, the higher one first.
    pub(super) fn number(&mut self) -> Option<usize> {
        self.take(2).map(|taken| usize::from(u16::from_be_bytes([taken[0], taken[1]])))
    }

    /// Number of four bytes, in this order of theirs.
    pub(super) fn long(&mut self, read: fn([u8; 4]) -> u32) -> Option<usize> {
        let taken = self.take(4)?;
        usize::try_from(read([taken[0], taken[1], taken[2], taken[3]])).ok()
    }
}
