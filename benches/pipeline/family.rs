//! Processes that were started as one and have started others.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::Running;

/// Process with its descendants, all of which end with their owner.
pub(crate) struct Family(Running);

/// Line of a process in `/proc`.
struct Stat {
    parent: u32,
    /// CPU time of it and of children that have ended.
    ticks: u64,
}

impl Family {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Running::start(command))
    }

    /// Returns the CPU time of all.
    pub(crate) fn cpu(&self) -> Duration {
        let processes = processes();
        let members = members(self.0.id(), &processes);
        let ticks: u64 = members.iter().map(|id| processes[id].ticks).sum();
        Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        for id in members(self.0.id(), &processes()) {
            // It may have ended already.
            let _ = kill(Pid::from_raw(id.cast_signed()), Signal::SIGKILL);
        }
    }
}

/// Returns the process itself, and then its descendants.
fn members(id: u32, processes: &HashMap<u32, Stat>) -> Vec<u32> {
    let mut members = vec![id];
    let mut next = 0;
    while let Some(&parent) = members.get(next) {
        let children = processes.iter().filter(|(_, stat)| stat.parent == parent);
        members.extend(children.map(|(id, _)| id));
        next += 1;
    }
    members
}

fn processes() -> HashMap<u32, Stat> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter_map(|id| Some((id, stat(id)?))).collect()
}

/// Reads the line of a process, unless it has ended meanwhile.
fn stat(id: u32) -> Option<Stat> {
    let line = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = line.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = fields[11..15].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Some(Stat { parent: fields[1].parse().unwrap(), ticks })
}
