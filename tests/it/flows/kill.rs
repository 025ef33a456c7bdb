//! Processes and the store are killed at random instants, and no message is lost.

use std::time::Duration;

use futures_util::future::join_all;
use nix::sys::signal::Signal;

use super::texts::CONNECTED;
use crate::support::twilio::{Behaviour, Faults, Random};
use crate::support::{Deployment, PATIENCE, Phone, Setup};

/// Topic whose people write faster than people type, with short leases, so that the claims of a killed
/// process are reclaimed within seconds. The claim of an outbound message outlasts its request by five
/// seconds at least.
const TOPIC: &str = r#"
    [topics.roulette]
    handler = "roulette"
    accept_response = ""
    lease = "1500ms"
    handler_timeout = "1s"
    max_attempts = 100
    properties = { loop_guard = false }
    [topics.roulette.sending]
    repeats = 0
    connect_timeout = "500ms"
    timeout = "500ms"
    lease = "5500ms"
    settle = "200ms"
    max_attempts = 100
"#;

const PAIRS: usize = 40;
/// Texts of each person: 40 pairs of two make 2,000 in all.
const TEXTS: usize = 25;

struct Pair<'d> {
    phones: [Phone<'d>; 2],
}

/// Texts of the phone on this side of a pair, in order.
fn texts(pair: usize, side: usize) -> impl Iterator<Item = String> {
    (0..TEXTS).map(move |number| format!("pair {pair} side {side} text {number}"))
}

/// Connects two phones at a time, so that the pairs are known.
async fn connect(deployment: &Deployment) -> Vec<Pair<'_>> {
    let mut pairs = Vec::new();
    for pair in 0..PAIRS {
        let phones = [0, 1].map(|side| {
            deployment.phone(&format!("+1415555{:04}", 2 * pair + side), "/queue/roulette")
        });
        for phone in &phones {
            phone.text("connect").await;
            phone.wait_for(1).await;
        }
        deployment
            .twilio()
            .wait_until(PATIENCE, |sent| {
                phones
                    .iter()
                    .all(|phone| sent.iter().any(|m| m.to == phone.number() && m.body == CONNECTED))
            })
            .await;
        pairs.push(Pair { phones });
    }
    pairs
}

/// Sends all texts, each phone's next one when its last was accepted.
async fn send_texts(pairs: &[Pair<'_>], seed: u64) {
    let speakers = pairs.iter().enumerate().flat_map(|(number, pair)| {
        pair.phones.iter().enumerate().map(move |(side, phone)| async move {
            let mut random = Random::new(seed ^ (2 * number + side) as u64);
            for text in texts(number, side) {
                tokio::time::sleep(random.millis(0..800)).await;
                let answer = phone.webhook(&text).send_until_accepted().await;
                assert_eq!(answer.said(), None);
            }
        })
    });
    join_all(speakers).await;
}

/// Kills one process after the other, and restarts each at once.
async fn kill(deployment: &Deployment, seed: u64, kills: usize) {
    let mut random = Random::new(seed);
    for _ in 0..kills {
        tokio::time::sleep(random.millis(50..700)).await;
        match random.below(5) {
            0 => {
                deployment.kill_web();
                deployment.start_web();
            }
            draw => {
                let worker = usize::from(draw > 2);
                deployment.kill_worker(worker);
                deployment.start_worker(worker);
            }
        }
    }
}

/// Phones that received a wrong text, missed one, or received them out of order.
fn mismatches(pairs: &[Pair<'_>]) -> Vec<String> {
    let mut mismatches = Vec::new();
    for (number, pair) in pairs.iter().enumerate() {
        for (side, phone) in pair.phones.iter().enumerate() {
            let relayed = |text: String| text.strip_prefix("Stranger: ").map(ToOwned::to_owned);
            let heard: Vec<String> = phone.inbox().into_iter().filter_map(relayed).collect();
            let said: Vec<String> = texts(number, 1 - side).collect();
            if heard != said {
                let same = heard.iter().zip(&said).take_while(|(one, other)| one == other).count();
                let instead = heard.get(same);
                mismatches.push(format!("pair {number} side {side}: {instead:?} as text {same}"));
            }
        }
    }
    mismatches
}

async fn all_texts_arrived(deployment: &Deployment) {
    let all = PAIRS * 2 * TEXTS;
    let relayed = |sent: &[crate::support::twilio::Message]| {
        sent.iter().filter(|message| message.body.starts_with("Stranger: ")).count()
    };
    deployment.twilio().wait_until(Duration::from_mins(2), |sent| relayed(sent) >= all).await;
}

/// Faults of a thousand requests: cut before or after acceptance, failed, or throttled.
fn faults(seed: u64) -> Faults {
    Faults::mix(
        seed,
        [
            (10, Behaviour::AcceptThenDrop),
            (5, Behaviour::AcceptThenFail(502)),
            (10, Behaviour::Drop),
            (10, Behaviour::Throttle { retry_after: None }),
        ],
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_processes_lose_duplicate_and_reorder_nothing() {
    let deployment = Setup::new(TOPIC).own_redis().workers(2).start().await;
    let pairs = connect(&deployment).await;
    deployment.twilio().inject(faults(1));
    tokio::join!(send_texts(&pairs, 2), kill(&deployment, 3, 30));
    all_texts_arrived(&deployment).await;
    assert_eq!(mismatches(&pairs), Vec::<String>::new());
}

/// A frozen worker wakes up with claims that another one has handled meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_frozen_beyond_their_leases_lose_duplicate_and_reorder_nothing() {
    let deployment = Setup::new(TOPIC).own_redis().workers(2).start().await;
    let pairs = connect(&deployment).await;
    let freezes = async {
        for worker in [0, 1, 0] {
            deployment.signal_worker(worker, Signal::SIGSTOP);
            // The lease of a send is the longest.
            tokio::time::sleep(Duration::from_secs(6)).await;
            deployment.signal_worker(worker, Signal::SIGCONT);
        }
    };
    tokio::join!(send_texts(&pairs, 11), freezes);
    all_texts_arrived(&deployment).await;
    assert_eq!(mismatches(&pairs), Vec::<String>::new());
}

/// One process with the embedded store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_process_with_embedded_store_loses_duplicates_and_reorders_nothing() {
    let deployment = Setup::dev(TOPIC).embedded().start().await;
    let pairs = connect(&deployment).await;
    deployment.twilio().inject(faults(8));
    let kills = async {
        let mut random = Random::new(9);
        for _ in 0..20 {
            tokio::time::sleep(random.millis(200..1000)).await;
            deployment.kill_web();
            deployment.start_web();
        }
    };
    tokio::join!(send_texts(&pairs, 10), kills);
    all_texts_arrived(&deployment).await;
    assert_eq!(mismatches(&pairs), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_store_loses_duplicates_and_reorders_nothing() {
    let deployment = Setup::new(TOPIC).own_redis().workers(2).start().await;
    let pairs = connect(&deployment).await;
    deployment.twilio().inject(faults(4));
    let power_cuts = async {
        let mut random = Random::new(5);
        for _ in 0..3 {
            tokio::time::sleep(random.millis(1000..3000)).await;
            deployment.redis().kill9();
            tokio::time::sleep(random.millis(0..500)).await;
            tokio::task::block_in_place(|| deployment.redis().restart());
        }
    };
    tokio::join!(send_texts(&pairs, 6), kill(&deployment, 7, 8), power_cuts);
    all_texts_arrived(&deployment).await;
    assert_eq!(mismatches(&pairs), Vec::<String>::new());
}
