//! State that all requests share.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::caller::Caller;
use super::delivery::{Callbacks, Plan};
use super::fault::{Behaviour, Delays, Faults};
use super::journal::Journal;
use super::lines::Line;
use super::recipients;
use super::settings::Settings;

pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) journal: Journal,
    pub(super) caller: Caller,
    lines: Mutex<Vec<Line>>,
    /// Pairs of a line and a person who opted out from it.
    opt_outs: Mutex<HashSet<(String, String)>>,
    faults: Mutex<Faults>,
    delays: Mutex<Delays>,
    callbacks: Mutex<(Callbacks, fastrand::Rng)>,
}

impl State {
    pub(super) fn new(settings: Settings, caller: Caller) -> Self {
        let webhook = settings.webhook.clone().unwrap_or_default();
        let lines = settings.lines.iter().map(|number| Line::new(number, &webhook)).collect();
        Self {
            callbacks: Mutex::new((settings.callbacks, fastrand::Rng::with_seed(settings.seed))),
            settings,
            journal: Journal::default(),
            caller,
            lines: Mutex::new(lines),
            opt_outs: Mutex::default(),
            faults: Mutex::default(),
            delays: Mutex::default(),
        }
    }

    pub(super) fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        lock(&self.lines)
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = faults;
    }

    pub(super) fn behaviour(&self, recipient: &str) -> Behaviour {
        let own = recipients::behaviour(recipient);
        own.unwrap_or_else(|| lock(&self.faults).next(recipient))
    }

    pub(super) fn delays(&self) -> Delays {
        *lock(&self.delays)
    }

    pub(super) fn set_delays(&self, delays: Delays) {
        *lock(&self.delays) = delays;
    }

    pub(super) fn set_callbacks(&self, callbacks: Callbacks) {
        lock(&self.callbacks).0 = callbacks;
    }

    /// Draws the callbacks of a message to this recipient.
    pub(super) fn plan(&self, recipient: &str) -> Plan {
        let (callbacks, random) = &mut *lock(&self.callbacks);
        callbacks.plan(recipients::delivery(recipient), random)
    }

    pub(super) fn is_opted_out(&self, line: &str, person: &str) -> bool {
        lock(&self.opt_outs).contains(&(line.to_owned(), person.to_owned()))
    }

    pub(super) fn set_opted_out(&self, line: &str, person: &str, opted_out: bool) {
        let pair = (line.to_owned(), person.to_owned());
        if opted_out {
            lock(&self.opt_outs).insert(pair);
        } else {
            lock(&self.opt_outs).remove(&pair);
        }
    }

    /// Forgets messages and opt-outs, and sets everything back to its beginning.
    pub(super) fn reset(&self) {
        self.journal.clear();
        lock(&self.opt_outs).clear();
        self.set_faults(Faults::none());
        self.set_delays(Delays::default());
        self.set_callbacks(self.settings.callbacks);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
