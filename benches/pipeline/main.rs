//! Cost of a text in the whole pipeline, on Redis and on the embedded store, compared with the limit of
//! the same Redis in the same run.
//!
//! `cargo bench --bench pipeline` starts the real processes, a store that syncs every write to disk,
//! and a recording fake of Twilio's API, pairs strangers, and has them text each other. Everything,
//! including the load generator and the fake, shares this machine's cores.

#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue has failed")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people, none near a limit of its type"
)]

mod load;
mod meter;
mod stack;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "another bench reads Redis' process")]
mod support;
#[path = "../../tests/it/support/twilio/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of the fake")]
mod twilio;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::load::Texts;
use crate::meter::{Meter, Readings};
use crate::stack::{Stack, Store};

const PHONES: usize = 400;
const CONNECTIONS: usize = 64;
const TEXTS: usize = 30_000;
const STEADY_RATE: u32 = 500;
const STEADY_TIME: Duration = Duration::from_secs(20);
const IDLE_TIME: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::main(worker_threads = 2)]
async fn main() {
    let redis = measure(Store::Redis).await;
    let sqlite = measure(Store::Sqlite).await;
    println!("SQLite reaches             {:>8.1} % of Redis", sqlite / redis * 100.0);
}

/// Runs all measurements on a store, and returns the texts per second.
async fn measure(store: Store) -> f64 {
    println!("--- on {}", if store == Store::Redis { "Redis" } else { "SQLite" });
    let stack = Stack::start(store).await;
    let texts = Texts::new(&stack, PHONES);
    pair(&stack, &texts).await;
    let (rate, used) = throughput(&stack, &texts).await;
    latency(&stack, &texts).await;
    idle(&stack).await;
    if let (Some(redis), Some(used)) = (&stack.redis, used.redis) {
        bare_limit(&redis.url, used.calls / TEXTS as f64, rate).await;
    }
    rate
}

/// Connects all senders in pairs.
async fn pair(stack: &Stack, texts: &Texts) {
    texts.send_all((0..PHONES).map(|phone| (phone, "connect".to_owned())), CONNECTIONS).await;
    let connected = |messages: &[twilio::Message]| {
        messages.iter().filter(|message| message.body.starts_with("You're now")).count() == PHONES
    };
    stack.twilio.wait_until(PATIENCE, connected).await;
}

/// Measures the maximum rate, and what each text costs at it.
async fn throughput(stack: &Stack, texts: &Texts) -> (f64, Readings) {
    let before = stack.twilio.count();
    let meter = Meter::start(stack).await;
    let began = Instant::now();
    let all = (0..TEXTS).map(|n| (n % PHONES, format!("text number {n} of a long talk")));
    texts.send_all(all, CONNECTIONS).await;
    let accepted = began.elapsed();
    stack.twilio.wait_for(before + TEXTS, PATIENCE).await;
    let sent = began.elapsed();
    let used = meter.read(stack).await;
    let count = TEXTS as f64;
    let rate = count / sent.as_secs_f64();
    let micros = |cpu: Duration| cpu.as_secs_f64() * 1e6 / count;
    println!("{TEXTS} texts between {PHONES} strangers, over {CONNECTIONS} connections:");
    println!("  webhooks accepted        {:>8.0} /s", count / accepted.as_secs_f64());
    println!("  texts end to end         {rate:>8.0} /s");
    if let Some(redis) = used.redis {
        println!("  Redis calls per text     {:>8.2}", redis.calls / count);
        println!("  Redis CPU per text       {:>8.0} us", micros(redis.cpu));
        println!("    of it in the kernel    {:>8.0} us", micros(redis.kernel));
        println!("    of it in scripts       {:>8.0} us", micros(redis.scripts));
    }
    for (name, cpu) in &used.processes {
        println!("  {:<24} {:>8.0} us", format!("{name} CPU per text"), micros(*cpu));
    }
    (rate, used)
}

/// Measures the time from a webhook to the call of the API, at a steady rate.
async fn latency(stack: &Stack, texts: &Texts) {
    let before = stack.twilio.count();
    let sent = texts.send_steadily(STEADY_RATE, STEADY_TIME, CONNECTIONS).await;
    let messages = stack.twilio.wait_for(before + sent.len(), PATIENCE).await;
    let arrived: HashMap<&str, Instant> =
        messages[before..].iter().map(|message| (message.body.as_str(), message.at)).collect();
    let mut latencies: Vec<Duration> = sent
        .iter()
        .map(|(text, at)| arrived[format!("Stranger: {text}").as_str()].duration_since(*at))
        .collect();
    latencies.sort();
    let at =
        |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{} texts at {STEADY_RATE} /s, from webhook to API call:", sent.len());
    println!("  p50                      {:>8.2} ms", at(0.50));
    println!("  p99                      {:>8.2} ms", at(0.99));
    println!("  slowest                  {:>8.2} ms", at(1.0));
}

/// Measures the cost of an idle stack.
async fn idle(stack: &Stack) {
    let meter = Meter::start(stack).await;
    tokio::time::sleep(IDLE_TIME).await;
    let used = meter.read(stack).await;
    let share = |cpu: Duration| cpu.as_secs_f64() / IDLE_TIME.as_secs_f64() * 100.0;
    println!("idle for {} s:", IDLE_TIME.as_secs());
    for (name, cpu) in &used.processes {
        println!("  {:<24} {:>8.2} % of a core", format!("{name} CPU"), share(*cpu));
    }
    if let Some(redis) = used.redis {
        println!("  Redis CPU                {:>8.2} % of a core", share(redis.cpu));
        println!("  Redis calls              {:>8.1} /s", redis.calls / IDLE_TIME.as_secs_f64());
    }
}

/// Measures the limit of this Redis with the calls of each text as plain pipelined commands.
async fn bare_limit(url: &str, calls_per_text: f64, rate: f64) {
    let commands = (TEXTS as f64 * calls_per_text) as usize;
    let took = meter::plain_commands(url, commands).await;
    let limit = TEXTS as f64 / took.as_secs_f64();
    println!("the same number of plain pipelined Redis commands ({commands} SETs of 200 bytes):");
    println!("  commands                 {:>8.0} /s", commands as f64 / took.as_secs_f64());
    println!("  as texts                 {limit:>8.0} /s");
    println!("  the pipeline reaches     {:>8.1} % of that", rate / limit * 100.0);
}
