//! Heartbeat of a web process: each beat postpones the wake that reports the process as lost. The
//! first beat comes with the first socket.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use crate::contracts::handler::process_end;
use crate::contracts::storage::{Partition, Queues, StorageError};
use crate::contracts::transport::socket::HEARTBEAT;
use crate::model::clock::Clock;

/// Interval of beats: two may fail before the process counts as lost.
pub(super) const BEAT: Duration = Duration::from_secs(3);

/// Heartbeat of one process for one topic.
pub(super) struct Heartbeat {
    partition: Partition,
    queues: Arc<dyn Queues>,
    clock: Arc<dyn Clock>,
    life: Mutex<Life>,
}

/// Period without a missed beat. The next period has another process id, because the connections of
/// this one may have been reported as lost.
struct Life {
    /// Id of the process during this period.
    process: String,
    /// Uptime before the last beat that the store has.
    last: Option<Duration>,
}

/// Reason why there was no beat.
pub(super) enum NoBeat {
    /// Beat that came too late: all connections so far may have been reported as lost, and have to be
    /// closed.
    Late,
    /// Failure of the store. The next call tries it again.
    Away(StorageError),
}

impl Life {
    fn new() -> Self {
        Self { process: Uuid::now_v7().simple().to_string(), last: None }
    }

    fn is_over(&self, now: Duration) -> bool {
        self.last.is_some_and(|last| now.saturating_sub(last) >= HEARTBEAT)
    }
}

impl Heartbeat {
    pub(super) fn new(
        partition: Partition,
        queues: Arc<dyn Queues>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { partition, queues, clock, life: Mutex::new(Life::new()) }
    }

    /// Returns whether there has been a beat.
    pub(super) fn has_begun(&self) -> bool {
        self.life().last.is_some()
    }

    /// Returns whether all connections so far may have been reported as lost.
    pub(super) fn is_late(&self) -> bool {
        self.life().is_over(self.clock.uptime())
    }

    /// Returns the process id of new connections. Beats first unless the last beat is recent, so that
    /// no connection is without a heartbeat.
    pub(super) async fn process(&self) -> Result<String, NoBeat> {
        let now = self.clock.uptime();
        let is_fresh = |life: &Life| life.last.is_some_and(|last| now.saturating_sub(last) < BEAT);
        let fresh = Some(self.life()).filter(|life| is_fresh(life)).map(|l| l.process.clone());
        match fresh {
            Some(process) => Ok(process),
            None => self.beat().await,
        }
    }

    /// Beats, and returns the process id of new connections.
    pub(super) async fn beat(&self) -> Result<String, NoBeat> {
        // Read before the call, so that a slow one does not count as recent.
        let began = self.clock.uptime();
        self.check(began)?;
        let process = self.life().process.clone();
        let due = self.clock.now() + HEARTBEAT;
        let stored = self.queues.schedule(&self.partition, process_end(&process), due).await;
        // The wake may have fired just before the call took effect.
        self.check(self.clock.uptime())?;
        stored.map_err(NoBeat::Away)?;
        let mut life = self.life();
        if life.process == process {
            life.last = life.last.max(Some(began));
        }
        Ok(process)
    }

    /// Begins a new period when the last beat is too long ago.
    fn check(&self, now: Duration) -> Result<(), NoBeat> {
        let mut life = self.life();
        if !life.is_over(now) {
            return Ok(());
        }
        *life = Life::new();
        Err(NoBeat::Late)
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
