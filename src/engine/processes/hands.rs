//! Messages in hand: what a process works on at this moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::contracts::figures::InHand;
use crate::contracts::storage::{Claim, QueueKind};
use crate::model::topic::TopicName;

/// Messages that a report lists at most.
const LISTED: usize = 50;

/// Messages that a process works on.
#[derive(Debug, Default)]
pub struct Hands {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    /// In the order in which they were taken.
    held: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    topic: TopicName,
    kind: QueueKind,
    in_hand: InHand,
}

/// Guard of a message in hand.
#[derive(Debug)]
pub struct Grip {
    hands: Arc<Hands>,
    number: u64,
}

impl Hands {
    /// Lists a message as in hand until the guard is dropped.
    pub fn hold(self: &Arc<Self>, claim: &Claim, since: DateTime<Utc>) -> Grip {
        let kind = claim.queue.kind;
        let in_hand = InHand {
            queue: kind.as_str().to_owned(),
            message: claim.id.clone(),
            attempt: claim.failures + 1,
            since,
        };
        let held = Held { topic: claim.queue.partition.topic.clone(), kind, in_hand };
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.held.insert(number, held);
        drop(state);
        Grip { hands: Arc::clone(self), number }
    }

    /// Returns the messages of a topic in hand, the longest first, 50 at most.
    pub fn of(&self, topic: &TopicName) -> Vec<InHand> {
        let state = self.state();
        let held = state.held.values().filter(|held| held.topic == *topic);
        held.take(LISTED).map(|held| held.in_hand.clone()).collect()
    }

    /// Returns the number of messages of a queue in hand.
    pub fn count(&self, topic: &TopicName, kind: QueueKind) -> usize {
        let state = self.state();
        state.held.values().filter(|held| held.kind == kind && held.topic == *topic).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Grip {
    fn drop(&mut self) {
        self.hands.state().held.remove(&self.number);
    }
}
