//! Cost of sockets: memory of those that are idle, lines per second to those in rooms, and the time from
//! socket to socket through the whole pipeline.
//!
//! `cargo bench --bench sockets` starts the real processes, which are this program again, and a Redis
//! that syncs every write to disk. Beside them it measures, in the same run and with the same load, a
//! server that only relays: the same web server, and Redis' pub/sub in place of queue, worker and
//! outbox. Everything, including the clients, shares this machine's cores. `-- --quick` is a smoke
//! test; its figures mean little.

#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue has failed")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people, none near a limit of its type"
)]

mod client;
mod figures;
mod handler;
mod idle;
mod load;
mod plain;
mod pubsub;
mod stack;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use crosswire::App;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::Clients;
use crate::figures::Latencies;
use crate::stack::{Server, Stack};

/// Amounts of one run.
#[derive(Clone, Copy)]
struct Scale {
    idle_sockets: usize,
    /// Time after which no line is resumed from any more, so that the window is empty.
    settle: Duration,
    idle_time: Duration,
    rooms: usize,
    texts: usize,
    rate: u32,
    steady_time: Duration,
}

const FULL: Scale = Scale {
    idle_sockets: 10_000,
    settle: Duration::from_secs(130),
    idle_time: Duration::from_secs(20),
    rooms: 50,
    texts: 20_000,
    rate: 1_000,
    steady_time: Duration::from_secs(20),
};

const QUICK: Scale = Scale {
    idle_sockets: 500,
    settle: Duration::from_secs(1),
    idle_time: Duration::from_secs(1),
    rooms: 5,
    texts: 500,
    rate: 200,
    steady_time: Duration::from_secs(2),
};

/// Sockets in each room.
const PER_ROOM: usize = 20;

fn main() {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("web" | "worker") => {
            App::from_env().unwrap().handler(handler::NAME, handler::Rooms).run().unwrap();
        }
        Some("plain") => {
            let port = arguments.next().unwrap().parse().unwrap();
            plain::serve(port, &arguments.next().unwrap());
        }
        _ => measure(if std::env::args().any(|flag| flag == "--quick") { QUICK } else { FULL }),
    }
}

#[tokio::main(worker_threads = 2)]
async fn measure(scale: Scale) {
    let limit = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: limit, maximum: limit }).unwrap();
    idle::measure(Server::Plain, &scale, Duration::from_secs(1)).await;
    idle::measure(Server::Crosswire, &scale, scale.settle).await;
    let crosswire = fan_out(Server::Crosswire, &scale).await;
    let plain = fan_out(Server::Plain, &scale).await;
    println!("--- through the queue, beside relaying only");
    let share = crosswire.lines_per_second / plain.lines_per_second * 100.0;
    println!("  lines per second         {share:>8.1} %");
    let times = |share| crosswire.latencies.at(share) / plain.latencies.at(share);
    println!("  p50                      {:>8.1} times", times(0.50));
    println!("  p99                      {:>8.1} times", times(0.99));
}

struct FanOut {
    lines_per_second: f64,
    latencies: Latencies,
}

/// Measures rooms of sockets: the maximum rate, and the time from socket to socket at a steady one.
async fn fan_out(server: Server, scale: &Scale) -> FanOut {
    println!("--- {}: talk in {} rooms", server.title(), scale.rooms);
    let stack = Stack::start(server).await;
    let clients = Clients::open(&stack, scale.rooms, PER_ROOM).await;
    let lines_per_second = load::flood(&stack, &clients, scale.texts).await;
    let latencies = load::steady(&stack, &clients, scale.rate, scale.steady_time).await;
    if server == Server::Plain {
        drop(clients);
        pubsub::measure(&stack.redis.url, scale.rate, scale.steady_time).await;
        let clients = Clients::open_echo(&stack, scale.rooms).await;
        println!("echo of this web server, without Redis:");
        load::steady(&stack, &clients, scale.rate, scale.steady_time).await;
    }
    FanOut { lines_per_second, latencies }
}
