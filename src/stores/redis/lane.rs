//! Lane: the moves of one partition that wait for a call.
//!
//! Too many moves wait when the store stood still, or the load is above what it can bear. A lane that sheds
//! then refuses what comes, at once, so that what it has is carried out while its callers still wait. Without
//! that, a lane in which everything waits for as long as callers do would work for nobody, for ever.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::Value;
use tokio::sync::{Notify, oneshot};

use super::call::ScriptCall;
use crate::contracts::storage::StorageError;

/// Moves in one call: enough to share its cost, few enough that others do not wait long for it.
const MAX_MOVES: usize = 64;
/// Size from which a call gets no further moves, in bytes.
const MAX_SIZE: usize = 256 * 1024;
/// Calls of a lane that are on their way at the same time. A second one leaves only when it is full, so that
/// few moves share a call, and many are not held up by a long way.
const MAX_UNDERWAY: usize = 8;

/// Moves of a lane that sheds which may wait for any time: they leave at once when the store is back.
const ONE_FLIGHT: usize = MAX_MOVES * MAX_UNDERWAY;
/// Age of the first move of a lane that sheds from which no more than [`ONE_FLIGHT`] may wait: what is young
/// is a burst, and passes.
const MAX_AGE: Duration = Duration::from_millis(100);
/// Moves of a lane that sheds which may wait at all: three flights, which take less than a second on a way of
/// 100 ms.
const MAX_WAITING: usize = 3 * ONE_FLIGHT;

pub(super) type Reply = Result<Value, StorageError>;

/// A move, and where its reply goes.
pub(super) struct Waiting {
    pub call: ScriptCall,
    pub reply: oneshot::Sender<Reply>,
}

/// Answer of a lane to a move that it does not take, with the move.
pub(super) enum NotTaken {
    /// The lane has no service any more.
    Closed(Box<Waiting>),
    TooMuch,
}

/// The moves that wait, and the bell of the service that carries them out.
pub(super) struct Lane {
    sheds: bool,
    queue: Mutex<Queue>,
    bell: Notify,
}

#[derive(Default)]
struct Queue {
    /// Moves, each with the time at which it came, the oldest first.
    waiting: VecDeque<(Instant, Waiting)>,
    is_closed: bool,
}

impl Lane {
    pub(super) fn new(sheds: bool) -> Self {
        Self { sheds, queue: Mutex::default(), bell: Notify::new() }
    }

    /// Adds a move to those that wait.
    pub(super) fn add(&self, waiting: Waiting, now: Instant) -> Result<(), NotTaken> {
        let mut queue = self.queue();
        if queue.is_closed {
            return Err(NotTaken::Closed(Box::new(waiting)));
        }
        if self.sheds && queue.is_too_long(now) {
            return Err(NotTaken::TooMuch);
        }
        queue.waiting.push_back((now, waiting));
        // One is enough for a lane that is idle, and a full call for one that is not.
        let length = queue.waiting.len();
        if length == 1 || length.is_multiple_of(MAX_MOVES) {
            self.bell.notify_one();
        }
        Ok(())
    }

    /// Takes the moves of the next call, if one may leave: beside those that are on their way only when it is
    /// full and the connection may be shared. A move whose caller waits no longer is left out.
    pub(super) fn next_batch(&self, underway: usize, may_share: bool) -> Option<Vec<Waiting>> {
        let mut queue = self.queue();
        let is_full = queue.waiting.len() >= MAX_MOVES;
        let may_leave = underway == 0 || (may_share && is_full && underway < MAX_UNDERWAY);
        let batch = if may_leave { queue.take() } else { Vec::new() };
        (!batch.is_empty()).then_some(batch)
    }

    /// Waits until there is something to do. Returns whether the lane is still open.
    pub(super) async fn changed(&self) -> bool {
        self.bell.notified().await;
        !self.queue().is_closed
    }

    /// Closes the lane. The callers of what waits are told that nothing is done for them.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.is_closed = true;
        queue.waiting.clear();
        self.bell.notify_one();
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// Tests whether a move that came now would be carried out too late.
    fn is_too_long(&mut self, now: Instant) -> bool {
        let length = self.waiting.len();
        if length < ONE_FLIGHT {
            return false;
        }
        while self.waiting.front().is_some_and(|(_, first)| first.reply.is_closed()) {
            self.waiting.pop_front();
        }
        let first = self.waiting.front().map(|(since, _)| now.saturating_duration_since(*since));
        let is_full = self.waiting.len() >= MAX_WAITING;
        is_full || self.waiting.len() >= ONE_FLIGHT && first.is_some_and(|age| age > MAX_AGE)
    }

    fn take(&mut self) -> Vec<Waiting> {
        let (mut batch, mut size) = (Vec::new(), 0);
        while batch.len() < MAX_MOVES && size < MAX_SIZE {
            let Some((_, waiting)) = self.waiting.pop_front() else { break };
            if !waiting.reply.is_closed() {
                size += waiting.call.arguments().map(<[u8]>::len).sum::<usize>();
                batch.push(waiting);
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores::redis::scripts;

    /// Adds so many moves, and returns the ends at which their callers wait for the replies.
    fn fill(lane: &Lane, count: usize, now: Instant) -> Vec<oneshot::Receiver<Reply>> {
        (0..count).filter_map(|_| add(lane, now)).collect()
    }

    /// Adds a move; returns nothing when it is refused.
    fn add(lane: &Lane, now: Instant) -> Option<oneshot::Receiver<Reply>> {
        let (reply, replied) = oneshot::channel();
        let call = ScriptCall::on_key(&scripts::MOVES, "{t:0}".to_owned());
        lane.add(Waiting { call, reply }, now).ok().map(|()| replied)
    }

    #[test]
    fn call_leaves_beside_others_only_when_it_is_full() {
        let (lane, now) = (Lane::new(true), Instant::now());
        let callers = fill(&lane, MAX_MOVES - 1, now);
        assert!(lane.next_batch(1, true).is_none());
        let further = fill(&lane, 2, now);
        assert!(lane.next_batch(MAX_UNDERWAY, true).is_none());
        assert!(lane.next_batch(1, false).is_none());
        assert_eq!(lane.next_batch(1, true).unwrap().len(), MAX_MOVES);
        assert_eq!(lane.next_batch(0, false).unwrap().len(), 1);
        drop((callers, further));
    }

    #[test]
    fn move_behind_many_that_are_old_is_refused_until_few_wait() {
        let (lane, now) = (Lane::new(true), Instant::now());
        let later = now + MAX_AGE + Duration::from_millis(1);
        let callers = fill(&lane, ONE_FLIGHT - 1, now);
        let last = add(&lane, later).expect("a flight may wait for any time");
        assert!(add(&lane, now).is_some() && add(&lane, later).is_none());
        drop(callers);
        assert!(add(&lane, later).is_some(), "their callers wait no longer");
        drop(last);
    }

    #[test]
    fn lane_that_does_not_shed_takes_every_move() {
        let (lane, now) = (Lane::new(false), Instant::now());
        let callers = fill(&lane, MAX_WAITING + 1, now);
        assert_eq!(
            fill(&lane, 1, now + Duration::from_mins(1)).len() + callers.len(),
            MAX_WAITING + 2
        );
        let (full, now) = (Lane::new(true), Instant::now());
        assert_eq!(fill(&full, MAX_WAITING + 1, now).len(), MAX_WAITING);
    }
}
