//! What a text costs on its way through web, Redis, a worker and Twilio's API, beside the limit of
//! the same Redis in the same run.
//!
//! `cargo bench --bench pipeline` starts the real processes, a Redis that syncs every write to disk,
//! and a recording fake of Twilio's API, pairs strangers, and has them text each other. Everything,
//! the load's own source and the fake included, shares this machine's cores.

#![expect(clippy::print_stdout, reason = "the figures are what this is for")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people, none near a limit of its type"
)]

mod load;
mod meter;
mod stack;
#[path = "../../tests/it/support/twilio/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests ask more of the fake than this does")]
mod twilio;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::load::Texts;
use crate::meter::Meter;
use crate::stack::Stack;

const PHONES: usize = 400;
const CONNECTIONS: usize = 64;
const TEXTS: usize = 30_000;
const STEADY_RATE: u32 = 500;
const STEADY_TIME: Duration = Duration::from_secs(20);
const IDLE_TIME: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::main(worker_threads = 2)]
async fn main() {
    let stack = Stack::start().await;
    let texts = Texts::new(&stack, PHONES);
    pair(&stack, &texts).await;
    let calls_per_text = throughput(&stack, &texts).await;
    latency(&stack, &texts).await;
    idle(&stack).await;
    bare_limit(&stack, calls_per_text).await;
}

/// Everybody is connected to somebody.
async fn pair(stack: &Stack, texts: &Texts) {
    texts.send_all((0..PHONES).map(|phone| (phone, "connect".to_owned())), CONNECTIONS).await;
    let connected = |messages: &[twilio::Message]| {
        messages.iter().filter(|message| message.body.starts_with("You're now")).count() == PHONES
    };
    stack.twilio.wait_until(PATIENCE, connected).await;
}

/// As fast as it goes; answers how many Redis calls a text took.
async fn throughput(stack: &Stack, texts: &Texts) -> f64 {
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
    println!("{TEXTS} texts between {PHONES} strangers, over {CONNECTIONS} connections:");
    println!("  webhooks accepted        {:>8.0} /s", count / accepted.as_secs_f64());
    println!("  texts end to end         {:>8.0} /s", count / sent.as_secs_f64());
    println!("  Redis calls per text     {:>8.2}", used.calls / count);
    println!("  Redis CPU per text       {:>8.0} us", used.cpu.as_secs_f64() * 1e6 / count);
    println!("    of it in the kernel    {:>8.0} us", used.kernel.as_secs_f64() * 1e6 / count);
    println!("    of it in scripts       {:>8.0} us", used.scripts.as_secs_f64() * 1e6 / count);
    println!("  web CPU per text         {:>8.0} us", used.web.as_secs_f64() * 1e6 / count);
    println!("  worker CPU per text      {:>8.0} us", used.worker.as_secs_f64() * 1e6 / count);
    stack.rate.set(count / sent.as_secs_f64());
    used.calls / count
}

/// At a steady rate: from the moment the webhook is sent to the moment the API is called.
async fn latency(stack: &Stack, texts: &Texts) {
    let before = stack.twilio.count();
    let sent = texts.send_steadily(STEADY_RATE, STEADY_TIME, CONNECTIONS).await;
    let messages = stack.twilio.wait_for(before + sent.len(), PATIENCE).await;
    let arrived: HashMap<&str, Instant> =
        messages[before..].iter().map(|message| (message.body.as_str(), message.at)).collect();
    let mut took: Vec<Duration> = sent
        .iter()
        .map(|(text, at)| arrived[format!("Stranger: {text}").as_str()].duration_since(*at))
        .collect();
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{} texts at {STEADY_RATE} /s, from webhook to API call:", sent.len());
    println!("  p50                      {:>8.2} ms", at(0.50));
    println!("  p99                      {:>8.2} ms", at(0.99));
    println!("  slowest                  {:>8.2} ms", at(1.0));
}

/// Nobody texts.
async fn idle(stack: &Stack) {
    let meter = Meter::start(stack).await;
    tokio::time::sleep(IDLE_TIME).await;
    let used = meter.read(stack).await;
    let share = |cpu: Duration| cpu.as_secs_f64() / IDLE_TIME.as_secs_f64() * 100.0;
    println!("idle for {} s:", IDLE_TIME.as_secs());
    println!("  worker CPU               {:>8.2} % of a core", share(used.worker));
    println!("  Redis CPU                {:>8.2} % of a core", share(used.cpu));
    println!("  Redis calls              {:>8.1} /s", used.calls / IDLE_TIME.as_secs_f64());
}

/// What is the most that this Redis does, if each text's calls were plain commands, pipelined?
async fn bare_limit(stack: &Stack, calls_per_text: f64) {
    let commands = (TEXTS as f64 * calls_per_text) as usize;
    let took = meter::plain_commands(&stack.redis_url, commands).await;
    let limit = TEXTS as f64 / took.as_secs_f64();
    println!("the same number of plain pipelined Redis commands ({commands} SETs of 200 bytes):");
    println!("  commands                 {:>8.0} /s", commands as f64 / took.as_secs_f64());
    println!("  as texts                 {limit:>8.0} /s");
    println!("  the pipeline reaches     {:>8.1} % of that", stack.rate.get() / limit * 100.0);
}
