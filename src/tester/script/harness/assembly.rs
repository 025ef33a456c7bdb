//! Assembly of a harness: the parts of a deployment, on the store and the clock of a script.

use std::sync::Arc;

use anyhow::Result;
use secrecy::SecretString;

use crate::contracts::storage::{Feeds, Storage};
use crate::engine::consumer::ConsumerRuntime;
use crate::engine::consumers::Consumers;
use crate::engine::intake::Intake;
use crate::engine::jobs::Jobs;
use crate::engine::leases::Leases;
use crate::engine::sockets::SocketServerParts;
use crate::engine::topic::{Pipeline, TopicRuntime};
use crate::model::address::GroupKey;
use crate::model::clock::{Clock, ManualClock};
use crate::model::topic_events::TopicEvents;
use crate::tester::phones::Phones;
use crate::tester::script::clock::ScriptClock;
use crate::tester::script::queues::Queues;
use crate::tester::script::sockets::{Sockets, with_feeds};
use crate::tester::script::wake_failures::{WakeFailureRecorder, WakeFailures};
use crate::tester::{Board, TRANSPORT_NAME, attach};

/// Hash key of addresses. It protects nothing: a script's store is discarded.
const KEY: &str = "the key of every script, which protects nothing";

/// Parts that all others of a harness are made of.
pub(super) struct Assembly {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    groups: GroupKey,
    /// Clock that dates messages.
    pub(super) script_clock: Arc<ScriptClock>,
    pub(super) board: Arc<Board>,
}

impl Assembly {
    pub(super) fn new(storage: Arc<dyn Storage>, clock: &Arc<ManualClock>) -> Self {
        let script_clock = Arc::new(ScriptClock::new(Arc::clone(clock)));
        let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
        let board = Arc::new(Board::new(Arc::clone(&storage), Arc::clone(&clock)));
        let groups = GroupKey::new(&SecretString::from(KEY));
        Self { storage, clock, groups, script_clock, board }
    }

    /// Returns the topics with the transports of a script, which reports no events to anybody.
    pub(super) fn topics(&self, services: &[TopicRuntime]) -> Vec<TopicRuntime> {
        let feeds: Arc<dyn Feeds> = Arc::clone(&self.storage) as _;
        let topic = |service: &TopicRuntime| {
            let topic = with_feeds(attach(service, &self.board), &feeds);
            TopicRuntime { events: TopicEvents::default(), ..topic }
        };
        services.iter().map(topic).collect()
    }

    pub(super) fn phones(&self, topics: &[TopicRuntime]) -> Phones {
        let pipelines = topics.iter().filter_map(|topic| {
            let transport = topic.transports.get(TRANSPORT_NAME)?;
            Some(topic.pipeline_from(TRANSPORT_NAME, Arc::clone(transport)))
        });
        Phones::new(self.intake(pipelines.collect()), Arc::clone(&self.board))
    }

    pub(super) fn sockets(&self, topics: Vec<TopicRuntime>) -> Sockets {
        let pipelines = topics.iter().flat_map(TopicRuntime::pipelines).collect();
        let parts = SocketServerParts {
            storage: Arc::clone(&self.storage),
            intake: Arc::new(self.intake(pipelines)),
            clock: Arc::clone(&self.clock),
            groups: self.groups.clone(),
        };
        Sockets::new(topics, parts)
    }

    /// Makes the queues of all topics, whose failed wakes are recorded.
    pub(super) async fn queues(
        &self,
        topics: &[TopicRuntime],
        failures: &WakeFailures,
    ) -> Result<Queues> {
        let leases = Leases::new(Arc::clone(&self.clock));
        let runtime = ConsumerRuntime::new(Arc::clone(&self.storage), leases);
        let (clock, groups) = (Arc::clone(&self.clock), self.groups.clone());
        let consumers = Consumers { runtime, clock, groups };
        let mut queues = Queues::new(Arc::clone(&self.storage));
        for topic in topics {
            let handler = Arc::clone(&topic.handler);
            let recorder = WakeFailureRecorder { handler, failures: failures.clone() };
            let topic = TopicRuntime { handler: Arc::new(recorder), ..topic.clone() };
            for (queue, consumer) in consumers.of(&topic) {
                queues.add(queue, consumer).await?;
            }
        }
        Ok(queues)
    }

    pub(super) fn jobs(&self, topics: &[TopicRuntime]) -> Jobs {
        Jobs::new(Arc::clone(&self.storage), Arc::clone(&self.clock), topics)
    }

    fn intake(&self, pipelines: Vec<Pipeline>) -> Intake {
        let dated: Arc<dyn Clock> = Arc::clone(&self.script_clock) as _;
        Intake::new(Arc::clone(&self.storage), self.groups.clone(), dated, pipelines)
    }
}
