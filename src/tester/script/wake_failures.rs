//! Errors of wakes. The event log records a wake only once it is buried, so that a script could not
//! say why a timer has not fired yet.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::contracts::handler::{Call, DynHandler, Effects, Result, Transaction};
use crate::model::command::Command;
use crate::model::message::Mail;
use crate::model::table::Table;

/// Collected errors of wakes, one sentence each.
#[derive(Clone, Default)]
pub(super) struct WakeFailures(Arc<Mutex<Vec<String>>>);

impl WakeFailures {
    /// Returns the errors since the last call.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, failure: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(failure);
    }
}

/// Wrapper of a topic's handler that records failed wakes.
pub(super) struct WakeFailureRecorder {
    pub(super) handler: Arc<dyn DynHandler>,
    pub(super) failures: WakeFailures,
}

impl DynHandler for WakeFailureRecorder {
    fn run<'a>(&'a self, tx: Transaction, mail: &'a Mail) -> BoxFuture<'a, Result<Effects>> {
        let run = async move {
            let outcome = self.handler.run(tx, mail).await;
            if let (Mail::Wake(wake), Err(error)) = (mail, &outcome) {
                self.failures.add(format!("the wake {:?} failed: {error:#}", wake.name));
            }
            outcome
        };
        run.boxed()
    }

    fn call<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Result> {
        self.handler.call(call)
    }

    fn commands(&self) -> Vec<Command> {
        self.handler.commands()
    }

    fn tables(&self) -> Vec<Table> {
        self.handler.tables()
    }

    fn greeting(&self) -> Option<&str> {
        self.handler.greeting()
    }
}
