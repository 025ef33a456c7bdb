//! Edges of the pipeline, each alone: webhooks that `web` accepts, and calls of the provider.

use crate::bare::Bare;
use crate::cost::Cost;
use crate::load::Load;
use crate::meter::Meter;
use crate::report::{line, median, micros, per_second, times, title};
use crate::stack::{Stack, Store};
use crate::{PATIENCE, PHONES};

const ROUNDS: usize = 3;
/// Requests of a round.
const REQUESTS: usize = 15_000;

/// Measures webhooks, beside a server that reads them and answers the same bytes.
pub(crate) async fn accept() {
    title(&format!("accept: {} webhooks while no worker runs, on Redis", ROUNDS * REQUESTS));
    let mut stack = Stack::start(Store::Redis).await;
    let (load, bare) = (stack.load(), Bare::start(&stack.provider).await);
    stack.pair(&load, 0..PHONES).await;
    stack.stop(Some("worker"));
    let (mut ours, mut echoes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let meter = Meter::read(&stack).await;
        let time = load.send_all(load.texts(REQUESTS, PHONES)).await;
        ours.push(Cost::new(&meter.since(&stack).await, REQUESTS, time));
        echoes.push(echo(&bare, &bare.echo()).await);
    }
    let (ours, of) = (Cost::median(&ours), "a bare actix server, same bytes");
    let (rate, cpu) = (median(&echoes, |it| it.0), median(&echoes, |it| it.1));
    line("webhooks accepted", &per_second(ours.rate), &times(ours.rate, rate, "/s", of));
    let web = ours.of("web");
    line("CPU of web for each", &micros(web), &times(web, cpu, "us", of));
    line("CPU of Redis for each", &micros(ours.of("Redis")), "");
}

/// Rate and microseconds of CPU time of a server that only answers.
async fn echo(bare: &Bare, load: &Load) -> (f64, f64) {
    let requests = load.texts(REQUESTS, PHONES);
    let (before, count) = (bare.cpu(), REQUESTS as f64);
    let time = load.send_all(requests).await;
    let cpu = bare.cpu().saturating_sub(before);
    (count / time.as_secs_f64(), cpu.as_secs_f64() * 1e6 / count)
}

/// Measures calls of the provider, by the transport of the worker and by its HTTP client alone.
pub(crate) async fn send() {
    title(&format!("send: {} calls of the provider, 64 at once", ROUNDS * REQUESTS));
    let stack = Stack::start(Store::Redis).await;
    let (load, bare) = (stack.load(), Bare::start(&stack.provider).await);
    stack.pair(&load, 0..PHONES).await;
    load.send_all(load.texts(PHONES, PHONES)).await;
    stack.provider.wait_for_texts(PHONES, PATIENCE).await;
    let body = stack.provider.sample();
    let (mut ours, mut posts) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(bare.send("send", body, REQUESTS).await);
        posts.push(bare.send("post", body, REQUESTS).await);
    }
    let (ours, post) = (median(&ours, |it| *it), median(&posts, |it| *it));
    let of = "a bare reqwest loop, same bytes";
    line("CPU of the transport for each", &micros(ours), &times(ours, post, "us", of));
}
