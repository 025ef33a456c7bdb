//! Resources used between two moments.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;

use crate::stack::{Running, Stack};

/// Commands that a client sends here; the others in the statistics are called from within scripts.
const CALLS: [&str; 6] = ["evalsha", "eval", "blpop", "mget", "zrange", "wait"];
/// Unit in which the kernel counts a process's CPU time.
const TICK: Duration = Duration::from_millis(10);
/// Commands that are under way at once in the bare run.
const PIPELINE: usize = 64;

pub(crate) struct Meter(Readings);

pub(crate) struct Readings {
    pub(crate) redis: Option<RedisReadings>,
    /// CPU time of each process, by its name.
    pub(crate) processes: Vec<(&'static str, Duration)>,
}

#[derive(Clone, Copy)]
pub(crate) struct RedisReadings {
    pub(crate) calls: f64,
    /// Total CPU time; of that in the kernel (network and disk), and in scripts.
    pub(crate) cpu: Duration,
    pub(crate) kernel: Duration,
    pub(crate) scripts: Duration,
}

impl Meter {
    pub(crate) async fn start(stack: &Stack) -> Self {
        Self(Readings::take(stack).await)
    }

    pub(crate) async fn read(&self, stack: &Stack) -> Readings {
        let now = Readings::take(stack).await;
        let processes = now.processes.iter().zip(&self.0.processes);
        Readings {
            redis: now.redis.zip(self.0.redis).map(|(now, before)| now.since(before)),
            processes: processes
                .map(|(now, before)| (now.0, now.1.saturating_sub(before.1)))
                .collect(),
        }
    }
}

impl Readings {
    async fn take(stack: &Stack) -> Self {
        let redis = match &stack.redis {
            Some(redis) => Some(RedisReadings::take(&redis.url).await),
            None => None,
        };
        let cpu = |(name, process): &(&'static str, Running)| (*name, process_cpu(process.id()));
        Self { redis, processes: stack.processes.iter().map(cpu).collect() }
    }
}

impl RedisReadings {
    async fn take(url: &str) -> Self {
        let mut redis = connect(url).await;
        let stats: String =
            redis::cmd("INFO").arg("commandstats").query_async(&mut redis).await.unwrap();
        let calls = CALLS.map(|name| figure(&stats, &format!("cmdstat_{name}:calls")));
        let cpu: String = redis::cmd("INFO").arg("cpu").query_async(&mut redis).await.unwrap();
        let kernel = figure(&cpu, "used_cpu_sys");
        let micros = figure(&stats, "cmdstat_evalsha:usec");
        Self {
            calls: calls.iter().sum(),
            cpu: Duration::from_secs_f64(kernel + figure(&cpu, "used_cpu_user")),
            kernel: Duration::from_secs_f64(kernel),
            scripts: Duration::from_secs_f64(micros / 1e6),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            calls: self.calls - before.calls,
            cpu: self.cpu.saturating_sub(before.cpu),
            kernel: self.kernel.saturating_sub(before.kernel),
            scripts: self.scripts.saturating_sub(before.scripts),
        }
    }
}

/// The figure `name` of Redis' INFO, which is a line, `name:figure`, or one of several on a line,
/// `line:name=figure,name=figure`. A figure that is absent is zero so far.
fn figure(info: &str, name: &str) -> f64 {
    let (line, field) = name.split_once(':').unwrap_or((name, ""));
    let Some(rest) = info.lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(':'))
    else {
        return 0.0;
    };
    let figure = match field {
        "" => rest,
        _ => rest.split(',').find_map(|pair| pair.strip_prefix(field)?.strip_prefix('=')).unwrap(),
    };
    figure.trim().parse().unwrap()
}

/// User and system time of a process, from the 14th and 15th field of its `stat`.
fn process_cpu(id: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u32 =
        fields.split_whitespace().skip(11).take(2).map(|t| t.parse::<u32>().unwrap()).sum();
    TICK * ticks
}

async fn connect(url: &str) -> MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// Measures the time of plain commands, a few dozen in flight at once on one connection.
pub(crate) async fn plain_commands(url: &str, count: usize) -> Duration {
    let redis = connect(url).await;
    let value = "x".repeat(200);
    let began = Instant::now();
    let lanes = (0..PIPELINE).map(|lane| {
        let (mut redis, value) = (redis.clone(), value.clone());
        tokio::spawn(async move {
            for n in (lane..count).step_by(PIPELINE) {
                let mut set = redis::cmd("SET");
                set.arg(format!("bare:{}", n % 1_000)).arg(&value);
                let () = set.query_async(&mut redis).await.unwrap();
            }
        })
    });
    for lane in lanes.collect::<Vec<_>>() {
        lane.await.unwrap();
    }
    began.elapsed()
}
