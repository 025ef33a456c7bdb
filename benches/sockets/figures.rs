//! Figures, from measurements.

use std::time::Duration;

/// Latencies, the shortest first.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// Returns the latency in milliseconds that this share of all does not exceed.
    pub(crate) fn at(&self, share: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3
    }

    pub(crate) fn print(&self) {
        println!("  p50                      {:>8.2} ms", self.at(0.50));
        println!("  p99                      {:>8.2} ms", self.at(0.99));
        println!("  slowest                  {:>8.2} ms", self.at(1.0));
    }
}

/// Returns the memory of a process that is in use, in bytes: `VmRSS` of its status.
pub(crate) fn resident_memory(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}
