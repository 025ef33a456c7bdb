//! Overload: more texts than the machine can carry, sent without waiting for answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use crate::checker::{Person, Text};
use crate::people::{FIRST, People};
use crate::support::PATIENCE;
use crate::support::twilio::Random;

/// Time in which the rate is measured that the machine can carry.
const MEASURED: Duration = Duration::from_secs(3);

/// Attempts of a text, as a provider makes them that is asked for one retry. With more of them the load would
/// wait for its own processor.
const ATTEMPTS: usize = 2;

/// Measures what the machine can carry, then sends so many times as much. Returns all texts, and the two
/// rates per second.
pub(crate) async fn flood(
    people: &People<'_>,
    seed: u64,
    times: u32,
    time: Duration,
) -> (Vec<Text>, [f64; 2]) {
    let (measured, capacity) = capacity(people, seed).await;
    let rate = capacity * f64::from(times);
    let pause = Duration::from_secs_f64(people.all().len() as f64 / rate);
    let measured = &measured;
    let count = Arc::new(AtomicUsize::new(0));
    let end = Instant::now() + time;
    let floods = people.all().map(|sender| {
        let count = Arc::clone(&count);
        async move {
            let first = measured.iter().filter(|text| text.sender == sender).count();
            let texts = without_waiting(people, sender, first, seed, pause, end).await;
            count.fetch_add(texts.len(), Ordering::Relaxed);
            texts
        }
    });
    let floods = join_all(floods).await.concat();
    let sent = count.load(Ordering::Relaxed) as f64 / time.as_secs_f64();
    ([measured.clone(), floods].concat(), [capacity, sent])
}

/// Returns the texts that were sent to find it, and the number of texts per second that arrive when
/// everybody sends the next one at once.
async fn capacity(people: &People<'_>, seed: u64) -> (Vec<Text>, f64) {
    let begun = Instant::now();
    let all = people.all().map(|sender| async move {
        let mut random = Random::new(seed ^ sender as u64);
        let mut texts = Vec::new();
        while begun.elapsed() < MEASURED {
            texts.push(people.text((sender, FIRST), texts.len(), usize::MAX, &mut random).await);
        }
        texts
    });
    let texts = join_all(all).await.concat();
    people.wait_for_texts(texts.len(), PATIENCE).await;
    let rate = texts.len() as f64 / begun.elapsed().as_secs_f64();
    (texts, rate)
}

/// Sends the texts of one person by the clock, each with its own retries.
async fn without_waiting(
    people: &People<'_>,
    sender: Person,
    first: usize,
    seed: u64,
    pause: Duration,
    end: Instant,
) -> Vec<Text> {
    let mut due = Instant::now() + pause.mul_f64(sender as f64 / people.all().len() as f64);
    let (mut number, mut sending, mut texts) = (first, FuturesUnordered::new(), Vec::new());
    loop {
        tokio::select! {
            () = sleep_until(due), if due < end && Instant::now() < end => {
                let mut random = Random::new(seed ^ (sender as u64) << 32 ^ number as u64);
                sending.push(async move { people.text((sender, FIRST), number, ATTEMPTS, &mut random).await });
                number += 1;
                due += pause;
            }
            Some(text) = sending.next() => texts.push(text),
            else => break,
        }
    }
    texts.sort_by_key(|text: &Text| text.number);
    texts
}
