//! A topic whose parts have all been built.

use std::sync::Arc;

use crate::contracts::handler::{DynHandler, HandledObserver};
use crate::contracts::storage::Partition;
use crate::contracts::transport::{DynTransport, Transports};
use crate::contracts::validator::Validator;
use crate::model::topic::{Limits, Replies, TopicConfig, TopicName, TransportConfig};
use crate::model::topic_events::TopicEvents;

/// Topic that is ready to run: its configuration and the parts that it names.
#[derive(Clone)]
pub struct TopicRuntime {
    pub config: TopicConfig,
    pub handler: Arc<dyn DynHandler>,
    /// Transports by which recipients are reached, those of the webhooks included.
    pub transports: Transports,
    /// Validators in the order of the configuration; the first rejection is the answer.
    pub validators: Vec<BoundValidator>,
    /// Events that are reported by the transport of that name.
    pub events: TopicEvents,
    /// Observer of every handled message.
    pub observer: Option<Arc<dyn HandledObserver>>,
}

/// Validator of a topic, with the text that its rejection sends.
#[derive(Clone)]
pub struct BoundValidator {
    pub name: String,
    pub text: String,
    pub validator: Arc<dyn Validator>,
}

/// Pipeline of a topic's inbound messages: transport, validators, replies and limits.
pub struct Pipeline {
    pub topic: TopicName,
    pub transport_name: String,
    pub transport: Arc<dyn DynTransport>,
    /// Validators in the order of the configuration; the first rejection is the answer.
    pub validators: Vec<BoundValidator>,
    pub replies: Replies,
    /// Equal texts that a person is sent within ten minutes; no limit when 0.
    pub repeats: u32,
    pub limits: Limits,
    pub events: TopicEvents,
}

impl TopicRuntime {
    /// Returns the pipelines of the transports that the configuration names, in its order. A transport that was
    /// added later, such as the tester's, has no webhook.
    pub fn pipelines(&self) -> impl Iterator<Item = Pipeline> {
        let named = |config: &TransportConfig| {
            let transport = self.transports.get(&config.name)?;
            Some(self.pipeline_from(&config.name, Arc::clone(transport)))
        };
        self.config.transports.iter().filter_map(named)
    }

    /// Returns the pipeline of messages that arrive by this transport.
    pub fn pipeline_from(&self, name: &str, transport: Arc<dyn DynTransport>) -> Pipeline {
        let mut limits = self.config.limits.clone();
        // A person at the tester's phones pays for no texts, and a script writes faster than people.
        let is_named = self.config.transports.iter().any(|config| config.name == name);
        if !is_named && !limits.senders.are_explicit {
            limits.senders.rate = 0;
        }
        Pipeline {
            topic: self.config.name.clone(),
            transport_name: name.to_owned(),
            transport,
            validators: self.validators.clone(),
            replies: self.config.replies.clone(),
            repeats: self.config.sending.repeats,
            limits,
            events: self.events.clone(),
        }
    }

    /// Returns the transport whose clients hold sockets, with its name, if the topic has one.
    pub fn socket_transport(&self) -> Option<(&str, &Arc<dyn DynTransport>)> {
        self.config.transports.iter().find_map(|TransportConfig { name, .. }| {
            let transport = self.transports.get(name)?;
            transport.sockets().map(|_| (name.as_str(), transport))
        })
    }

    /// Returns the partitions of the topic.
    pub fn partitions(&self) -> impl Iterator<Item = Partition> {
        let partition = |number| Partition { topic: self.config.name.clone(), number };
        (0..self.config.limits.partitions).map(partition)
    }
}
