//! Steady: a rate that leaves the processes time, which shows what a text costs when it is alone, and how
//! long it takes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::bare::Bare;
use crate::cost::Cost;
use crate::load::Load;
use crate::meter::Meter;
use crate::provider::{Provider, Text};
use crate::report::{decimal, line, median, micros, millis, quantile, times, title};
use crate::stack::{Stack, Store};
use crate::{PATIENCE, PHONES, plain};

const RATE: u32 = 500;
const ROUNDS: usize = 2;
/// Texts of a round.
const TEXTS: usize = 5_000;
const IDLE: Duration = Duration::from_secs(5);

pub(crate) async fn measure() {
    title(&format!("steady: {RATE} texts a second for {} s, on Redis", ROUNDS * TEXTS / 500));
    let stack = Stack::start(Store::Redis).await;
    let (load, bare) = (stack.load(), Bare::start(&stack.provider).await);
    stack.pair(&load, 0..PHONES).await;
    let redis = stack.redis.as_ref().unwrap();
    let redis = (redis.url.as_str(), redis.process.id());
    let (mut costs, mut plains) = (Vec::new(), Vec::new());
    let (mut ours, mut relayed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (meter, began) = (Meter::read(&stack).await, Instant::now());
        ours.extend(latencies(&stack.provider, &load).await);
        let cost = Cost::new(&meter.since(&stack).await, TEXTS, began.elapsed());
        plains.push(plain::pace(redis, TEXTS / 2, RATE, &cost).await);
        costs.push(cost);
        relayed.extend(latencies(&stack.provider, &bare.relay()).await);
    }
    print(&Cost::median(&costs), median(&plains, |it| *it), [ours, relayed]);
    idle(&stack).await;
}

/// Sends a round of texts, and returns the seconds from each webhook to the call of the provider.
async fn latencies(provider: &Provider, load: &Load) -> Vec<f64> {
    let (from, texts) = (provider.count(), provider.texts());
    let never = Arc::new(AtomicBool::new(false));
    let sent = load.send_steadily(load.texts(TEXTS, PHONES), RATE, &never).await;
    provider.wait_for_texts(texts + TEXTS, PATIENCE).await;
    waits(provider, from, &sent)
}

/// Returns the seconds from when each text was due to the call of the provider.
pub(crate) fn waits(provider: &Provider, from: usize, sent: &[(usize, Instant)]) -> Vec<f64> {
    let number = |text| if let Text::Number(number) = text { Some(number) } else { None };
    let messages = provider.sent(from);
    let arrived: HashMap<usize, Instant> =
        messages.iter().filter_map(|it| Some((number(it.text)?, it.at))).collect();
    sent.iter().map(|(number, due)| (arrived[number] - *due).as_secs_f64()).collect()
}

fn print(cost: &Cost, plain: f64, latencies: [Vec<f64>; 2]) {
    let [ours, relayed] = latencies.map(|mut all| {
        all.sort_by(f64::total_cmp);
        all
    });
    for (name, share) in [("p50", 0.50), ("p99", 0.99), ("slowest", 1.0)] {
        let (ours, relayed) = (quantile(&ours, share), quantile(&relayed, share));
        let beside = times(ours * 1e3, relayed * 1e3, "ms", "a relay that stores nothing");
        line(&format!("{name}, webhook to provider"), &millis(ours), &beside);
    }
    line("CPU of a text, all processes", &micros(cost.all()), "");
    for (name, cpu) in &cost.processes {
        let beside = match *name {
            "Redis" => times(*cpu, plain, "us", "as many plain commands at the same rate"),
            _ => String::new(),
        };
        line(&format!("  of it {name}"), &micros(*cpu), &beside);
    }
    line("Redis commands of a text", &decimal(cost.commands), "those inside of scripts included");
    line("  scripts called", &decimal(cost.scripts), "");
}

/// Measures the processes without any text.
async fn idle(stack: &Stack) {
    title(&format!("idle for {} s", IDLE.as_secs()));
    let meter = Meter::read(stack).await;
    tokio::time::sleep(IDLE).await;
    let used = meter.since(stack).await;
    for (name, cpu) in &used.processes {
        let share = cpu.as_secs_f64() / IDLE.as_secs_f64() * 100.0;
        line(&format!("CPU of {name}"), &format!("{share:.2} %"), "of a core");
    }
    line("Redis commands", &format!("{:.1} /s", used.redis.commands / IDLE.as_secs_f64()), "");
}
