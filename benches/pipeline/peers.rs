//! Peers: the same relay on queues of Node and Python, which `benches/peers/run` installs.

use std::path::Path;
use std::process::Command;

use crate::PHONES;
use crate::cost::Cost;
use crate::family::Family;
use crate::meter::connect;
use crate::report::title;
use crate::stack::{ACCOUNT, LINE, Stack, Store, TOKEN};
use crate::support::wait_for_port;

/// Texts before the measurement, for connections and for compilers at run time.
const WARM_UP: usize = 2_000;
const TEXTS: usize = 10_000;

/// Relay in a folder of `benches/peers`.
struct Peer {
    name: &'static str,
    folder: &'static str,
    /// Commands for the shell.
    web: &'static str,
    worker: &'static str,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "fastify + BullMQ",
        folder: "node",
        web: "exec node web.js",
        worker: "exec node worker.js",
    },
    Peer {
        name: "Starlette + Celery",
        folder: "python",
        web: "QUEUE=with_celery exec venv/bin/uvicorn web:app --port $PORT --log-level warning",
        worker: "exec venv/bin/celery --app with_celery --quiet worker --loglevel warning \
                 --concurrency $(nproc) --without-gossip --without-mingle",
    },
    Peer {
        name: "Starlette + RQ",
        folder: "python",
        web: "QUEUE=with_rq exec venv/bin/uvicorn web:app --port $PORT --log-level warning",
        worker: "exec venv/bin/rq worker-pool texts --quiet --url $REDIS_URL \
                 --num-workers $(nproc) --worker-class rq.SimpleWorker",
    },
];

/// Prints what a text costs in Crosswire, and in each peer whose packages are there.
pub(crate) async fn measure(packages: &Path) {
    title(&format!("peers: {TEXTS} texts between {PHONES} people\n"));
    println!(
        "| | texts/s | CPU per text | web | worker | Redis | Redis commands per text \
         | CPU beside Crosswire |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let crosswire = crosswire().await;
    row("Crosswire", &crosswire, &crosswire);
    for peer in PEERS {
        let folder = packages.join(peer.folder);
        if folder.is_dir() {
            row(peer.name, &peer.measure(&folder).await, &crosswire);
        }
    }
}

async fn crosswire() -> Cost {
    let stack = Stack::start(Store::Redis).await;
    let load = stack.load();
    stack.pair(&load, 0..PHONES).await;
    Cost::of_texts(&stack, &load, WARM_UP, PHONES).await;
    Cost::of_texts(&stack, &load, TEXTS, PHONES).await
}

impl Peer {
    async fn measure(&self, folder: &Path) -> Cost {
        let stack = Stack::prepare(Store::Redis).await;
        introduce(&stack).await;
        let processes = [
            ("web", start(self.web, folder, &stack)),
            ("worker", start(self.worker, folder, &stack)),
        ];
        wait_for_port(stack.port).await;
        let load = stack.load();
        Cost::of_texts(&stack, &load, WARM_UP, PHONES).await;
        let before = processes.each_ref().map(|(_, process)| process.cpu());
        let mut cost = Cost::of_texts(&stack, &load, TEXTS, PHONES).await;
        for ((name, process), before) in processes.iter().zip(before) {
            let used = process.cpu().saturating_sub(before);
            cost.processes.push((name, used.as_secs_f64() * 1e6 / TEXTS as f64));
        }
        cost
    }
}

fn start(command: &str, folder: &Path, stack: &Stack) -> Family {
    let redis = stack.redis.as_ref().unwrap();
    Family::start(
        Command::new("sh")
            .args(["-c", command])
            .current_dir(folder)
            .env("NODE_ENV", "production")
            .env("PORT", stack.port.to_string())
            .env("PUBLIC_URL", format!("http://127.0.0.1:{}", stack.port))
            .env("REDIS_URL", &redis.url)
            .env("TWILIO_ACCOUNT_SID", ACCOUNT)
            .env("TWILIO_AUTH_TOKEN", TOKEN)
            .env("TWILIO_FROM_NUMBER", LINE)
            .env("TWILIO_API_BASE", stack.provider.url()),
    )
}

/// Stores who is whose partner, for relays whose people do not find each other.
async fn introduce(stack: &Stack) {
    let number = |phone: usize| format!("+1415{phone:07}");
    let mut pairs = redis::cmd("MSET");
    for phone in 0..PHONES {
        pairs.arg(format!("partner:{}", number(phone))).arg(number(phone ^ 1));
    }
    let redis = stack.redis.as_ref().unwrap();
    let () = pairs.query_async(&mut connect(&redis.url).await).await.unwrap();
}

/// Prints a line of a table in Markdown.
fn row(name: &str, cost: &Cost, crosswire: &Cost) {
    println!(
        "| {name} | {:.0} | {:.0} µs | {:.0} µs | {:.0} µs | {:.0} µs | {:.1} | {:.1} x |",
        cost.rate,
        cost.all(),
        cost.of("web"),
        cost.of("worker"),
        cost.of("Redis"),
        cost.commands,
        cost.all() / crosswire.all(),
    );
}
