//! Support of the tests: a real Redis, a fake Twilio, phones, and the real binaries.

pub(crate) mod kannel;
pub(crate) mod memory_topic;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod sentinel;
pub(crate) mod twilio;

mod answer;
mod app;
mod deployment;
mod disk;
mod distance;
mod evidence;
mod leftovers;
mod live;
mod phone;
mod ports;
mod raw;
mod setup;
mod socket;
mod town;
mod wall_clock;
mod webhook;

pub(crate) use self::answer::Answer;
pub(crate) use self::app::{AppRequest, Behaviour, FakeApp};
pub(crate) use self::deployment::{Deployment, LINE};
pub(crate) use self::disk::Disk;
pub(crate) use self::distance::distant;
pub(crate) use self::live::{Event, Live};
pub(crate) use self::phone::Phone;
pub(crate) use self::ports::free_port;
pub(crate) use self::raw::exchange;
pub(crate) use self::setup::Setup;
pub(crate) use self::socket::{ClientSocket, Received};
pub(crate) use self::town::{Loss, Town};
pub(crate) use self::webhook::Webhook;

use std::time::{Duration, Instant};

/// Maximum wait for an expected event. Generous, since other builds may share the machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Calls a function until it returns something, for events that cannot be awaited.
pub(crate) fn poll<T>(patience: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > patience {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
