//! Consumers of a topic: one for each of its queues.

use std::sync::Arc;

use crate::contracts::storage::{Queue, QueueKind};
use crate::engine::consumer::{Consumer, ConsumerConfig, ConsumerRuntime};
use crate::engine::dispatcher::{Dispatcher, DispatcherParts};
use crate::engine::events::EventSource;
use crate::engine::gate::Gate;
use crate::engine::settlement::Work;
use crate::engine::topic::TopicRuntime;
use crate::engine::worker::{Worker, WorkerParts};
use crate::model::address::GroupKey;
use crate::model::clock::Clock;

/// Parts from which the consumers of a process are built.
pub struct Consumers {
    pub runtime: ConsumerRuntime,
    pub clock: Arc<dyn Clock>,
    pub groups: GroupKey,
}

impl Consumers {
    /// Builds a consumer for each queue of each partition of a topic, and the topic's gate. Call it
    /// once per topic, so that the process has one gate for it.
    pub fn of(&self, topic: &TopicRuntime) -> Vec<(Queue, Arc<Consumer>)> {
        let (limits, sending) = (&topic.config.limits, &topic.config.sending);
        let gate = self.gate(topic);
        let worker: Arc<dyn Work> = Arc::new(Worker::new(self.worker(topic)));
        let dispatcher: Arc<dyn Work> = Arc::new(Dispatcher::new(self.dispatcher(topic, &gate)));
        let mut consumers = Vec::new();
        for partition in topic.partitions() {
            let build = |kind, work: &Arc<dyn Work>, concurrency, lease, outbox| {
                let queue = Queue { partition: partition.clone(), kind };
                let gate = Some(Arc::clone(&gate));
                let config =
                    ConsumerConfig { queue: queue.clone(), concurrency, lease, gate, outbox };
                (queue, Consumer::new(self.runtime.clone(), Arc::clone(work), config))
            };
            let (concurrency, lease) = (sending.concurrency, sending.lease);
            let outbox = build(QueueKind::Outbox, &dispatcher, concurrency, lease, None);
            let (concurrency, lease) = (limits.concurrency, limits.lease);
            let handoff = Some(Arc::clone(&outbox.1));
            consumers.push(build(QueueKind::Inbound, &worker, concurrency, lease, handoff));
            consumers.push(outbox);
        }
        consumers
    }

    fn gate(&self, topic: &TopicRuntime) -> Arc<Gate> {
        let name = topic.config.name.clone();
        Gate::new(name, self.groups.clone(), Arc::clone(&self.clock))
    }

    fn events(&self, topic: &TopicRuntime) -> EventSource {
        let (name, events) = (topic.config.name.clone(), topic.events.clone());
        EventSource::new(name, events, self.groups.clone(), Arc::clone(&self.clock))
    }

    fn worker(&self, topic: &TopicRuntime) -> WorkerParts {
        WorkerParts {
            state: Arc::clone(&self.runtime.storage) as _,
            clock: Arc::clone(&self.clock),
            groups: self.groups.clone(),
            topic: topic.config.name.clone(),
            handler: Arc::clone(&topic.handler),
            limits: topic.config.limits.clone(),
            rates: Arc::clone(&self.runtime.storage) as _,
            transports: topic.transports.clone(),
            error_response: topic.config.replies.error_response.clone(),
            error_every: topic.config.replies.error_every,
            observer: topic.observer.clone(),
            windows: topic.transports.dedupe_windows(),
            figures: Arc::clone(&self.runtime.figures),
        }
    }

    fn dispatcher(&self, topic: &TopicRuntime, gate: &Arc<Gate>) -> DispatcherParts {
        DispatcherParts {
            records: Arc::clone(&self.runtime.storage) as _,
            state: Arc::clone(&self.runtime.storage) as _,
            queues: Arc::clone(&self.runtime.storage) as _,
            rates: Arc::clone(&self.runtime.storage) as _,
            gate: Arc::clone(gate),
            topic: topic.config.name.clone(),
            partitions: topic.config.limits.partitions,
            transports: topic.transports.clone(),
            sending: topic.config.sending.clone(),
            max_records: topic.config.limits.max_records,
            events: self.events(topic),
            groups: self.groups.clone(),
            clock: Arc::clone(&self.clock),
            figures: Arc::clone(&self.runtime.figures),
        }
    }
}
