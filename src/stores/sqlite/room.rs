//! Whether there is room on the disk. What brings something in is refused before the last of it is
//! gone, for what makes room needs some itself: a message is removed by writing that it is.

use std::path::PathBuf;

/// Enough for the log beside the file to grow to its usual length, and for what is in hand.
const RESERVE: u64 = 16 * 1024 * 1024;

/// The disk that a directory is on.
#[derive(Clone, Debug)]
pub(super) struct Disk(PathBuf);

impl Disk {
    pub(super) fn of(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// What to say when less is free than is kept in reserve.
    pub(super) fn shortage(&self) -> Option<String> {
        // A disk that says nothing of itself is taken at its word when it is written to.
        let disk = rustix::fs::statvfs(&self.0).ok()?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let reserve = reserve(disk.f_blocks.saturating_mul(disk.f_frsize));
        (free < reserve).then(|| {
            format!(
                "the disk of {} is nearly full ({} MiB free, {} MiB kept in reserve), so nothing \
                 more is taken in; free some of it",
                self.0.display(),
                free >> 20,
                reserve >> 20,
            )
        })
    }
}

fn reserve(size: u64) -> u64 {
    RESERVE.min(size / 4)
}

#[cfg(test)]
mod tests {
    use super::reserve;

    #[test]
    fn a_small_disk_keeps_a_quarter_and_a_large_one_16_mib() {
        assert_eq!(reserve(8 << 20), 2 << 20);
        assert_eq!(reserve(1 << 40), 16 << 20);
    }
}
