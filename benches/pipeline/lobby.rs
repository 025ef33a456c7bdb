//! Lobby: many people connect at once, while others text.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::provider::{Provider, Text};
use crate::report::{line, megabytes, millis, quantile, title};
use crate::stack::{Stack, Store};
use crate::steady::waits;
use crate::{LONG_PATIENCE, meter};

/// Crowds, each of which meets a lobby of its own.
const CROWDS: [usize; 3] = [10_000, 30_000, 100_000];
/// People who text meanwhile, and the rate of all their texts per second.
const OTHERS: usize = 40;
const RATE: u32 = 20;
/// Time in which the others text before the crowd comes.
const QUIET: Duration = Duration::from_secs(2);

pub(crate) async fn measure(largest: usize) {
    let mut first = None;
    let crowds = CROWDS.into_iter().filter(|size| *size < largest).chain([largest]);
    for size in crowds {
        title(&format!("lobby: {size} people connect at once, on Redis"));
        let micros = crowd(size).await;
        let first = *first.get_or_insert(micros);
        let beside = format!("{:.2} x that of the smallest crowd", micros / first);
        line("time for each", &format!("{micros:.0} us"), &beside);
    }
}

/// Connects a crowd, and returns the microseconds for each person until all are paired.
async fn crowd(size: usize) -> f64 {
    let stack = Stack::start(Store::Redis).await;
    let (load, others) = (stack.load(), Arc::new(stack.load()));
    stack.pair(&load, 0..OTHERS).await;
    let (from, stop) = (stack.provider.count(), Arc::new(AtomicBool::new(false)));
    let texts = others.texts(RATE as usize * LONG_PATIENCE.as_secs() as usize, OTHERS);
    let texting = {
        let stop = Arc::clone(&stop);
        tokio::spawn(async move { others.send_steadily(texts, RATE, &stop).await })
    };
    let connects = load.connects(OTHERS..OTHERS + size);
    tokio::time::sleep(QUIET).await;
    let began = Instant::now();
    let accepted = load.send_all(connects).await;
    let is_done = || stack.provider.paired() >= OTHERS + size;
    stack.provider.wait_until(LONG_PATIENCE, is_done).await;
    stop.store(true, Ordering::Relaxed);
    let sent = texting.await.unwrap();
    stack.provider.wait_for_texts(sent.len(), LONG_PATIENCE).await;
    let time = last_pair(&stack.provider, from, size) - began;
    line("webhooks accepted in", &format!("{:.2} s", accepted.as_secs_f64()), "");
    line("all paired in", &format!("{:.2} s", time.as_secs_f64()), "");
    print_waits(&stack.provider, from, &sent, began);
    if let Some(redis) = &stack.redis {
        line("memory of Redis", &megabytes(meter::redis_memory(&redis.url).await), "");
    }
    time.as_secs_f64() * 1e6 / size as f64
}

/// Returns the time at which the last person was told, and makes sure that each was, once.
fn last_pair(provider: &Provider, from: usize, size: usize) -> Instant {
    let told: Vec<_> =
        provider.sent(from).into_iter().filter(|it| it.text == Text::Paired).collect();
    let people: HashSet<u64> = told.iter().map(|it| it.to).collect();
    assert_eq!((people.len(), told.len()), (size, size), "each is paired, once");
    told.iter().map(|it| it.at).max().unwrap()
}

/// Prints how long texts of the others took, before the crowd came and while it was there.
fn print_waits(provider: &Provider, from: usize, sent: &[(usize, Instant)], began: Instant) {
    let (before, meanwhile): (Vec<_>, Vec<_>) = sent.iter().partition(|(_, due)| *due < began);
    for (name, sent) in [("before", before), ("meanwhile", meanwhile)] {
        let mut waits = waits(provider, from, &sent);
        waits.sort_by(f64::total_cmp);
        let [p50, slowest] = [0.50, 1.0].map(|share| millis(quantile(&waits, share)));
        let name = format!("p50 of {} texts of others {name}", waits.len());
        line(&name, &p50, &format!("slowest {slowest}"));
    }
}
