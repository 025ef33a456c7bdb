//! A connection that reconnects, and repeats a request until its outcome is known.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value};
use tokio::sync::Mutex;

use super::connection::{CONNECT_TIMEOUT, Connection, connect};
use super::error::{Reaction, TOO_FEW_REPLICAS, reaction, to_storage_error};
use super::target::Target;
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::StorageError;

/// Time for which a failed attempt to connect also answers other callers.
const FAILURE_SHARED_FOR: Duration = Duration::from_millis(100);

/// A request to the node that holds `key`.
pub(super) trait Request: Sync {
    fn key(&self) -> &str;
    /// The command; `is_repeated` when the outcome of an earlier one is unknown, `with_source` when the
    /// node does not know the script by its hash.
    fn command(&self, is_repeated: bool, with_source: bool) -> Cmd;
    /// Tests whether the write must be on the replicas before it counts as done.
    fn waits_for_replicas(&self) -> bool;
    /// Maximum time to repeat it for.
    fn patience(&self) -> Duration;
}

/// A connection that is made on demand, and made anew when it breaks.
pub(super) struct Reconnecting {
    target: Target,
    response_timeout: Duration,
    wait_replicas: u32,
    current: RwLock<Option<(u64, Connection)>>,
    attempts: Mutex<Attempts>,
    calls: StoreCalls,
}

/// Attempts to connect; one is made at a time.
#[derive(Default)]
struct Attempts {
    generation: u64,
    failed: Option<(Instant, Arc<RedisError>)>,
}

impl Reconnecting {
    pub(super) fn new(target: Target, response_timeout: Duration, wait_replicas: u32) -> Self {
        Self {
            target,
            response_timeout,
            wait_replicas,
            current: RwLock::new(None),
            attempts: Mutex::default(),
            calls: StoreCalls::default(),
        }
    }

    pub(super) fn record(&mut self, calls: StoreCalls) {
        self.calls = calls;
    }

    /// Sends a request until there is a reply or its patience is over. A request whose outcome is
    /// unknown is repeated: every script takes effect once, however often it runs.
    pub(super) async fn send(&self, request: &dyn Request) -> Result<Value, StorageError> {
        let deadline = Instant::now() + request.patience();
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_millis(500))
            .with_jitter()
            .without_max_times()
            .build();
        let mut is_repeated = false;
        loop {
            let error = match self.calls.measure(self.attempt(request, is_repeated)).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let pause = pauses.next().unwrap_or(CONNECT_TIMEOUT);
            let is_final =
                matches!(reaction(&error), Reaction::FailUnavailable | Reaction::FailRefused);
            if is_final || Instant::now() + pause > deadline {
                return Err(to_storage_error(&error));
            }
            tokio::time::sleep(pause).await;
            is_repeated = true;
        }
    }

    async fn attempt(&self, request: &dyn Request, is_repeated: bool) -> RedisResult<Value> {
        let (generation, mut connection) = self.connection().await?;
        let mut reply = self.send_once(&mut connection, request, is_repeated, false).await;
        if matches!(&reply, Err(error) if reaction(error) == Reaction::SendSource) {
            reply = self.send_once(&mut connection, request, is_repeated, true).await;
        }
        if matches!(&reply, Err(error) if reaction(error) == Reaction::Reconnect) {
            self.discard(generation);
        }
        reply
    }

    async fn send_once(
        &self,
        connection: &mut Connection,
        request: &dyn Request,
        is_repeated: bool,
        with_source: bool,
    ) -> RedisResult<Value> {
        let command = request.command(is_repeated, with_source);
        if self.wait_replicas == 0 || !request.waits_for_replicas() {
            return connection.send(&command, request.key()).await;
        }
        // On the same connection, since WAIT covers the writes of its own connection only.
        let mut pipeline = redis::pipe();
        pipeline.add_command(command);
        pipeline.cmd("WAIT").arg(self.wait_replicas).arg(1000);
        let replies = connection.send_all(&pipeline, request.key()).await;
        let mut replies = replies.map_err(first_of_several)?;
        let replicas: u32 = redis::from_redis_value(replies.pop().unwrap_or(Value::Int(0)))?;
        if replicas < self.wait_replicas {
            return Err(redis::make_extension_error(
                TOO_FEW_REPLICAS.to_owned(),
                Some(format!(
                    "only {replicas} of {} replicas have the write; start the others, or lower \
                     REDIS_WAIT_REPLICAS",
                    self.wait_replicas
                )),
            ));
        }
        replies.pop().ok_or_else(|| (ErrorKind::Parse, "a pipeline without a reply").into())
    }

    /// Returns the connection and its generation, which counts the connections that there have been.
    pub(super) async fn connection(&self) -> RedisResult<(u64, Connection)> {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let mut attempts = self.attempts.lock().await;
        if let Some(current) = self.current() {
            return Ok(current);
        }
        if let Some((at, error)) = &attempts.failed
            && at.elapsed() < FAILURE_SHARED_FOR
        {
            return Err(RedisError::clone(error));
        }
        match connect(&self.target, self.response_timeout).await {
            Ok(connection) => {
                attempts.generation += 1;
                attempts.failed = None;
                let current = (attempts.generation, connection);
                *self.current.write().expect("no holder panics") = Some(current.clone());
                Ok(current)
            }
            Err(error) => {
                attempts.failed = Some((Instant::now(), Arc::new(error.clone())));
                Err(error)
            }
        }
    }

    fn current(&self) -> Option<(u64, Connection)> {
        self.current.read().expect("no holder panics").clone()
    }

    /// Discards a broken connection, unless another caller has replaced it already.
    fn discard(&self, generation: u64) {
        let mut current = self.current.write().expect("no holder panics");
        if matches!(&*current, Some((known, _)) if *known == generation) {
            *current = None;
        }
    }
}

/// Extracts the error of the command that failed, whose code the error of a pipeline hides.
fn first_of_several(error: RedisError) -> RedisError {
    let Some(errors) = error.clone().into_server_errors() else { return error };
    match errors.first() {
        Some((_, met)) => {
            redis::make_extension_error(met.code().to_owned(), met.details().map(ToOwned::to_owned))
        }
        None => error,
    }
}
