//! Child processes that cannot outlive the test.

use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::poll;

/// A process in a group of its own. It is killed with its group when this is dropped, and by a
/// watchdog when the test process ends for any reason: a pipe to the watchdog closes then.
pub(crate) struct Process {
    child: Child,
    watchdog: Child,
}

impl Process {
    /// Starts a process. `litter` is a directory that the watchdog removes when it has to act.
    pub(crate) fn spawn(command: &mut Command, litter: &Path) -> Self {
        use std::os::unix::process::CommandExt as _;

        let child = command.process_group(0).spawn().unwrap_or_else(|error| {
            panic!("{} does not start: {error}", command.get_program().to_string_lossy())
        });
        let watchdog = Command::new("sh")
            .args(["-c", "read -r _; kill -s KILL -- \"-$1\"; rm -rf -- \"$2\"", "watchdog"])
            .arg(child.id().to_string())
            .arg(litter)
            .process_group(0)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("there is a shell");
        Self { child, watchdog }
    }

    /// Starts a process, and returns its standard output, which the command must have piped.
    pub(crate) fn piped(command: &mut Command, litter: &Path) -> (Self, ChildStdout) {
        let mut process = Self::spawn(command, litter);
        let output = process.child.stdout.take().expect("standard output is a pipe");
        (process, output)
    }

    /// Returns the peak of its resident memory, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Returns its user and system time, which the kernel counts in hundredths of a second.
    pub(crate) fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks = fields.split_whitespace().skip(11).take(2).map(|it| it.parse::<u32>().unwrap());
        Duration::from_millis(10) * ticks.sum()
    }

    /// Sends SIGTERM as soon as the process handles it: a process that has only just started is ended by
    /// it instead.
    pub(crate) fn terminate(&self, patience: Duration) {
        let handles_it = || self.handles(Signal::SIGTERM).then_some(());
        poll(patience, handles_it).expect("the process handles SIGTERM");
        self.signal(Signal::SIGTERM);
    }

    /// Returns whether the process catches a signal, by the mask that Linux shows of it.
    fn handles(&self, signal: Signal) -> bool {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal as i32 - 1) & 1 == 1)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let _ = killpg(self.group(), signal);
    }

    /// Returns its exit status, or nothing when it is still running after this time.
    pub(crate) fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        poll(patience, || self.child.try_wait().unwrap())
    }

    fn group(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog goes first: once the child is reaped, its number may be another process's.
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::PATIENCE;

    #[test]
    fn process_ends_when_the_pipe_of_its_watchdog_closes() {
        let litter = tempfile::tempdir().unwrap();
        let mut process = Process::spawn(Command::new("sleep").arg("1000"), litter.path());
        drop(process.watchdog.stdin.take());
        assert!(process.wait(PATIENCE).is_some());
        process.watchdog.wait().unwrap();
        assert!(!litter.path().exists());
    }
}
