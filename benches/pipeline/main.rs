//! Cost of a text in the whole pipeline, each figure beside one that was measured in the same run.
//!
//! `cargo bench --bench pipeline` starts the real processes, a store, and a provider that accepts
//! everything at once, pairs strangers, and has them text each other. Everything, the load included,
//! shares this machine's cores. docs/performance.md explains the figures.

#![expect(clippy::print_stdout, reason = "it prints its figures")]
#![expect(clippy::unwrap_used, reason = "a measurement that cannot continue has failed")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people, none near a limit of its type"
)]

mod backlog;
mod bare;
mod busy;
mod copies;
mod cost;
mod edges;
mod family;
mod http;
mod load;
mod lobby;
mod meter;
mod overload;
mod peers;
mod people;
mod plain;
mod provider;
mod report;
#[path = "../../tests/it/support/twilio/signature.rs"]
mod signature;
mod stack;
mod steady;
#[path = "../support/mod.rs"]
mod support;

use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::stack::Store;

/// People who text each other.
const PHONES: usize = 400;
/// Time after which a measurement has failed.
const PATIENCE: Duration = Duration::from_mins(2);
const LONG_PATIENCE: Duration = Duration::from_mins(15);

/// Measures what a text costs, beside what cannot be avoided. Times are of a machine that all processes
/// share with the load; us are microseconds of CPU time for each text.
#[derive(Parser)]
#[command(name = "cargo bench --bench pipeline --")]
struct Arguments {
    /// Measurements to make [default: quick]
    #[arg(value_enum)]
    measurements: Vec<Measurement>,
    /// Known people in `people`, and the largest crowd in `lobby` is a tenth of them
    #[arg(long, default_value_t = 1_000_000)]
    people: usize,
    /// Messages in `backlog`
    #[arg(long, default_value_t = 200_000)]
    messages: usize,
    /// Folder with the packages of `peers`
    #[arg(long, default_value = ".")]
    packages: PathBuf,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    /// As many texts as possible, on Redis, beside plain commands and a relay without a store
    Busy,
    /// 500 texts a second: the time of a text, and its cost when it is alone
    Steady,
    /// Webhooks without a worker, beside a server that only answers
    Accept,
    /// Calls of the provider, beside a bare HTTP client
    Send,
    /// As many texts as possible on the embedded store
    Embedded,
    /// The measurements so far, in about two minutes
    Quick,
    /// Texts when a million people are known (about five minutes, and some GB of memory)
    People,
    /// The same on the embedded store
    EmbeddedPeople,
    /// 100,000 people connect at once (about three minutes)
    Lobby,
    /// Up to ten times the rate that is carried (about two minutes)
    Overload,
    /// Messages are worked off that came while no worker ran (about a minute for 200,000)
    Backlog,
    /// All of the above
    All,
    /// The same relay on other queues; benches/peers/run installs them
    Peers,
}

impl Measurement {
    const QUICK: [Self; 5] = [Self::Busy, Self::Steady, Self::Accept, Self::Send, Self::Embedded];
    const LONG: [Self; 5] =
        [Self::People, Self::EmbeddedPeople, Self::Lobby, Self::Overload, Self::Backlog];

    fn parts(self) -> Vec<Self> {
        match self {
            Self::Quick => Self::QUICK.to_vec(),
            Self::All => [&Self::QUICK[..], &Self::LONG].concat(),
            one => vec![one],
        }
    }

    async fn run(self, arguments: &Arguments) {
        match self {
            Self::Busy => busy::redis().await,
            Self::Steady => steady::measure().await,
            Self::Accept => edges::accept().await,
            Self::Send => edges::send().await,
            Self::Embedded => busy::embedded().await,
            Self::People => people::measure(Store::Redis, arguments.people).await,
            Self::EmbeddedPeople => people::measure(Store::Embedded, arguments.people).await,
            Self::Lobby => lobby::measure(arguments.people / 10).await,
            Self::Overload => overload::measure().await,
            Self::Backlog => backlog::measure(arguments.messages).await,
            Self::Peers => peers::measure(&arguments.packages).await,
            Self::Quick | Self::All => {}
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [role, port, provider] = arguments.as_slice()
        && role == "bare"
    {
        return bare::serve(port.parse().unwrap(), provider);
    }
    measure(&Arguments::parse());
}

#[tokio::main(worker_threads = 2)]
async fn measure(arguments: &Arguments) {
    println!("Crosswire {}, {}", env!("CARGO_PKG_VERSION"), machine());
    let named = &arguments.measurements;
    let named = if named.is_empty() { &[Measurement::Quick][..] } else { named };
    for measurement in named.iter().flat_map(|it| it.parts()) {
        measurement.run(arguments).await;
    }
}

/// Describes this machine.
fn machine() -> String {
    let cores = available_parallelism().map_or(1, usize::from);
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |it| it.trim_start_matches([' ', '\t', ':']));
    format!("{cores} cores, {model}")
}
