//! Who works on a topic: a consumer for each of its queues.

use std::sync::Arc;

use crate::address::GroupKey;
use crate::clock::Clock;
use crate::consumer::{Consumer, Shared, Work};
use crate::dispatcher::{self, Dispatcher};
use crate::registry::Service;
use crate::storage::{Partition, Queue, Side};
use crate::transports::tester::{self, Board, Tester};
use crate::worker::{self, Worker};

/// What all consumers of a process are made with.
pub struct Crew {
    pub shared: Shared,
    pub clock: Arc<dyn Clock>,
    pub groups: GroupKey,
    pub board: Arc<Board>,
}

impl Crew {
    /// A consumer for each side of each partition of a topic.
    pub fn of(&self, service: &Service) -> Vec<(Queue, Arc<Consumer>)> {
        let (limits, sending) = (&service.topic.limits, &service.topic.sending);
        let tester = Arc::new(Tester::new(service.topic.name.clone(), Arc::clone(&self.board)));
        let worker: Arc<dyn Work> = Arc::new(Worker::new(self.worker(service, &tester)));
        let dispatcher: Arc<dyn Work> = Arc::new(Dispatcher::new(self.dispatcher(service, tester)));
        let mut consumers = Vec::new();
        for partition in partitions(service) {
            for (side, work, slots, lease) in [
                (Side::Inbound, &worker, limits.concurrency, limits.lease),
                (Side::Outbox, &dispatcher, sending.concurrency, sending.lease),
            ] {
                let queue = Queue { partition: partition.clone(), side };
                let (shared, work) = (self.shared.clone(), Arc::clone(work));
                consumers.push((queue.clone(), Consumer::new(shared, queue, work, slots, lease)));
            }
        }
        consumers
    }

    fn worker(&self, service: &Service, tester: &Arc<Tester>) -> worker::Setup {
        worker::Setup {
            storage: Arc::clone(&self.shared.storage),
            clock: Arc::clone(&self.clock),
            groups: self.groups.clone(),
            topic: service.topic.name.clone(),
            handler: Arc::clone(&service.handler),
            properties: Arc::clone(&service.topic.properties),
            limits: service.topic.limits.clone(),
            error_response: service.topic.replies.error_response.clone(),
            audience: Some(Arc::clone(tester) as _),
        }
    }

    /// The tester's phones are reached from everywhere: nobody is there but who may use them.
    fn dispatcher(&self, service: &Service, tester: Arc<Tester>) -> dispatcher::Setup {
        dispatcher::Setup {
            storage: Arc::clone(&self.shared.storage),
            clock: Arc::clone(&self.clock),
            topic: service.topic.name.clone(),
            transports: service.transports.clone().with(tester::NAME, tester),
            sending: service.topic.sending.clone(),
            max_records: service.topic.limits.max_records,
        }
    }
}

/// The slices of a topic.
pub fn partitions(service: &Service) -> impl Iterator<Item = Partition> {
    let partition = |number| Partition { topic: service.topic.name.clone(), number };
    (0..service.topic.limits.partitions).map(partition)
}
