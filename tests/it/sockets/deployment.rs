//! Web processes and workers of one topic in this process, each of which runs only when it is told to.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use crosswire::app::config::DraftConfig;
use crosswire::app::registry::Registry;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::contracts::storage::{
    Claim, ClaimRequest, FeedEntry, Partition, Queue, QueueKind, Storage, Token,
};
use crosswire::contracts::transport::socket::Line;
use crosswire::engine::consumer::{Consumer, ConsumerRuntime, Step};
use crosswire::engine::consumers::Consumers;
use crosswire::engine::intake::Intake;
use crosswire::engine::leases::Leases;
use crosswire::engine::sockets::{SocketServer, SocketServerParts};
use crosswire::engine::topic::TopicRuntime;
use crosswire::model::address::GroupKey;
use crosswire::model::clock::{Clock, ManualClock, SystemClock};
use crosswire::model::token::{Claims, TokenKey, TokenPurpose};
use crosswire::model::topic::TopicName;
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::stores::sqlite::Sqlite;
use secrecy::SecretString;

use super::probe::{HERE, Probe};
use crate::storage::fixture::{LONG, into_claim};
use crate::support::redis::RedisServer;

/// Two web processes and two workers.
pub(super) struct Deployment {
    pub(super) storage: Arc<dyn Storage>,
    /// Clock of the embedded store; Redis has its own.
    pub(super) manual: Option<Arc<ManualClock>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) groups: GroupKey,
    topic: TopicRuntime,
    parts: SocketServerParts,
    pub(super) servers: [Arc<SocketServer>; 2],
    workers: Vec<Vec<Arc<Consumer>>>,
    held: Vec<Claim>,
}

impl Deployment {
    /// Runs on the embedded store, with a clock that only the test moves.
    pub(super) fn embedded(settings: &str) -> Self {
        let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH + Duration::from_hours(9)));
        let as_clock: Arc<dyn Clock> = Arc::clone(&clock) as _;
        let storage = Arc::new(Sqlite::in_memory(&as_clock).unwrap());
        Self::new(storage, as_clock, Some(clock), settings)
    }

    pub(super) async fn on_redis(server: &RedisServer, settings: &str) -> Self {
        server.tell::<()>(&["FLUSHALL"]).await;
        let url = SecretString::from(server.url());
        let config = RedisConfig { url, verify_tls: true, wait_replicas: 0 };
        let storage = Arc::new(Redis::connect(config).await.unwrap());
        Self::new(storage, Arc::new(SystemClock), None, settings)
    }

    fn new(
        storage: Arc<dyn Storage>,
        clock: Arc<dyn Clock>,
        manual: Option<Arc<ManualClock>>,
        settings: &str,
    ) -> Self {
        let topic = topic(settings);
        let feeds = Arc::clone(&storage) as _;
        topic.transports.start(&feeds);
        let groups = GroupKey::new(&SecretString::from("a secret that only tests have"));
        let pipelines = topic.pipelines().collect();
        let intake =
            Intake::new(Arc::clone(&storage), groups.clone(), Arc::clone(&clock), pipelines);
        let parts = SocketServerParts {
            storage: Arc::clone(&storage),
            intake: Arc::new(intake),
            clock: Arc::clone(&clock),
            groups: groups.clone(),
        };
        let server = || SocketServer::new(&topic, parts.clone()).unwrap();
        let servers = [server(), server()];
        let worker = || {
            let runtime =
                ConsumerRuntime::new(Arc::clone(&storage), Leases::new(Arc::clone(&clock)));
            let (clock, groups) = (Arc::clone(&clock), groups.clone());
            let consumers = Consumers { runtime, clock, groups }.of(&topic);
            consumers.into_iter().map(|(_, consumer)| consumer).collect()
        };
        let (workers, held) = (vec![worker(), worker()], Vec::new());
        Self { storage, manual, clock, groups, topic, parts, servers, workers, held }
    }

    pub(super) fn tokens(&self) -> TokenKey {
        self.groups.token_key()
    }

    pub(super) fn topic_name(&self) -> &TopicName {
        &self.topic.config.name
    }

    /// Kills a web process and starts another in its place. The test takes the sockets from the
    /// clients itself.
    pub(super) fn lose(&mut self, server: usize) {
        self.servers[server] = SocketServer::new(&self.topic, self.parts.clone()).unwrap();
    }

    /// Lets a worker take one message to handle (0) or to send (1).
    pub(super) async fn work(&self, worker: usize, queue: usize) -> bool {
        self.workers[worker][queue].step().await.unwrap() == Step::Worked
    }

    /// Lets a web process read the feed to its end.
    pub(super) async fn follow(&self, server: usize) -> bool {
        let mut has_read = false;
        while self.servers[server].hub().step(Duration::ZERO).await.unwrap() > 0 {
            has_read = true;
        }
        has_read
    }

    /// Runs everything until nothing is left to do.
    pub(super) async fn settle(&mut self) {
        self.release().await;
        loop {
            let mut has_worked = false;
            for server in 0..2 {
                self.servers[server].report_once().await.unwrap();
                has_worked |= self.work(server, 0).await | self.work(server, 1).await;
                has_worked |= self.follow(server).await;
            }
            if !has_worked {
                return;
            }
        }
    }

    /// Moves the clock, and lets everything happen that is due.
    pub(super) async fn advance(&mut self, time: Duration) {
        self.manual.as_ref().expect("Redis has its own clock").advance(time);
        self.settle().await;
    }

    /// Takes a message out of a queue for a while, as a worker that is slow, so that those of other
    /// groups overtake it.
    pub(super) async fn hold(&mut self, kind: QueueKind) {
        let request = ClaimRequest {
            token: Token::random(),
            lease: LONG,
            max: 1,
            reclaim: true,
            closed: vec![],
        };
        let queue = Queue { partition: self.partition(), kind };
        self.held.extend(into_claim(self.storage.claim(&queue, &request).await.unwrap()));
    }

    /// Hands back what is held.
    pub(super) async fn release(&mut self) {
        for claim in self.held.drain(..) {
            self.storage.release(claim).await.unwrap();
        }
    }

    /// Returns the lines of the feed, from its beginning.
    pub(super) async fn feed(&self) -> Vec<FeedEntry> {
        let feed = Line::feed(self.topic_name());
        let mut entries = Vec::<FeedEntry>::new();
        loop {
            let after = entries.last().map(|entry| entry.place.clone());
            let next = self.storage.follow(&feed, after.as_ref(), Duration::ZERO).await.unwrap();
            if next.is_empty() {
                return entries;
            }
            entries.extend(next);
        }
    }

    /// Publishes a line of the feed again, as a worker that was late.
    pub(super) async fn publish_again(&self, text: &str) {
        let feed = Line::feed(self.topic_name());
        self.storage.publish(&feed, text, Line::limits()).await.unwrap();
    }

    /// Returns the number of sessions that the handler was told are connected.
    pub(super) async fn here(&self) -> usize {
        self.storage.members(&self.partition(), HERE, 1000).await.unwrap().len()
    }

    pub(super) async fn total(&self, counter: &str) -> i64 {
        self.storage.total(&self.partition(), counter).await.unwrap()
    }

    /// Signs a token of a room.
    pub(super) fn room_token(&self, claims: &Claims) -> String {
        self.tokens().sign(claims).reveal().to_owned()
    }

    /// Returns the session that a session token is for.
    pub(super) fn session_of(&self, token: &str) -> String {
        let token = crosswire::model::token::Token::new(token);
        let (topic, now) = (self.topic_name(), self.clock.now());
        self.tokens().verify(&token, TokenPurpose::Session, topic, now).unwrap().subject
    }

    fn partition(&self) -> Partition {
        Partition { topic: self.topic_name().clone(), number: 0 }
    }
}

fn topic(settings: &str) -> TopicRuntime {
    let toml = format!(
        "[topics.t]\nhandler = \"probe\"\ntransport = \"websocket\"\naccept_response = \"\"\n\
         max_group_depth = 1000\n[topics.t.websocket]\n{settings}"
    );
    let mut registry = Registry::shipped();
    registry.handler("probe", Probe);
    let (environment, errors) = (Environment::default(), ConfigErrors::default());
    let draft = DraftConfig::read("topics.toml", &toml, &environment, Purpose::Dev, &errors);
    let mut topics = registry.assemble(&draft, &environment, &errors);
    errors.into_result().unwrap();
    topics.remove(0)
}
