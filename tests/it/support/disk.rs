//! A small disk for one test. Only root may mount it; for other users the test prints that it was
//! skipped.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A disk of 8 MiB, unmounted when this is dropped.
pub(crate) struct Disk(TempDir);

impl Disk {
    #[expect(clippy::print_stdout, reason = "a skipped test is visible")]
    pub(crate) fn mount() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        if disk.run("mount", &["-t", "tmpfs", "-o", "size=8m", "tmpfs"]) {
            return Some(disk);
        }
        println!("skipped: mounting a file system is not permitted here");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn dir(&self) -> &TempDir {
        &self.0
    }

    /// Makes the disk read-only.
    pub(crate) fn protect(&self) {
        assert!(self.run("mount", &["-o", "remount,ro"]));
    }

    pub(crate) fn unprotect(&self) {
        assert!(self.run("mount", &["-o", "remount,rw"]));
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let output = Command::new(program).args(arguments).arg(self.0.path()).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// Fills the disk but for so many bytes.
    pub(crate) fn fill(&self, but: usize) {
        let mut ballast = File::create(self.0.path().join("ballast")).unwrap();
        while ballast.write_all(&[0; 4096]).is_ok() {}
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length.saturating_sub(but as u64)).unwrap();
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.0.path().join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.run("umount", &["-l"]);
    }
}
