//! Why timers failed. Nothing is recorded of a wake until it is buried.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::contracts::handler::{Context, Handler, HandlerError};
use crate::model::message::{Inbound, Wake};

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

/// A topic's handler, listened to.
pub(super) struct WakeFailureRecorder {
    pub(super) handler: Arc<dyn Handler>,
    pub(super) complaints: Complaints,
}

#[async_trait]
impl Handler for WakeFailureRecorder {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result<(), HandlerError> {
        self.handler.handle(cx, message).await
    }

    async fn wake(&self, cx: &mut Context, wake: &Wake) -> Result<(), HandlerError> {
        let outcome = self.handler.wake(cx, wake).await;
        if let Err(HandlerError::Retry(error)) = &outcome {
            self.complaints.add(format!("the wake {:?} failed: {error:#}", wake.name));
        }
        outcome
    }
}
