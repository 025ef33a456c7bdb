//! A connection that mends itself, and a call that is made until its outcome is known.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{
    MultipleNodeRoutingInfo, Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr,
};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value,
};
use tokio::sync::Mutex;

use super::address::{Target, sentinel};
use super::error::{Remedy, SHORT_OF_REPLICAS, give_up, remedy};
use crate::contracts::storage::StorageError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A failed attempt to connect answers everybody who waited for it, and whoever asks this soon after.
const FAILURE_HOLDS: Duration = Duration::from_millis(100);

/// A connection to one node, or to a cluster.
#[derive(Clone)]
pub(super) enum Wire {
    Node(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Wire {
    /// Sends a command to the node that holds `key`.
    pub(super) async fn send(&mut self, command: &Cmd, key: &str) -> RedisResult<Value> {
        match self {
            Self::Node(node) => command.query_async(node).await,
            Self::Cluster(cluster) => {
                let routing = RoutingInfo::SingleNode(node_of(key));
                cluster.route_command(command.clone(), routing).await?.extract_error()
            }
        }
    }

    /// Sends commands in one go, over one connection, to the node that holds `key`.
    pub(super) async fn send_all(
        &mut self,
        pipeline: &Pipeline,
        key: &str,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Self::Node(node) => pipeline.query_async(node).await,
            Self::Cluster(cluster) => {
                let count = pipeline.len();
                let answers =
                    cluster.route_pipeline(pipeline.clone(), 0, count, node_of(key)).await?;
                answers.into_iter().map(Value::extract_error).collect()
            }
        }
    }

    /// Sends a command to every node that takes writes; one answer for each.
    pub(super) async fn send_everywhere(&mut self, command: &Cmd) -> RedisResult<Vec<Value>> {
        let cluster = match self {
            Self::Node(node) => return Ok(vec![command.query_async(node).await?]),
            Self::Cluster(cluster) => cluster,
        };
        let routing = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
        match cluster.route_command(command.clone(), routing).await?.extract_error()? {
            Value::Map(answers) => Ok(answers.into_iter().map(|(_, answer)| answer).collect()),
            answer => Ok(vec![answer]),
        }
    }

    /// Whether somebody answers here who may be written to.
    pub(super) async fn prove(&mut self) -> RedisResult<()> {
        match self {
            Self::Node(node) => refuse_replica(node).await,
            Self::Cluster(_) => self.send(&redis::cmd("PING"), "").await.map(drop),
        }
    }
}

fn node_of(key: &str) -> SingleNodeRoutingInfo {
    SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master))
}

/// Something to be asked of the node that holds `key`.
pub(super) trait Ask: Sync {
    fn key(&self) -> &str;
    /// The command; `again` when the outcome of an earlier one is unknown, `spelled_out` when the
    /// node does not know the script by its hash.
    fn command(&self, again: bool, spelled_out: bool) -> Cmd;
    /// Whether it is to be on the replicas before it counts as done.
    fn durable(&self) -> bool;
    /// How long it is tried for.
    fn patience(&self) -> Duration;
}

/// A connection that is made when it is needed, and made anew when it breaks.
pub(super) struct Link {
    target: Target,
    response_timeout: Duration,
    wait_replicas: u32,
    current: RwLock<Option<(u64, Wire)>>,
    dialing: Mutex<Dialing>,
}

#[derive(Default)]
struct Dialing {
    generation: u64,
    failed: Option<(Instant, Arc<RedisError>)>,
}

impl Link {
    pub(super) fn new(target: Target, response_timeout: Duration, wait_replicas: u32) -> Self {
        Self {
            target,
            response_timeout,
            wait_replicas,
            current: RwLock::new(None),
            dialing: Mutex::default(),
        }
    }

    /// Asks until there is an answer, or patience is at an end. An unknown outcome is asked again:
    /// every script takes effect once however often it is run.
    pub(super) async fn ask(&self, ask: &dyn Ask) -> Result<Value, StorageError> {
        let deadline = Instant::now() + ask.patience();
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_millis(500))
            .with_jitter()
            .without_max_times()
            .build();
        let mut again = false;
        loop {
            let error = match self.attempt(ask, again).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let pause = pauses.next().unwrap_or(CONNECT_TIMEOUT);
            let hopeless = matches!(remedy(&error), Remedy::Full | Remedy::Refuse);
            if hopeless || Instant::now() + pause > deadline {
                return Err(give_up(&error));
            }
            tokio::time::sleep(pause).await;
            again = true;
        }
    }

    async fn attempt(&self, ask: &dyn Ask, again: bool) -> RedisResult<Value> {
        let (generation, mut wire) = self.wire().await?;
        let mut answer = self.once(&mut wire, ask, again, false).await;
        if matches!(&answer, Err(error) if remedy(error) == Remedy::Source) {
            answer = self.once(&mut wire, ask, again, true).await;
        }
        if matches!(&answer, Err(error) if remedy(error) == Remedy::Reconnect) {
            self.forget(generation);
        }
        answer
    }

    async fn once(
        &self,
        wire: &mut Wire,
        ask: &dyn Ask,
        again: bool,
        spelled_out: bool,
    ) -> RedisResult<Value> {
        let command = ask.command(again, spelled_out);
        if self.wait_replicas == 0 || !ask.durable() {
            return wire.send(&command, ask.key()).await;
        }
        // On the same connection, since WAIT speaks of the writes of its own connection only.
        let mut pipeline = redis::pipe();
        pipeline.add_command(command);
        pipeline.cmd("WAIT").arg(self.wait_replicas).arg(1000);
        let answers = wire.send_all(&pipeline, ask.key()).await;
        let mut answers = answers.map_err(first_of_several)?;
        let replicas: u32 = redis::from_redis_value(answers.pop().unwrap_or(Value::Int(0)))?;
        if replicas < self.wait_replicas {
            return Err(redis::make_extension_error(
                SHORT_OF_REPLICAS.to_owned(),
                Some(format!("only {replicas} replicas have the write")),
            ));
        }
        answers.pop().ok_or_else(|| (ErrorKind::Parse, "a pipeline without an answer").into())
    }

    /// The connection, and which one of those that there have been.
    pub(super) async fn wire(&self) -> RedisResult<(u64, Wire)> {
        if let Some(current) = self.known() {
            return Ok(current);
        }
        let mut dialing = self.dialing.lock().await;
        if let Some(current) = self.known() {
            return Ok(current);
        }
        if let Some((at, error)) = &dialing.failed
            && at.elapsed() < FAILURE_HOLDS
        {
            return Err(RedisError::clone(error));
        }
        match dial(&self.target, self.response_timeout).await {
            Ok(wire) => {
                dialing.generation += 1;
                dialing.failed = None;
                let current = (dialing.generation, wire);
                *self.current.write().expect("no holder panics") = Some(current.clone());
                Ok(current)
            }
            Err(error) => {
                dialing.failed = Some((Instant::now(), Arc::new(error.clone())));
                Err(error)
            }
        }
    }

    fn known(&self) -> Option<(u64, Wire)> {
        self.current.read().expect("no holder panics").clone()
    }

    /// Throws a broken connection away, unless somebody has put a new one in its place already.
    pub(super) fn forget(&self, generation: u64) {
        let mut current = self.current.write().expect("no holder panics");
        if matches!(&*current, Some((known, _)) if *known == generation) {
            *current = None;
        }
    }
}

/// The library's own default gives up an answer after half a second.
pub(super) fn options(response_timeout: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(response_timeout))
}

pub(super) async fn dial(target: &Target, response_timeout: Duration) -> RedisResult<Wire> {
    let config = options(response_timeout);
    let mut node = match target {
        Target::Node(info) => {
            Client::open(info.clone())?
                .get_multiplexed_async_connection_with_config(&config)
                .await?
        }
        Target::Sentinel { nodes, master, db, login, tls } => {
            let mut sentinel = sentinel(nodes, master, login.node_info(*db, *tls))?;
            sentinel.get_async_connection_with_config(&config).await?
        }
        // The client asks nothing again by itself, since it does not know how to ask a script again;
        // nor does it follow to where a slot is just moving. A tag is the name of no key, so a node
        // whose slot is leaving refers every script to the slot's next owner, where half of the
        // partition's keys are missing: it would begin each of them anew. We wait for the move's end.
        Target::Cluster { nodes } => {
            let client = ClusterClientBuilder::new(nodes.clone())
                .connection_timeout(CONNECT_TIMEOUT)
                .response_timeout(response_timeout)
                .retries(0)
                .build()?;
            return Ok(Wire::Cluster(client.get_async_connection().await?));
        }
    };
    refuse_replica(&mut node).await?;
    Ok(Wire::Node(node))
}

/// A pipeline's error hides the code of the command that failed.
fn first_of_several(error: RedisError) -> RedisError {
    let Some(errors) = error.clone().into_server_errors() else { return error };
    match errors.first() {
        Some((_, met)) => {
            redis::make_extension_error(met.code().to_owned(), met.details().map(ToOwned::to_owned))
        }
        None => error,
    }
}

/// After a failover a name may still lead to the old master, which is a replica now. A service that
/// forbids the question has its own way of leading to the master.
async fn refuse_replica(node: &mut MultiplexedConnection) -> RedisResult<()> {
    let role: RedisResult<Value> = redis::cmd("ROLE").query_async(node).await;
    match role {
        Ok(Value::Array(answer)) => {
            let role: String =
                answer.into_iter().next().map_or(Ok(String::new()), redis::from_redis_value)?;
            if role == "slave" {
                let detail = Some("the address leads to a replica".to_owned());
                return Err(redis::make_extension_error("READONLY".to_owned(), detail));
            }
            Ok(())
        }
        Err(error) if error.is_io_error() => Err(error),
        _ => Ok(()),
    }
}
