//! What the tests stand on: a real Redis, a fake Twilio, phones, and the real binaries.

pub(crate) mod memory_topic;
pub(crate) mod process;
pub(crate) mod redis;
pub(crate) mod twilio;

mod answer;
mod deployment;
mod disk;
mod evidence;
mod leftovers;
mod live;
mod phone;
mod raw;
mod setup;
mod webhook;

pub(crate) use self::answer::Answer;
pub(crate) use self::deployment::{Deployment, LINE};
pub(crate) use self::disk::Disk;
pub(crate) use self::live::{Event, Live};
pub(crate) use self::phone::Phone;
pub(crate) use self::raw::exchange;
pub(crate) use self::setup::Setup;
pub(crate) use self::webhook::Webhook;

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

/// How long anything may take that is expected to happen. Generous: other builds share the machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Asks again and again until there is an answer, for what cannot be waited for otherwise.
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
