//! Pass: permission to send one message, and the outcome that it returns to the gate.

use std::sync::Arc;
use std::time::Duration;

use super::{Gate, PAUSE};
use crate::contracts::storage::{Pause, PauseScope};
use crate::engine::backoff::backoff;
use crate::model::address::{Address, Identity, LineKey};

/// Longest time for which consecutive refusals close a line.
const LONGEST_BRAKE: Duration = Duration::from_secs(30);

/// Permission to send one message. Dropped without an outcome, it leaves the line as it was.
pub struct Pass {
    pub(super) gate: Arc<Gate>,
    pub(super) transport: LineKey,
    pub(super) line: LineKey,
    pub(super) address: Address,
    /// Holds whose time is over and which this message probes.
    pub(super) probes: Vec<LineKey>,
}

impl Pass {
    /// Opens the line, because the provider has judged this message for itself.
    pub fn accepted(self) {
        let now = self.gate.clock.uptime();
        let mut state = self.gate.state();
        for key in [&self.transport, &self.line] {
            // A pause that began while this message was on its way stays.
            if state.holds.get(key).is_some_and(|hold| hold.until.is_none_or(|until| until <= now))
            {
                state.holds.remove(key);
            }
        }
        drop(state);
        if !self.probes.is_empty() {
            let (topic, Address { transport, line, .. }) = (&self.gate.topic, &self.address);
            tracing::info!(topic.name = %topic, transport, %line, "sending resumed");
            self.gate.opened.notify_waiters();
        }
    }

    /// Counts a refusal; the second one in a row closes the line for a while. Messages that were on
    /// their way when it closed belong to the same refusal.
    pub fn refused(self) {
        let now = self.gate.clock.uptime();
        let mut state = self.gate.state();
        let hold = state.holds.entry(self.line.clone()).or_default();
        if hold.until.is_none_or(|until| until <= now) {
            if hold.refusals > 0 {
                hold.close(now + backoff(hold.refusals).min(LONGEST_BRAKE));
            }
            hold.refusals += 1;
        }
    }

    /// Closes a throttled line, at least for `retry_after`, and returns for how long.
    pub fn throttled(self, retry_after: Option<Duration>) -> Duration {
        let now = self.gate.clock.uptime();
        let mut state = self.gate.state();
        let hold = state.holds.entry(self.line.clone()).or_default();
        let time = retry_after.unwrap_or_default().max(backoff(hold.refusals));
        if hold.until.is_none_or(|until| until <= now) {
            hold.refusals += 1;
        }
        hold.close(now + time);
        time
    }

    /// Pauses a line that the provider rejected, for all processes.
    pub fn pause_line(self, code: u32, reason: &str) {
        let line = Some(self.address.line.clone());
        self.pause(self.line.clone(), line, code, reason);
    }

    /// Pauses the transport of an account that the provider rejected, for all processes.
    pub fn pause_transport(self, code: u32, reason: &str) {
        self.pause(self.transport.clone(), None, code, reason);
    }

    fn pause(&self, key: LineKey, line: Option<Identity>, code: u32, reason: &str) {
        let scope = PauseScope { transport: self.address.transport.clone(), line };
        let pause = Pause { scope, remaining: PAUSE, code, reason: reason.to_owned() };
        let mut state = self.gate.state();
        state.holds.entry(key).or_default().close(self.gate.clock.uptime() + PAUSE);
        state.unsaved.retain(|other| other.scope != pause.scope);
        state.unsaved.push(pause);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        for key in &self.probes {
            if let Some(hold) = state.holds.get_mut(key) {
                hold.is_probed = false;
            }
        }
    }
}
