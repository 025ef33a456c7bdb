//! The disk space kept in reserve. Pushes are refused before the disk is full, since removing a message
//! needs some space itself.

use std::path::PathBuf;

/// Enough for the log beside the file to reach its usual length, and for the messages in progress.
const RESERVE: u64 = 16 * 1024 * 1024;

/// The reserve on the disk of a directory.
#[derive(Clone, Debug)]
pub(super) struct DiskReserve(PathBuf);

impl DiskReserve {
    pub(super) fn of(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// Returns an error text when less space is free than is kept in reserve.
    pub(super) fn shortage(&self) -> Option<String> {
        // A file system without statistics reports a full disk when it is written to.
        let disk = rustix::fs::statvfs(&self.0).ok()?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let reserve = reserve(disk.f_blocks.saturating_mul(disk.f_frsize));
        (free < reserve).then(|| {
            format!(
                "the disk of {} is nearly full ({} MiB free, {} MiB kept in reserve), so new \
                 messages are refused; free some of it",
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
    fn reserve_is_a_quarter_of_a_small_disk_and_16_mib_of_a_large_one() {
        assert_eq!(reserve(8 << 20), 2 << 20);
        assert_eq!(reserve(1 << 40), 16 << 20);
    }
}
