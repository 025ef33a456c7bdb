//! Backlog: messages that were accepted while no worker ran, and how they are worked off.

use std::time::{Duration, Instant};

use crate::cost::Cost;
use crate::load::Load;
use crate::meter::{Meter, process_memory, redis_memory};
use crate::report::{line, megabytes, micros, per_second, quantile, title};
use crate::stack::{Stack, Store};
use crate::{LONG_PATIENCE, PHONES};

/// Requests that are made at once, before they are sent.
const BATCH: usize = 50_000;
const PARTS: usize = 10;

/// A part of the backlog, when it is worked off.
struct Part {
    cost: Cost,
    redis_memory: f64,
    worker_memory: f64,
}

pub(crate) async fn measure(messages: usize) {
    title(&format!("backlog: {messages} messages of {PHONES} people, on Redis"));
    let mut stack = Stack::start(Store::Redis).await;
    let load = stack.load();
    stack.pair(&load, 0..PHONES).await;
    stack.stop(Some("worker"));
    let url = stack.redis.as_ref().unwrap().url.clone();
    let empty = redis_memory(&url).await;
    fill(&load, messages, &url, empty).await;
    stack.run_worker();
    let mut parts = Vec::new();
    for part in 1..=PARTS {
        parts.push(work_off(&stack, messages / PARTS, part).await);
        let Part { cost, redis_memory, worker_memory } = &parts[part - 1];
        let memory =
            format!("Redis {}, worker {}", megabytes(*redis_memory), megabytes(*worker_memory));
        let beside = format!("{:.1} us of CPU each; {memory}", cost.all());
        line(&format!("worked off, part {part} of {PARTS}"), &per_second(cost.rate), &beside);
    }
    print(&parts);
}

/// Puts messages in, and prints the memory that they take at a tenth of them and at all.
async fn fill(load: &Load, messages: usize, url: &str, empty: f64) {
    let (mut time, mut filled) = (Duration::ZERO, 0);
    while filled < messages {
        let batch = BATCH.min(messages - filled);
        time += load.send_all(load.texts(batch, PHONES)).await;
        filled += batch;
        if filled == BATCH || filled == messages {
            let bytes = (redis_memory(url).await - empty) / filled as f64;
            line(&format!("memory of each of {filled}"), &format!("{bytes:.0} bytes"), "");
        }
    }
    line("accepted", &per_second(messages as f64 / time.as_secs_f64()), "");
}

/// Waits until a part is worked off.
async fn work_off(stack: &Stack, messages: usize, part: usize) -> Part {
    let (meter, began) = (Meter::read(stack).await, Instant::now());
    let end = stack.provider.wait_for_texts(messages * part, LONG_PATIENCE).await;
    let cost = Cost::new(&meter.since(stack).await, messages, end - began);
    let memory_of = |name| {
        let ids = stack.ids();
        ids.iter().filter(|(it, _)| *it == name).map(|(_, id)| process_memory(*id)).sum()
    };
    Part {
        cost,
        redis_memory: redis_memory(&stack.redis.as_ref().unwrap().url).await,
        worker_memory: memory_of("worker"),
    }
}

fn print(parts: &[Part]) {
    let sorted = |figure: fn(&Part) -> f64| {
        let mut all: Vec<f64> = parts.iter().map(figure).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (rates, costs) = (sorted(|it| it.cost.rate), sorted(|it| it.cost.all()));
    let beside = format!("{:.2} of the fastest", rates[0] / quantile(&rates, 1.0));
    line("slowest part", &per_second(rates[0]), &beside);
    let most = quantile(&costs, 1.0);
    let beside = format!("{:.2} x the cheapest", most / costs[0]);
    line("dearest part, CPU of a message", &micros(most), &beside);
}
