//! Pass: permission to send one message, and the outcome that it returns to the gate.

use std::sync::Arc;
use std::time::Duration;

use super::{Gate, PAUSE, REFRESH_INTERVAL, TOO_MANY_REQUESTS};
use crate::contracts::storage::{Pause, PauseScope};
use crate::engine::backoff::backoff;
use crate::model::address::{Address, LineKey};

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
            match state.worked.get_mut(key) {
                Some(worked_at) => *worked_at = now,
                None => drop(state.worked.insert(key.clone(), now)),
            }
            let was_probe = self.probes.contains(key);
            // A pause that began while this message was on its way stays.
            if state.holds.get(key).is_some_and(|hold| hold.is_opened_by(was_probe, now)) {
                let is_shared = state.holds.remove(key).is_some_and(|hold| hold.is_shared);
                if is_shared {
                    state.ended.push(self.scope(*key == self.line));
                }
            }
        }
        drop(state);
        if !self.probes.is_empty() {
            let (topic, Address { transport, line, .. }) = (&self.gate.topic, &self.address);
            tracing::info!(topic.name = %topic, transport, %line, "sending resumed");
            self.gate.opened.notify_waiters();
        }
    }

    /// Counts a refusal for a reason that is not known. When different recipients are refused in a row,
    /// the line is closed for a while.
    pub fn refused(self) {
        let recipient = self.gate.groups.group(&self.address);
        let now = self.gate.clock.uptime();
        let mut state = self.gate.state();
        let worked_at = state.worked.get(&self.line).copied();
        state.holds.entry(self.line.clone()).or_default().refuse(recipient, worked_at, now);
    }

    /// Closes a throttled line, at least for `retry_after`, and returns for how long.
    pub fn throttled(self, retry_after: Option<Duration>) -> Duration {
        let now = self.gate.clock.uptime();
        let mut state = self.gate.state();
        let hold = state.holds.entry(self.line.clone()).or_default();
        let time = retry_after.unwrap_or_default().max(backoff(hold.rounds));
        if hold.until.is_none_or(|until| until <= now) {
            hold.rounds += 1;
        }
        hold.close(now + time, true);
        time
    }

    /// Closes the transport of a throttled account for this time, for all processes.
    pub fn account_throttled(self, retry_after: Duration) {
        let reason = "the provider asks to send more slowly";
        self.close_transport(retry_after, TOO_MANY_REQUESTS, reason);
    }

    /// Closes the transport for this time, for all processes.
    pub fn close_transport(self, time: Duration, code: u32, reason: &str) {
        let mut state = self.gate.state();
        let until = self.gate.clock.uptime() + time;
        state.holds.entry(self.transport.clone()).or_default().close(until, true);
        let scope = self.scope(false);
        state.save(Pause { scope, remaining: time, code, reason: reason.to_owned() });
    }

    /// Counts a refusal of the line. See [`account_refused`](Self::account_refused).
    pub fn line_refused(self, code: u32, reason: &str) -> Option<Duration> {
        self.judge(true, code, reason)
    }

    /// Counts a refusal of the account. Once the refusals of several recipients confirm it, the account's
    /// transport is paused for all processes, and this returns the delay of the retained message; `None`
    /// while the refusal may be the recipient's.
    pub fn account_refused(self, code: u32, reason: &str) -> Option<Duration> {
        self.judge(false, code, reason)
    }

    fn judge(&self, is_line: bool, code: u32, reason: &str) -> Option<Duration> {
        let key = if is_line { &self.line } else { &self.transport };
        let recipient = self.gate.groups.group(&self.address);
        let now = self.gate.clock.uptime();
        let mut state = self.gate.state();
        let worked_at = state.worked.get(key).copied();
        let hold = state.holds.entry(key.clone()).or_default();
        // The next message that is tried should be one to somebody else.
        let delay = if hold.knows(&recipient) { PAUSE } else { REFRESH_INTERVAL };
        let closed = hold.refuse(recipient, worked_at, now);
        let is_believed = hold.is_believed();
        if let Some(remaining) = closed {
            let scope = self.scope(is_line);
            state.save(Pause { scope, remaining, code, reason: reason.to_owned() });
        }
        is_believed.then_some(delay)
    }

    fn scope(&self, is_line: bool) -> PauseScope {
        let line = is_line.then(|| self.address.line.clone());
        PauseScope::of_provider(&self.address.transport, line)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.gate.state();
        for key in &self.probes {
            if let Some(hold) = state.holds.get_mut(key) {
                hold.end_probe();
            }
        }
    }
}
