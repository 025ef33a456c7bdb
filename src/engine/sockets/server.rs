//! Server of the sockets of one topic in one web process.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::departures::Departures;
use super::heartbeat::{BEAT, Heartbeat, NoBeat};
use super::hub::Hub;
use super::limits::Limits;
use super::outlet::Closing;
use crate::contracts::storage::{Partition, Storage};
use crate::contracts::transport::DynTransport;
use crate::contracts::transport::socket::{
    CloseCode, SocketProtocol, SocketSettings, SocketTransport,
};
use crate::engine::intake::Intake;
use crate::engine::topic::TopicRuntime;
use crate::model::address::GroupKey;
use crate::model::clock::Clock;
use crate::model::token::TokenKey;
use crate::model::topic::TopicName;

/// Pause after a failed step of a loop that needs the store.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// Parts that all socket servers of a process share.
#[derive(Clone)]
pub struct SocketServerParts {
    pub storage: Arc<dyn Storage>,
    pub intake: Arc<Intake>,
    pub clock: Arc<dyn Clock>,
    pub groups: GroupKey,
}

/// Server of the sockets of one topic.
pub struct SocketServer {
    pub(super) topic: TopicName,
    pub(super) transport_name: String,
    transport: Arc<dyn DynTransport>,
    /// Route of the pipeline that takes the messages.
    pub(super) route: String,
    pub(super) intake: Arc<Intake>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tokens: TokenKey,
    pub(super) hub: Hub,
    pub(super) limits: Arc<Limits>,
    pub(super) heartbeat: Heartbeat,
    pub(super) departures: Departures,
}

impl SocketServer {
    /// Makes the server of a topic; `None` when none of its transports has sockets.
    pub fn new(topic: &TopicRuntime, parts: SocketServerParts) -> Option<Arc<Self>> {
        let SocketServerParts { storage, intake, clock, groups } = parts;
        let (name, transport) = topic.socket_transport()?;
        let settings = transport.sockets()?.settings().clone();
        let topic_name = topic.config.name.clone();
        let partition = Partition::first(&topic_name);
        let max_room = settings.max_sockets_per_room;
        Some(Arc::new(Self {
            transport_name: name.to_owned(),
            transport: Arc::clone(transport),
            route: format!("{topic_name}/{name}"),
            intake,
            tokens: groups.token_key(),
            hub: Hub::new(&topic_name, Arc::clone(&storage) as _, Arc::clone(&clock), max_room),
            limits: Limits::new(settings, Arc::clone(&clock)),
            heartbeat: Heartbeat::new(partition, storage, Arc::clone(&clock)),
            departures: Departures::default(),
            topic: topic_name,
            clock,
        }))
    }

    pub fn topic(&self) -> &TopicName {
        &self.topic
    }

    pub fn settings(&self) -> &SocketSettings {
        self.sockets().settings()
    }

    /// Lines and sockets of this process.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Returns the subprotocol that is chosen of those that a client offers.
    pub fn subprotocol(&self, offered: &[&str]) -> Option<&'static str> {
        self.protocol(offered).name()
    }

    pub(super) fn protocol(&self, offered: &[&str]) -> &'static dyn SocketProtocol {
        self.sockets().protocol(offered)
    }

    fn sockets(&self) -> &dyn SocketTransport {
        self.transport.sockets().expect("a server is made for a transport with sockets")
    }

    /// Runs the loops of the server until a stop, and then stores the connections that were closed.
    pub async fn run(&self, stop: CancellationToken) {
        tokio::join!(self.hub.run(stop.clone()), self.beat(&stop), self.report(&stop));
        // Without an answer of the store, the heartbeat's end reports the connections.
        let _ = tokio::time::timeout(BEAT, self.departures.step(&self.intake, &self.route)).await;
    }

    /// Beats, from the first socket on. After a beat that came too late, the sessions may count as
    /// disconnected: they have to connect again. A failed beat is repeated by the next step.
    pub async fn beat_once(&self) {
        self.hub.close_waiting();
        if self.hub.sockets() == 0 && !self.heartbeat.has_begun() {
            return;
        }
        if let Err(no_beat) = self.heartbeat.beat().await {
            self.no_beat(&no_beat);
        }
    }

    /// Carries out what follows from a missed beat.
    pub(super) fn no_beat(&self, no_beat: &NoBeat) {
        match no_beat {
            NoBeat::Away(error) => {
                warn!(topic.name = %self.topic, %error, "heartbeat of the sockets failed; retrying");
            }
            NoBeat::Late => {
                warn!(topic.name = %self.topic, "heartbeat was late; all sockets have to connect again");
                let reason = "the server lost touch with its store; connect again and resume";
                self.hub.close_all(&Closing::new(CloseCode::TRY_AGAIN, reason));
            }
        }
    }

    async fn beat(&self, stop: &CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(BEAT)).await.is_some() {
            self.beat_once().await;
        }
    }

    async fn report(&self, stop: &CancellationToken) {
        while stop.run_until_cancelled(self.departures.added()).await.is_some() {
            while self.departures.step(&self.intake, &self.route).await.is_err() {
                if stop.run_until_cancelled(tokio::time::sleep(RETRY_PAUSE)).await.is_none() {
                    return;
                }
            }
        }
    }

    /// Stores the connections that were closed, for a process that runs no loops.
    ///
    /// # Errors
    /// The store is away.
    pub async fn report_once(&self) -> Result<(), crate::engine::intake::Refusal> {
        self.departures.step(&self.intake, &self.route).await
    }
}
