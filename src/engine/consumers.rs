//! The consumers of a topic: one for each of its queues.

use std::sync::Arc;

use crate::contracts::storage::{Queue, QueueKind};
use crate::engine::consumer::{Consumer, Shared, Work};
use crate::engine::dispatcher::{self, Dispatcher};
use crate::engine::topic::TopicRuntime;
use crate::engine::worker::{self, Worker};
use crate::model::address::GroupKey;
use crate::model::clock::Clock;

/// What all consumers of a process are built from.
pub struct Consumers {
    pub shared: Shared,
    pub clock: Arc<dyn Clock>,
    pub groups: GroupKey,
}

impl Consumers {
    /// A consumer for each queue of each partition of a topic.
    pub fn of(&self, topic: &TopicRuntime) -> Vec<(Queue, Arc<Consumer>)> {
        let (limits, sending) = (&topic.config.limits, &topic.config.sending);
        let worker: Arc<dyn Work> = Arc::new(Worker::new(self.worker(topic)));
        let dispatcher: Arc<dyn Work> = Arc::new(Dispatcher::new(self.dispatcher(topic)));
        let mut consumers = Vec::new();
        for partition in topic.partitions() {
            for (kind, work, slots, lease) in [
                (QueueKind::Inbound, &worker, limits.concurrency, limits.lease),
                (QueueKind::Outbox, &dispatcher, sending.concurrency, sending.lease),
            ] {
                let queue = Queue { partition: partition.clone(), kind };
                let (shared, work) = (self.shared.clone(), Arc::clone(work));
                consumers.push((queue.clone(), Consumer::new(shared, queue, work, slots, lease)));
            }
        }
        consumers
    }

    fn worker(&self, topic: &TopicRuntime) -> worker::Setup {
        worker::Setup {
            storage: Arc::clone(&self.shared.storage),
            clock: Arc::clone(&self.clock),
            groups: self.groups.clone(),
            topic: topic.config.name.clone(),
            handler: Arc::clone(&topic.handler),
            limits: topic.config.limits.clone(),
            error_response: topic.config.replies.error_response.clone(),
            observer: topic.observer.clone(),
        }
    }

    fn dispatcher(&self, topic: &TopicRuntime) -> dispatcher::Setup {
        dispatcher::Setup {
            storage: Arc::clone(&self.shared.storage),
            clock: Arc::clone(&self.clock),
            topic: topic.config.name.clone(),
            transports: topic.transports.clone(),
            sending: topic.config.sending.clone(),
            max_records: topic.config.limits.max_records,
        }
    }
}
