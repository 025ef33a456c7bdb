//! The submitter of a process: the topics to which messages can be sent, with simulated phones.

use std::sync::Arc;

use crate::contracts::storage::Storage;
use crate::engine::submissions::{Destination, Submitter};
use crate::engine::topic::TopicRuntime;
use crate::model::address::GroupKey;
use crate::model::clock::{Clock, SystemClock};
use crate::tester::{self, Board};

/// Makes the submitter of some topics.
pub(super) fn submitter(
    services: &[TopicRuntime],
    storage: &Arc<dyn Storage>,
    groups: GroupKey,
) -> Submitter {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let board = Arc::new(Board::new(Arc::clone(storage), Arc::clone(&clock)));
    let destination = |service| Destination::new(tester::attach(service, &board));
    let destinations = services.iter().map(destination).collect();
    Submitter::new(Arc::clone(storage), groups, clock, destinations)
}
