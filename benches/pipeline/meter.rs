//! Resources used between two moments.

use std::time::Duration;

use redis::aio::MultiplexedConnection;

use crate::stack::Stack;
use crate::support::process_cpu;

/// Counters since the start of the processes.
#[derive(Clone)]
pub(crate) struct Meter {
    /// CPU time of each process, by its name.
    pub(crate) processes: Vec<(&'static str, Duration)>,
    pub(crate) redis: RedisCounters,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct RedisCounters {
    /// Commands that ran, those inside of scripts included.
    pub(crate) commands: f64,
    pub(crate) scripts: f64,
    /// Bytes that clients sent.
    pub(crate) received: f64,
}

impl Meter {
    pub(crate) async fn read(stack: &Stack) -> Self {
        let redis = match &stack.redis {
            Some(redis) => RedisCounters::read(&redis.url).await,
            None => RedisCounters::default(),
        };
        let cpu = |(name, id)| (name, process_cpu(id));
        Self { processes: stack.ids().into_iter().map(cpu).collect(), redis }
    }

    /// Returns what was used since then.
    pub(crate) async fn since(&self, stack: &Stack) -> Self {
        let now = Self::read(stack).await;
        let processes = now.processes.into_iter().zip(&self.processes);
        Self {
            processes: processes
                .map(|((name, now), (_, before))| (name, now.saturating_sub(*before)))
                .collect(),
            redis: RedisCounters {
                commands: now.redis.commands - self.redis.commands,
                scripts: now.redis.scripts - self.redis.scripts,
                received: now.redis.received - self.redis.received,
            },
        }
    }
}

impl RedisCounters {
    async fn read(url: &str) -> Self {
        let stats = info(url, "commandstats").await;
        let calls = |line: &str| {
            let (name, figures) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            Some((name.to_owned(), figures.split(',').next()?.parse::<f64>().ok()?))
        };
        let calls: Vec<(String, f64)> = stats.lines().filter_map(calls).collect();
        let count = |is_counted: fn(&str) -> bool| {
            calls.iter().filter(|(name, _)| is_counted(name)).map(|(_, calls)| calls).sum()
        };
        Self {
            commands: count(|name| name != "info"),
            scripts: count(|name| name.starts_with("eval") || name == "fcall"),
            received: figure(&info(url, "stats").await, "total_net_input_bytes"),
        }
    }
}

/// Returns the memory of a Redis' data, in bytes.
pub(crate) async fn redis_memory(url: &str) -> f64 {
    figure(&info(url, "memory").await, "used_memory")
}

/// Returns the size of all data: the memory of Redis, or the file of the embedded store.
pub(crate) async fn data_size(stack: &Stack) -> f64 {
    match &stack.redis {
        Some(redis) => redis_memory(&redis.url).await,
        None => stack.dir.path().join("crosswire.db").metadata().map_or(0.0, |it| it.len() as f64),
    }
}

/// Waits until Redis has rewritten its file, which takes CPU time that no text takes.
pub(crate) async fn settled(stack: &Stack) {
    let Some(redis) = &stack.redis else { return };
    let is_busy = async |name| figure(&info(&redis.url, "persistence").await, name) > 0.0;
    while is_busy("aof_rewrite_in_progress").await || is_busy("aof_rewrite_scheduled").await {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Returns the memory of a process that is in use, in bytes.
pub(crate) fn process_memory(id: u32) -> f64 {
    status(id, "VmRSS:")
}

/// Returns the most memory that a process has had in use, in bytes.
pub(crate) fn peak_memory(id: u32) -> f64 {
    status(id, "VmHWM:")
}

/// Returns a size from the status of a process, in bytes.
fn status(id: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
}

/// Time of all cores, in ticks.
pub(crate) struct Machine {
    all: f64,
    idle: f64,
}

impl Machine {
    pub(crate) fn read() -> Self {
        let stat = std::fs::read_to_string("/proc/stat").unwrap();
        let cores = stat.lines().next().unwrap().split_whitespace().skip(1);
        let ticks: Vec<f64> = cores.map(|it| it.parse().unwrap()).collect();
        // The fourth and fifth are idle, and idle while a disk works.
        Self { all: ticks.iter().take(8).sum(), idle: ticks[3] + ticks[4] }
    }

    /// Returns how much of the time since then the cores have worked, in percent.
    pub(crate) fn busy_since(&self) -> f64 {
        let now = Self::read();
        (1.0 - (now.idle - self.idle) / (now.all - self.all)) * 100.0
    }
}

/// Returns a figure of Redis' INFO.
fn figure(info: &str, name: &str) -> f64 {
    let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap().trim().parse().unwrap()
}

async fn info(url: &str, section: &str) -> String {
    let mut redis = connect(url).await;
    redis::cmd("INFO").arg(section).query_async(&mut redis).await.unwrap()
}

pub(crate) async fn connect(url: &str) -> MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}
