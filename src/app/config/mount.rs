//! Mounted volumes, which keep their files when the machine around them is replaced.

use std::fs;
use std::path::{Path, PathBuf};

/// File systems that belong to a container or to memory, and are gone with it.
const TEMPORARY: [&str; 5] = ["overlay", "aufs", "tmpfs", "ramfs", "rootfs"];

/// Returns whether a directory, which need not exist yet, is on a mounted volume.
pub(super) fn is_on_a_volume(directory: &Path) -> bool {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return false };
    existing_ancestor(directory).is_some_and(|directory| is_volume(&mounts, &directory))
}

fn existing_ancestor(directory: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(directory).ok()?;
    absolute.ancestors().find_map(|ancestor| ancestor.canonicalize().ok())
}

/// Looks up a directory in the text of `/proc/self/mountinfo`. Of the mounts above it the innermost
/// one holds its files, and of several on one mount point the last.
fn is_volume(mounts: &str, directory: &Path) -> bool {
    let innermost = mounts
        .lines()
        .filter_map(mount)
        .filter(|(point, _)| directory.starts_with(point))
        .max_by_key(|(point, _)| point.components().count());
    innermost.is_some_and(|(point, kind)| point != Path::new("/") && !TEMPORARY.contains(&kind))
}

/// Parses a line into mount point and file system: `36 35 98:0 /root /mnt rw shared:1 - ext4 /dev/sda rw`.
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (fields, source) = line.split_once(" - ")?;
    let point = fields.split(' ').nth(4)?.replace("\\040", " ");
    Some((point.into(), source.split(' ').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Fly machine with a volume on /data, as it lists its mounts.
    const FLY: &str = "\
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        23 22 0:5 / /dev rw,nosuid - devtmpfs devtmpfs rw\n\
        27 22 254:16 / /data rw,relatime - ext4 /dev/vdc rw\n\
        28 22 0:30 / /tmp\\040files rw - tmpfs tmpfs rw\n";

    #[test]
    fn volume_is_a_mount_other_than_the_root() {
        for (directory, expected) in [
            ("/data", true),
            ("/data/crosswire", true),
            ("/database", false),
            ("/app/data", false),
            ("/", false),
            ("/tmp files/data", false),
        ] {
            assert_eq!(is_volume(FLY, Path::new(directory)), expected, "{directory}");
        }
    }

    #[test]
    fn last_mount_on_a_mount_point_counts() {
        let covered = format!("{FLY}29 27 0:31 / /data rw - tmpfs tmpfs rw\n");
        assert!(!is_volume(&covered, Path::new("/data")));
        assert!(!is_volume("1 0 0:9 / / rw - overlay overlay rw", Path::new("/data")));
    }

    #[test]
    fn directory_that_does_not_exist_counts_as_its_parent() {
        assert!(!is_on_a_volume(Path::new("/no/such/directory")));
        assert_eq!(existing_ancestor(Path::new("/no/such")), Some(PathBuf::from("/")));
    }
}
