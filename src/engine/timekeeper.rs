//! Timekeeper: watches the clocks that times are compared on, that of the store and those of the providers.
//!
//! Leases and retries end by the store's clock. When that is stepped, the store moves them along, once, for
//! whichever process finds it first. A difference between clocks changes nothing that is done, up to an hour; it
//! is measured and reported, since the calendar of wakes is then off by as much.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::contracts::figures::Figures;
use crate::contracts::figures::catalogue::{CLOCK_AHEAD, CLOCK_STEPS};
use crate::contracts::storage::{Earlier, Partition, Reading, Storage, StorageError};
use crate::contracts::transport::DynTransport;
use crate::engine::outage;
use crate::model::clock::{Clock, NOTABLE_SKEW};

/// Name of the timekeeper among the parts that wait for the store.
const TIME: &str = "time";
/// Name of the store among the clocks.
pub const STORE: &str = "store";
const INTERVAL: Duration = Duration::from_secs(1);
/// Time between two warnings of one clock.
const WARNED: Duration = Duration::from_hours(1);

/// Timekeeper of some partitions.
pub struct Timekeeper {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    figures: Arc<Figures>,
    partitions: Vec<Partition>,
    /// Transports by name.
    transports: Vec<(String, Arc<dyn DynTransport>)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Last reading of the store's clock in each partition, with the uptime at which it was made.
    readings: BTreeMap<Partition, (DateTime<Utc>, Duration)>,
    /// Uptime of the last warning of each clock.
    warned: BTreeMap<String, Duration>,
}

impl Timekeeper {
    pub fn new(
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        figures: Arc<Figures>,
        partitions: Vec<Partition>,
        transports: Vec<(String, Arc<dyn DynTransport>)>,
    ) -> Self {
        // A counter that begins with 1 shows no increase.
        for direction in ["forward", "back"] {
            figures.count(&CLOCK_STEPS, &[direction], 0);
        }
        let state = Mutex::default();
        Self { storage, clock, figures, partitions, transports, state }
    }

    /// Compares the clocks once.
    ///
    /// # Errors
    /// The first error that was met; the other partitions are looked at all the same.
    pub async fn step(&self) -> Result<(), StorageError> {
        let (mut outcome, mut stepped, mut moved) = (Ok(()), None, 0);
        for partition in &self.partitions {
            match self.keep(partition).await {
                Ok(reading) => {
                    stepped = stepped.or(reading.step);
                    moved += reading.moved;
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        if let Some(step) = stepped {
            self.tell_of_step(step, moved);
        }
        for (name, transport) in &self.transports {
            if let Some(ahead) = transport.clock_ahead() {
                self.compare(name, ahead);
            }
        }
        outcome
    }

    /// Has the store compare its clock with the last reading of it.
    async fn keep(&self, partition: &Partition) -> Result<Reading, StorageError> {
        let asked = self.clock.uptime();
        let known = self.state(|state| state.readings.get(partition).copied());
        let earlier =
            known.map(|(at, uptime)| Earlier { at, elapsed: asked.saturating_sub(uptime) });
        let reading = self.storage.keep_time(partition, earlier).await?;
        // The clock was read at some time between the question and the answer.
        let half = self.clock.uptime().saturating_sub(asked) / 2;
        self.state(|state| state.readings.insert(partition.clone(), (reading.at, asked + half)));
        self.compare(STORE, reading.at - (self.clock.now() - half));
        Ok(reading)
    }

    fn tell_of_step(&self, step: TimeDelta, moved: u64) {
        let direction = if step < TimeDelta::zero() { "back" } else { "forward" };
        self.figures.count(&CLOCK_STEPS, &[direction], 1);
        tracing::warn!(
            step_seconds = step.as_seconds_f64(),
            moved,
            "clock of the store was stepped {direction}; leases, retries and pauses were moved along",
        );
    }

    /// Reports by how much a clock is ahead of this process's own; negative when it is behind.
    fn compare(&self, clock: &str, ahead: TimeDelta) {
        self.figures.set(&CLOCK_AHEAD, &[clock], ahead.as_seconds_f64());
        if ahead.abs() < NOTABLE_SKEW || !self.may_warn(clock) {
            return;
        }
        tracing::warn!(
            clock,
            ahead_seconds = ahead.as_seconds_f64(),
            "clock differs from that of this process; have both set by NTP",
        );
    }

    fn may_warn(&self, clock: &str) -> bool {
        let now = self.clock.uptime();
        self.state(|state| match state.warned.get(clock) {
            Some(warned) if now.saturating_sub(*warned) < WARNED => false,
            _ => {
                state.warned.insert(clock.to_owned(), now);
                true
            }
        })
    }

    fn state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Compares the clocks at once and then every second, until it is stopped.
    pub async fn run(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.step().await {
                Ok(()) => outage::answered(TIME),
                Err(error) => outage::waits(TIME, &error),
            }
            stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await;
        }
    }
}
