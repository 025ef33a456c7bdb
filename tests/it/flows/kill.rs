//! Everything is killed at random instants, and nobody notices.

use std::time::Duration;

use futures_util::future::join_all;

use super::texts::CONNECTED;
use crate::support::twilio::{Behaviour, Random, Trouble};
use crate::support::{Deployment, PATIENCE, Phone, Setup};

/// Short leases, so that what a killed process had in hand is taken over within seconds. A claim of
/// an outbound message has to outlast its call by five seconds at least.
const TOPIC: &str = r#"
    [topics.roulette]
    handler = "roulette"
    accept_response = ""
    lease = "1500ms"
    handler_timeout = "1s"
    max_attempts = 100
    [topics.roulette.sending]
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

/// What the phone on this side of a pair says, in its order.
fn words(pair: usize, side: usize) -> impl Iterator<Item = String> {
    (0..TEXTS).map(move |number| format!("pair {pair} side {side} text {number}"))
}

/// Connects two at a time, so that it is known who sits with whom.
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

/// Everybody talks at once, each at their own pace: the next text when the last was accepted.
async fn talk(pairs: &[Pair<'_>], seed: u64) {
    let speakers = pairs.iter().enumerate().flat_map(|(number, pair)| {
        pair.phones.iter().enumerate().map(move |(side, phone)| async move {
            let mut random = Random::new(seed ^ (2 * number + side) as u64);
            for text in words(number, side) {
                tokio::time::sleep(random.millis(0..800)).await;
                let answer = phone.webhook(&text).send_until_accepted().await;
                assert_eq!(answer.said(), None);
            }
        })
    });
    join_all(speakers).await;
}

/// Kills one process after the other and starts it again at once.
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

/// Who heard what they should not have heard, or not heard what they should have, or out of order.
fn complaints(pairs: &[Pair<'_>]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (number, pair) in pairs.iter().enumerate() {
        for (side, phone) in pair.phones.iter().enumerate() {
            let relayed = |text: String| text.strip_prefix("Stranger: ").map(ToOwned::to_owned);
            let heard: Vec<String> = phone.inbox().into_iter().filter_map(relayed).collect();
            let said: Vec<String> = words(number, 1 - side).collect();
            if heard != said {
                let same = heard.iter().zip(&said).take_while(|(one, other)| one == other).count();
                let instead = heard.get(same);
                complaints.push(format!("pair {number} side {side}: {instead:?} as text {same}"));
            }
        }
    }
    complaints
}

async fn everybody_heard_everything(deployment: &Deployment) {
    let all = PAIRS * 2 * TEXTS;
    let relayed = |sent: &[crate::support::twilio::Message]| {
        sent.iter().filter(|message| message.body.starts_with("Stranger: ")).count()
    };
    deployment.twilio().wait_until(Duration::from_mins(2), |sent| relayed(sent) >= all).await;
}

/// Of a thousand sends so many are cut off before or after they were taken, or put off.
fn awkward(seed: u64) -> Trouble {
    Trouble::mix(
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
    deployment.twilio().trouble(awkward(1));
    tokio::join!(talk(&pairs, 2), kill(&deployment, 3, 30));
    everybody_heard_everything(&deployment).await;
    assert_eq!(complaints(&pairs), Vec::<String>::new());
}

/// Everything in one process, and the store with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_process_with_embedded_store_loses_duplicates_and_reorders_nothing() {
    let deployment = Setup::dev(TOPIC).embedded().start().await;
    let pairs = connect(&deployment).await;
    deployment.twilio().trouble(awkward(8));
    let kills = async {
        let mut random = Random::new(9);
        for _ in 0..20 {
            tokio::time::sleep(random.millis(200..1000)).await;
            deployment.kill_web();
            deployment.start_web();
        }
    };
    tokio::join!(talk(&pairs, 10), kills);
    everybody_heard_everything(&deployment).await;
    assert_eq!(complaints(&pairs), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_store_loses_duplicates_and_reorders_nothing() {
    let deployment = Setup::new(TOPIC).own_redis().workers(2).start().await;
    let pairs = connect(&deployment).await;
    deployment.twilio().trouble(awkward(4));
    let power_cuts = async {
        let mut random = Random::new(5);
        for _ in 0..3 {
            tokio::time::sleep(random.millis(1000..3000)).await;
            deployment.redis().kill9();
            tokio::time::sleep(random.millis(0..500)).await;
            tokio::task::block_in_place(|| deployment.redis().restart());
        }
    };
    tokio::join!(talk(&pairs, 6), kill(&deployment, 7, 8), power_cuts);
    everybody_heard_everything(&deployment).await;
    assert_eq!(complaints(&pairs), Vec::<String>::new());
}
