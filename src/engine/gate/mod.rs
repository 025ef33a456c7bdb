//! Gate: the decision, before each claim, which lines of a topic may send.
//!
//! A line that its provider refuses is closed, so that the store hands out none of its messages: none
//! is claimed, and none is rescheduled. When the time is over, some messages are let through as probes,
//! and their outcome opens the line or closes it again.

mod hold;
mod orders;
mod pass;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use self::hold::Hold;
use self::orders::Orders;
pub use self::pass::Pass;
use crate::contracts::storage::{Pause, PauseScope, Pauses, StorageError};
use crate::model::address::{Address, GroupKey, LineKey};
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

/// Longest time after which a rejected account or line is tried again.
pub const PAUSE: Duration = Duration::from_secs(30);
/// Code of a pause for which a provider that is too busy gave no other one.
const TOO_MANY_REQUESTS: u32 = 429;
/// Interval at which a gate reads the pauses of other processes.
pub const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// Gate of one topic, shared by its consumers in one process.
pub struct Gate {
    topic: TopicName,
    groups: GroupKey,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held while pauses are exchanged with the store, so that no older answer overwrites a newer one.
    exchange: tokio::sync::Mutex<()>,
    opened: Notify,
}

#[derive(Default)]
struct State {
    /// Lines and transports that have refused messages.
    holds: BTreeMap<LineKey, Hold>,
    orders: Orders,
    /// Uptimes until which the rate of a line holds it.
    paces: BTreeMap<LineKey, Duration>,
    /// Uptimes at which a message was last taken, by line and transport.
    worked: BTreeMap<LineKey, Duration>,
    /// Pauses that the store does not have yet.
    unsaved: Vec<Pause>,
    /// Scopes whose pauses have ended before their time, which the store does not know yet.
    ended: Vec<PauseScope>,
    refreshed_at: Option<Duration>,
    /// Knowledge of the pauses of the store: before they were read once, nothing may be claimed.
    is_known: bool,
    /// Outcome of the last question to the store: whether it gave its pauses.
    is_answered: bool,
}

impl State {
    /// Saves a pause with the next step, in place of an earlier one of its scope.
    fn save(&mut self, pause: Pause) {
        self.ended.retain(|scope| *scope != pause.scope);
        self.unsaved.retain(|other| other.scope != pause.scope);
        self.unsaved.push(pause);
    }
}

/// Returns whether a pause of this code is a refusal of the provider, and no limit of its rate or of our
/// own budget.
fn is_refusal(code: u32) -> bool {
    ![0, TOO_MANY_REQUESTS].contains(&code)
}

impl Gate {
    pub fn new(topic: TopicName, groups: GroupKey, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (state, exchange, opened) = Default::default();
        Arc::new(Self { topic, groups, clock, state, exchange, opened })
    }

    /// Returns the lines and transports from which nothing may be claimed now.
    pub fn closed(&self) -> Vec<LineKey> {
        let now = self.clock.uptime();
        let mut state = self.state();
        state.paces.retain(|_, until| *until > now);
        let closed = state.holds.iter().filter(|(_, hold)| hold.is_closed(now));
        let closed = closed.map(|(key, _)| key).chain(state.orders.closed(now));
        closed.chain(state.paces.keys()).cloned().collect()
    }

    /// Returns the time for which an operator has paused the topic: nothing of it is handled or sent.
    pub fn topic_held_for(&self) -> Option<Duration> {
        self.state().orders.topic_for(self.clock.uptime())
    }

    /// Returns the time until the next closed line opens.
    pub fn opens_in(&self) -> Option<Duration> {
        let now = self.clock.uptime();
        let state = self.state();
        let holds = state.holds.values().filter_map(|hold| hold.until);
        let ends = holds.chain(state.paces.values().copied()).chain(state.orders.ends());
        let left = ends.filter_map(|it| it.checked_sub(now));
        left.filter(|left| !left.is_zero()).min()
    }

    /// Resolves when a probe has opened a line.
    pub async fn opened(&self) {
        self.opened.notified().await;
    }

    /// Asks for permission to send to an address, from the line of this key; `None` while that is closed.
    pub fn enter(self: &Arc<Self>, to: &Address, line: &LineKey) -> Option<Pass> {
        let now = self.clock.uptime();
        let (transport, line) = (line.transport(), line.clone());
        let mut state = self.state();
        let holds = [&transport, &line].map(|key| state.holds.get(key));
        if state.orders.hold(&[&transport, &line], now)
            || holds.iter().flatten().any(|hold| hold.is_closed(now))
        {
            return None;
        }
        let mut probes = Vec::new();
        for key in [&transport, &line] {
            if state.holds.get_mut(key).is_some_and(Hold::probe) {
                probes.push(key.clone());
            }
        }
        drop(state);
        let (gate, address) = (Arc::clone(self), to.clone());
        Some(Pass { gate, transport, line, address, probes })
    }

    /// Holds a line, or its lane of bulk messages, for as long as its rate asks.
    pub fn pace(&self, lane: &LineKey, time: Duration) {
        if !time.is_zero() {
            self.state().paces.insert(lane.clone(), self.clock.uptime() + time);
        }
    }

    /// Closes a transport that does not run in this process.
    pub fn close_transport(&self, name: &str) {
        let until = self.clock.uptime() + PAUSE;
        self.state().holds.entry(self.groups.transport(name)).or_default().close(until, true);
    }

    /// Saves this process's new pauses in the store, and reads those of all processes when that is due.
    /// Until they were read once, each step waits for that.
    ///
    /// # Errors
    /// The store is unavailable; what was not saved is saved by a later step.
    pub async fn step(&self, storage: &dyn Pauses) -> Result<(), StorageError> {
        let (has_unsaved, is_due) = self.pending();
        if !has_unsaved && !is_due {
            return Ok(());
        }
        let was_known = self.is_known();
        let _exchange = self.exchange.lock().await;
        // Another step may have read them first meanwhile.
        let is_due = is_due && (was_known || !self.is_known());
        while let Some(pause) = self.next_unsaved() {
            if let Err(error) = storage.pause(&self.topic, &pause).await {
                self.state().unsaved.push(pause);
                return Err(error);
            }
        }
        while let Some(scope) = self.next_ended() {
            if let Err(error) = storage.resume(&self.topic, &scope).await {
                self.state().ended.push(scope);
                return Err(error);
            }
        }
        if is_due {
            let asked_at = self.clock.uptime();
            let pauses = storage.pauses(&self.topic).await;
            self.state().is_answered = pauses.is_ok();
            self.apply(asked_at, &pauses?);
        }
        Ok(())
    }

    /// Returns whether the pauses of the store were read once.
    pub fn is_known(&self) -> bool {
        self.state().is_known
    }

    /// Returns whether the store gave its pauses when it was last asked.
    pub fn is_answered(&self) -> bool {
        self.state().is_answered
    }

    /// Returns whether there are pauses to save or to end, and whether a refresh is due; takes on the refresh.
    fn pending(&self) -> (bool, bool) {
        let now = self.clock.uptime();
        let mut state = self.state();
        let is_due =
            !state.is_known || state.refreshed_at.is_none_or(|last| now >= last + REFRESH_INTERVAL);
        if is_due {
            state.refreshed_at = Some(now);
        }
        (!state.unsaved.is_empty() || !state.ended.is_empty(), is_due)
    }

    fn next_unsaved(&self) -> Option<Pause> {
        let mut state = self.state();
        let pause = state.unsaved.pop()?;
        if let Some(hold) = state.holds.get_mut(&pause.scope.key(&self.groups)) {
            hold.is_shared = true;
        }
        Some(pause)
    }

    fn next_ended(&self) -> Option<PauseScope> {
        self.state().ended.pop()
    }

    /// Takes over the store's pauses. One that is gone there ended, by time or by hand; the next
    /// message is its probe.
    fn apply(&self, asked_at: Duration, pauses: &[Pause]) {
        let mut state = self.state();
        state.is_known = true;
        self.follow_orders(&mut state, Orders::read(asked_at, pauses, &self.groups));
        let mut gone: Vec<LineKey> =
            state.holds.iter().filter(|(_, hold)| hold.is_shared).map(|(k, _)| k.clone()).collect();
        for pause in pauses.iter().filter(|pause| !pause.scope.by_operator) {
            let key = pause.scope.key(&self.groups);
            gone.retain(|shared| *shared != key);
            let hold = state.holds.entry(key).or_default();
            if !hold.is_shared {
                let (topic, scope) = (&self.topic, &pause.scope);
                tracing::warn!(topic.name = %topic, %scope, code = pause.code, "sending is paused");
            }
            hold.share(asked_at + pause.remaining, is_refusal(pause.code));
        }
        for key in gone {
            if let Some(hold) = state.holds.get_mut(&key) {
                hold.is_shared = false;
                hold.until = hold.until.map(|until| until.min(asked_at));
            }
        }
    }

    fn follow_orders(&self, state: &mut State, orders: Orders) {
        if !state.orders.is_like(&orders) {
            tracing::info!(topic.name = %self.topic, "an operator has paused or resumed something");
            self.opened.notify_waiters();
        }
        state.orders = orders;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
