//! A small disk of one's own, which only root may mount; others are told that they see nothing.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A disk of 8 MiB, which is gone when this is dropped.
pub(crate) struct Disk(TempDir);

impl Disk {
    #[expect(clippy::print_stdout, reason = "a test that has seen nothing says so")]
    pub(crate) fn mount() -> Option<Self> {
        let disk = Self(tempfile::tempdir().unwrap());
        if disk.say("mount", &["-t", "tmpfs", "-o", "size=8m", "tmpfs"]) {
            return Some(disk);
        }
        println!("nothing was tested: mounting a file system is not permitted here");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn dir(&self) -> &TempDir {
        &self.0
    }

    /// Nothing can be written to it any more.
    pub(crate) fn protect(&self) {
        assert!(self.say("mount", &["-o", "remount,ro"]));
    }

    pub(crate) fn unprotect(&self) {
        assert!(self.say("mount", &["-o", "remount,rw"]));
    }

    fn say(&self, program: &str, words: &[&str]) -> bool {
        let run = Command::new(program).args(words).arg(self.0.path()).output();
        run.is_ok_and(|output| output.status.success())
    }

    /// Fills it but for so many bytes.
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
        self.say("umount", &["-l"]);
    }
}
