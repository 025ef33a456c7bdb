//! Overload: texts by the clock, at several times the rate that the pipeline carries. What it accepts should be
//! answered in time, and memory stay where it was, whatever is offered.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::http::Connection;
use crate::load::{Load, Request};
use crate::meter::{Machine, peak_memory};
use crate::report::{line, megabytes, millis, per_second, quantile, title};
use crate::stack::{Stack, Store};
use crate::{LONG_PATIENCE, PHONES};

/// Rates, as multiples of the one that is carried.
const TIMES: [u32; 3] = [1, 3, 10];
/// Time of each rate.
const TIME: Duration = Duration::from_secs(10);
/// Texts that show which rate is carried.
const TEXTS: usize = 10_000;
/// Connections of the load: more than `web` takes calls in hand.
const CONNECTIONS: usize = 1_500;
/// Time after which the load waits no more for an answer.
const GIVE_UP: Duration = Duration::from_secs(3);

/// Answers to the texts of one rate.
#[derive(Default)]
struct Answers {
    /// Seconds from when each text was due until it was accepted.
    accepted: Mutex<Vec<f64>>,
    refused: AtomicUsize,
    /// Texts without an answer in time.
    given_up: AtomicUsize,
    /// Texts for which no connection was free.
    unsent: usize,
}

/// Connection with a text at a time, and when the text was due.
type Lane = UnboundedSender<(usize, Instant)>;

pub(crate) async fn measure() {
    title(&format!("overload: {} s of each rate, on Redis", TIME.as_secs()));
    let stack = Stack::start(Store::Redis).await;
    let load = stack.load();
    stack.pair(&load, 0..PHONES).await;
    let carried = carried(&stack, &load).await;
    line("texts carried", &per_second(carried), "the load waits for each answer");
    for times in TIMES {
        let rate = carried * f64::from(times);
        let requests = load.texts((rate * TIME.as_secs_f64()) as usize, PHONES);
        let (offered, texts, machine) = (requests.len(), stack.provider.texts(), Machine::read());
        let answers = offer(&load, requests, rate).await;
        print(&stack, (times, offered), &answers, machine.busy_since());
        let accepted = answers.accepted.lock().unwrap().len();
        stack.provider.wait_for_texts(texts + accepted, LONG_PATIENCE).await;
    }
}

/// Returns the texts per second that arrive when each connection waits for its answers.
async fn carried(stack: &Stack, load: &Load) -> f64 {
    let (requests, texts, began) =
        (load.texts(TEXTS, PHONES), stack.provider.texts(), Instant::now());
    load.send_all(requests).await;
    stack.provider.wait_for_texts(texts + TEXTS, LONG_PATIENCE).await;
    TEXTS as f64 / began.elapsed().as_secs_f64()
}

/// Offers texts at a rate, each on a connection that is free, or on none.
async fn offer(load: &Load, requests: Vec<Request>, rate: f64) -> Answers {
    let (requests, answers) = (Arc::new(requests), Arc::<Answers>::default());
    let free: Arc<Mutex<Vec<usize>>> = Arc::default();
    let (lanes, sending): (Vec<Lane>, Vec<_>) = (0..CONNECTIONS)
        .map(|lane| {
            let (to, turns) = unbounded_channel();
            let (requests, answers) = (Arc::clone(&requests), Arc::clone(&answers));
            let (free, port) = (Arc::clone(&free), load.port());
            (to, tokio::spawn(serve(lane, turns, port, requests, answers, free)))
        })
        .unzip();
    while free.lock().unwrap().len() < CONNECTIONS {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let count = requests.len();
    // A thread, since the timers of the runtime are only as exact as a millisecond.
    let pacing = tokio::task::spawn_blocking(move || {
        let (begin, mut unsent) = (Instant::now(), 0);
        for n in 0..count {
            let due = begin + Duration::from_secs_f64(n as f64 / rate);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let lane = free.lock().unwrap().pop();
            match lane {
                Some(lane) => lanes[lane].send((n, due)).unwrap(),
                None => unsent += 1,
            }
        }
        unsent
    });
    let unsent = pacing.await.unwrap();
    for task in sending {
        task.await.unwrap();
    }
    Answers { unsent, ..Arc::into_inner(answers).unwrap() }
}

/// Sends what a lane is given, and returns the lane to the free ones after each answer.
async fn serve(
    lane: usize,
    mut turns: UnboundedReceiver<(usize, Instant)>,
    port: u16,
    requests: Arc<Vec<Request>>,
    answers: Arc<Answers>,
    free: Arc<Mutex<Vec<usize>>>,
) {
    let mut connection = Connection::open(port).await;
    free.lock().unwrap().push(lane);
    while let Some((n, due)) = turns.recv().await {
        match timeout(GIVE_UP, connection.exchange(requests[n].bytes())).await {
            Ok(true) => answers.accepted.lock().unwrap().push(due.elapsed().as_secs_f64()),
            Ok(false) => drop(answers.refused.fetch_add(1, Ordering::Relaxed)),
            Err(_) => {
                answers.given_up.fetch_add(1, Ordering::Relaxed);
                connection = Connection::open(port).await;
            }
        }
        free.lock().unwrap().push(lane);
    }
}

fn print(stack: &Stack, (times, offered): (u32, usize), answers: &Answers, busy: f64) {
    let seconds = TIME.as_secs_f64();
    let mut accepted = answers.accepted.lock().unwrap().clone();
    accepted.sort_by(f64::total_cmp);
    let [refused, given_up] =
        [&answers.refused, &answers.given_up].map(|it| it.load(Ordering::Relaxed));
    let rate = |count: usize| per_second(count as f64 / seconds);
    line(&format!("{times} x: offered"), &rate(offered), &format!("cores {busy:.0} % busy"));
    line("  accepted", &rate(accepted.len()), "");
    line("  refused with 503", &rate(refused), "");
    line("  no answer, no free connection", &rate(given_up + answers.unsent), "");
    for (name, share) in [("p50", 0.50), ("p99", 0.99), ("slowest", 1.0)] {
        line(&format!("  {name} of the accepted"), &millis(quantile(&accepted, share)), "");
    }
    let web = stack.ids().into_iter().find(|(name, _)| *name == "web").unwrap().1;
    line("  peak memory of web", &megabytes(peak_memory(web)), "");
}
