//! Why timers failed. Nothing is recorded of a wake until it is buried.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::contracts::handler::{DynHandler, Effects, Result, Transaction};
use crate::model::message::Mail;

/// What went wrong with wakes since it was last asked for.
#[derive(Clone, Default)]
pub(super) struct Complaints(Arc<Mutex<Vec<String>>>);

impl Complaints {
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, complaint: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(complaint);
    }
}

/// A topic's handler whose failed wakes are recorded.
pub(super) struct WakeFailureRecorder {
    pub(super) handler: Arc<dyn DynHandler>,
    pub(super) complaints: Complaints,
}

impl DynHandler for WakeFailureRecorder {
    fn run<'a>(&'a self, tx: Transaction, mail: &'a Mail) -> BoxFuture<'a, Result<Effects>> {
        let run = async move {
            let outcome = self.handler.run(tx, mail).await;
            if let (Mail::Wake(wake), Err(error)) = (mail, &outcome) {
                self.complaints.add(format!("the wake {:?} failed: {error:#}", wake.name));
            }
            outcome
        };
        run.boxed()
    }

    fn greeting(&self) -> Option<&str> {
        self.handler.greeting()
    }
}
