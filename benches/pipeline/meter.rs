//! Resources used between two moments.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;

use crate::stack::Stack;
use crate::support::{Running, process_cpu};

/// Commands that only clients send; scripts call none of them.
const CALLS: [&str; 5] = ["evalsha", "eval", "blpop", "mget", "wait"];
/// Number of commands in flight in the comparison with plain commands.
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
    /// Total CPU time; parts of it are spent in the kernel (network and disk) and in scripts.
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

/// Returns a figure of Redis' INFO: a line, `name:figure`, or one of several on a line,
/// `line:name=figure,name=figure`. One that is missing is 0.
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

async fn connect(url: &str) -> MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// Measures the time of `count` plain commands, pipelined on one connection.
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
