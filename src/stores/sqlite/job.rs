//! Jobs of the threads that own a connection.

use tokio::sync::oneshot;

use super::transaction::{StorageResult, Transaction};
use crate::contracts::storage::StorageError;

/// Work for the thread, and the caller to answer.
pub(super) trait Job: Send {
    /// Runs the work, and returns whether it succeeded. It may run again after it was rolled back.
    fn run(&mut self, tx: &mut Transaction<'_>) -> bool;

    /// Answers with the outcome of the work, or with the error of the shared transaction.
    fn answer(self: Box<Self>, transaction: &StorageResult<()>);
}

/// Work of a caller that waits.
pub(super) struct WaitingJob<W, S, T, U> {
    pub(super) work: W,
    /// Changes the outcome after the commit.
    pub(super) seal: S,
    pub(super) outcome: Option<StorageResult<T>>,
    pub(super) reply: oneshot::Sender<StorageResult<U>>,
}

impl<W, S, T, U> Job for WaitingJob<W, S, T, U>
where
    W: FnMut(&mut Transaction<'_>) -> StorageResult<T> + Send,
    S: FnOnce(T) -> U + Send,
    T: Send,
    U: Send,
{
    fn run(&mut self, tx: &mut Transaction<'_>) -> bool {
        self.outcome = None;
        self.outcome = Some((self.work)(tx));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, transaction: &StorageResult<()>) {
        let Self { work, seal, outcome, reply } = *self;
        // What it has borrowed from its caller goes back before the answer.
        drop(work);
        let answer = match (outcome, transaction) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(shared)) => Err(shared.clone()),
            (Some(Ok(done)), Ok(())) => Ok(seal(done)),
            (None, Ok(())) => Err(StorageError::Corrupt(
                "a statement panicked on it; please report this with the log".to_owned(),
            )),
        };
        // A caller that does not wait any more needs no answer.
        let _ = reply.send(answer);
    }
}
