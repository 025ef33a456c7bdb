//! Busy: as many texts as the processes can relay.

use std::time::Instant;

use crate::bare::Bare;
use crate::cost::Cost;
use crate::load::{CONNECTIONS, Load};
use crate::meter::connect;
use crate::plain::{self, Plain};
use crate::report::{decimal, line, median, micros, per_second, times, title};
use crate::stack::{Stack, Store};
use crate::{PATIENCE, PHONES};

const ROUNDS: usize = 3;
/// Texts of a round.
const TEXTS: usize = 15_000;

/// Rate and CPU time of a relay that stores nothing.
pub(crate) struct Relay {
    rate: f64,
    cpu: f64,
}

/// Measures texts on Redis, beside plain commands and a relay that stores nothing.
pub(crate) async fn redis() {
    title(&format!(
        "busy: {} texts between {PHONES} people over {CONNECTIONS} connections, on Redis, \
         appendfsync everysec",
        ROUNDS * TEXTS
    ));
    let stack = Stack::start(Store::Redis).await;
    let (load, bare) = (stack.load(), Bare::start(&stack.provider).await);
    warm_up(&stack, &load).await;
    let redis = stack.redis.as_ref().unwrap();
    let redis = (redis.url.as_str(), redis.process.id());
    let (mut costs, mut plains, mut relays) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let cost = Cost::of_texts(&stack, &load, TEXTS, PHONES).await;
        plains.push(plain::flood(redis, TEXTS, &cost).await);
        relays.push(relay(&stack, &bare).await);
        costs.push(cost);
    }
    print(&Cost::median(&costs), &plains, &relays);
    sync_always(&stack, &load, redis.0).await;
}

/// Connects all phones, and sends some texts whose cost is not measured.
async fn warm_up(stack: &Stack, load: &Load) {
    stack.pair(load, 0..PHONES).await;
    Cost::of_texts(stack, load, TEXTS / 5, PHONES).await;
}

/// Measures the same texts through a process that sends each on at once.
async fn relay(stack: &Stack, bare: &Bare) -> Relay {
    let load = bare.relay();
    let (requests, arrived) = (load.texts(TEXTS, PHONES), stack.provider.texts());
    let (before, began) = (bare.cpu(), Instant::now());
    load.send_all(requests).await;
    let end = stack.provider.wait_for_texts(arrived + TEXTS, PATIENCE).await;
    let texts = TEXTS as f64;
    Relay {
        rate: texts / (end - began).as_secs_f64(),
        cpu: bare.cpu().saturating_sub(before).as_secs_f64() * 1e6 / texts,
    }
}

fn print(cost: &Cost, plains: &[Plain], relays: &[Relay]) {
    let limit = median(plains, |it| it.texts_per_second);
    let plain_cpu = median(plains, |it| it.cpu);
    let (rate, cpu) = (median(relays, |it| it.rate), median(relays, |it| it.cpu));
    let of_relay = "a relay that stores nothing";
    cost.print(&times(cost.rate, rate, "/s", of_relay), "", |name| match name {
        "Redis" => times(cost.of(name), plain_cpu, "us", "as many plain commands and bytes"),
        _ => String::new(),
    });
    let processes = cost.all() - cost.of("Redis");
    line("  web and worker together", &micros(processes), &times(processes, cpu, "us", of_relay));
    line("Redis commands of a text", &decimal(cost.commands), "those inside of scripts included");
    line("  scripts called", &decimal(cost.scripts), "");
    line("  bytes sent to Redis", &format!("{:.0}", cost.bytes), "");
    line("the commands of texts, as plain ones", &per_second(limit), "pipelined by the hundred");
}

/// Measures the same with a Redis that syncs every write, as the promises need it.
async fn sync_always(stack: &Stack, load: &Load, url: &str) {
    let mut connection = connect(url).await;
    let mut set = async |value| {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("appendfsync").arg(value);
        let () = set.query_async(&mut connection).await.unwrap();
    };
    set("always").await;
    let always = Cost::of_texts(stack, load, TEXTS, PHONES).await;
    set("everysec").await;
    let every_second = Cost::of_texts(stack, load, TEXTS, PHONES).await;
    let of = "everysec";
    title("the same with appendfsync always, beside everysec just after it");
    always.print(
        &times(always.rate, every_second.rate, "/s", of),
        &times(always.all(), every_second.all(), "us", of),
        |name| times(always.of(name), every_second.of(name), "us", of),
    );
}

/// Measures texts on the embedded store, beside a relay that stores nothing.
pub(crate) async fn embedded() {
    title(&format!("busy, embedded store: {} texts, all in one process", ROUNDS * TEXTS));
    let stack = Stack::start(Store::Embedded).await;
    let (load, bare) = (stack.load(), Bare::start(&stack.provider).await);
    warm_up(&stack, &load).await;
    let (mut costs, mut relays) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        costs.push(Cost::of_texts(&stack, &load, TEXTS, PHONES).await);
        relays.push(relay(&stack, &bare).await);
    }
    let cost = Cost::median(&costs);
    let (rate, cpu) = (median(&relays, |it| it.rate), median(&relays, |it| it.cpu));
    let of = "a relay that stores nothing";
    let beside = times(cost.all(), cpu, "us", of);
    cost.print(&times(cost.rate, rate, "/s", of), &beside, |_| String::new());
}
