//! Wall clock of a server under test, which a test sets and steps.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Source of what is loaded into the server.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/clock.c");

pub(super) struct WallClock {
    /// Shared object that is loaded into the server.
    preload: PathBuf,
    /// File with the seconds by which the clock is ahead.
    ahead: PathBuf,
}

impl WallClock {
    /// Compiles what is preloaded, with the C compiler that links Rust programs, and sets the clock.
    pub(super) fn new(dir: &Path, ahead: i64) -> Self {
        let clock = Self { preload: dir.join("clock.so"), ahead: dir.join("clock") };
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .arg(&clock.preload)
            .arg(SOURCE)
            .status();
        assert!(compiled.expect("there is a C compiler").success());
        clock.set(ahead);
        clock
    }

    /// Sets the clock so many seconds ahead of the true time, or behind it.
    pub(super) fn set(&self, ahead: i64) {
        // Renamed, so that a reader never finds the file empty.
        let next = self.ahead.with_extension("next");
        std::fs::write(&next, ahead.to_string()).unwrap();
        std::fs::rename(next, &self.ahead).unwrap();
    }

    /// Runs a command on this clock.
    pub(super) fn govern(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.preload).env("CLOCK_AHEAD", &self.ahead);
    }
}
