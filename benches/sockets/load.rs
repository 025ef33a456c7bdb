//! Load: texts that sockets say, each of which comes to every socket of its room.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::Clients;
use crate::figures::{Latencies, resident_memory};
use crate::stack::Stack;

/// Sockets that talk at the same time.
const TALKERS: usize = 64;
/// Tasks that say the texts of a steady load.
const LANES: usize = 16;

/// Says texts as fast as they come back, each talker one at a time. Returns the lines per second that
/// come to all sockets together.
pub(crate) async fn flood(stack: &Stack, clients: &Clients, texts: usize) -> f64 {
    let talkers = TALKERS.min(clients.len());
    let (before, began) = (stack.cpu(), Instant::now());
    join_all((0..talkers).map(|talker| async move {
        // Neighbours are in one room, so that talkers lie as far apart as they can.
        let socket = talker * clients.len() / talkers;
        for number in (talker..texts).step_by(talkers) {
            clients.say(socket, number).await;
            clients.own(socket).await;
        }
    }))
    .await;
    let lines = texts * clients.per_room;
    clients.take(lines).await;
    let rate = lines as f64 / began.elapsed().as_secs_f64();
    println!("{texts} texts of {talkers} talkers, each to {} sockets:", clients.per_room);
    println!("  texts                    {:>8.0} /s", rate / clients.per_room as f64);
    println!("  lines to sockets         {rate:>8.0} /s");
    stack.print_cpu(&before, texts, "text");
    rate
}

/// Says `rate` texts per second, without waiting for earlier ones, and measures the time from when
/// each one was due to each of its arrivals.
pub(crate) async fn steady(
    stack: &Stack,
    clients: &Clients,
    rate: u32,
    time: Duration,
) -> Latencies {
    let count = (time.as_secs() * u64::from(rate)) as usize;
    let begin = Instant::now() + Duration::from_millis(100);
    let due = |n: usize| begin + Duration::from_secs(1) * n as u32 / rate;
    let before = stack.cpu();
    join_all((0..LANES).map(|lane| async move {
        for n in (lane..count).step_by(LANES) {
            tokio::time::sleep_until(due(n).into()).await;
            // A number that shares no factor with that of the sockets visits all of them.
            clients.say(n * 7919 % clients.len(), n).await;
        }
    }))
    .await;
    let lines = clients.take(count * clients.per_room).await;
    let latency = |(n, at): (usize, Instant)| at.duration_since(due(n));
    let latencies = Latencies::new(lines.into_iter().map(latency).collect());
    println!("{count} texts at {rate} /s, from socket to {} sockets:", clients.per_room);
    latencies.print();
    stack.print_cpu(&before, count, "text");
    let (name, process) = &stack.processes[0];
    let memory = resident_memory(process.id()) / 1e6;
    println!("  {:<24} {memory:>8.1} MB", format!("memory of {name}"));
    latencies
}
