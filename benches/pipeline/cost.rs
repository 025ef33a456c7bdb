//! Cost of a text: the CPU time of every process, and the commands of Redis.

use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::load::Load;
use crate::meter::Meter;
use crate::report::{line, median, micros, per_second};
use crate::stack::Stack;

/// Time that the last messages have to be settled in, after they were sent.
const SETTLING: Duration = Duration::from_millis(100);

/// Cost of each of many texts.
#[derive(Clone)]
pub(crate) struct Cost {
    /// Texts per second, from the first webhook to the last call of the provider.
    pub(crate) rate: f64,
    /// Microseconds of CPU time of each process.
    pub(crate) processes: Vec<(&'static str, f64)>,
    pub(crate) commands: f64,
    pub(crate) scripts: f64,
    /// Bytes that Redis got.
    pub(crate) bytes: f64,
}

impl Cost {
    /// Relays texts of phones that are paired, and returns the cost of one.
    pub(crate) async fn of_texts(stack: &Stack, load: &Load, texts: usize, phones: usize) -> Self {
        let requests = load.texts(texts, phones);
        let arrived = stack.provider.texts();
        let (meter, began) = (Meter::read(stack).await, Instant::now());
        load.send_all(requests).await;
        let end = stack.provider.wait_for_texts(arrived + texts, PATIENCE).await;
        tokio::time::sleep(SETTLING).await;
        Self::new(&meter.since(stack).await, texts, end - began)
    }

    pub(crate) fn new(used: &Meter, texts: usize, time: Duration) -> Self {
        let texts = texts as f64;
        let micros = |(name, cpu): &(_, Duration)| (*name, cpu.as_secs_f64() * 1e6 / texts);
        Self {
            rate: texts / time.as_secs_f64(),
            processes: used.processes.iter().map(micros).collect(),
            commands: used.redis.commands / texts,
            scripts: used.redis.scripts / texts,
            bytes: used.redis.received / texts,
        }
    }

    /// Median of every figure over some rounds.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let processes = rounds[0].processes.iter().enumerate();
        Self {
            rate: median(rounds, |it| it.rate),
            processes: processes
                .map(|(n, (name, _))| (*name, median(rounds, |it| it.processes[n].1)))
                .collect(),
            commands: median(rounds, |it| it.commands),
            scripts: median(rounds, |it| it.scripts),
            bytes: median(rounds, |it| it.bytes),
        }
    }

    pub(crate) fn all(&self) -> f64 {
        self.processes.iter().map(|(_, micros)| micros).sum()
    }

    /// CPU time of one process.
    pub(crate) fn of(&self, name: &str) -> f64 {
        self.processes.iter().filter(|(it, _)| *it == name).map(|(_, micros)| micros).sum()
    }

    /// Prints the rate and all CPU time, and of each process with a comparison.
    pub(crate) fn print(&self, rate: &str, all: &str, beside: impl Fn(&str) -> String) {
        line("texts, webhook to provider", &per_second(self.rate), rate);
        line("CPU of a text, all processes", &micros(self.all()), all);
        for (name, cpu) in &self.processes {
            line(&format!("  of it {name}"), &micros(*cpu), &beside(name));
        }
    }
}
