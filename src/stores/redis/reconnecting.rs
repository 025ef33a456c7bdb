//! A connection that reconnects, and repeats a request until its outcome is known.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use redis::{Cmd, ErrorKind, RedisError, RedisResult, Value};
use tokio::time::timeout_at;

use super::connection::{CONNECT_TIMEOUT, Connection, connect};
use super::error::{Reaction, TOO_FEW_REPLICAS, reaction, to_storage_error};
use super::scripts;
use super::target::Target;
use crate::contracts::figures::StoreCalls;
use crate::contracts::storage::StorageError;

/// Time for which a failed attempt to connect also answers other callers.
const FAILURE_SHARED_FOR: Duration = Duration::from_millis(100);

/// A request to the node that holds `key`.
pub(super) trait Request: Sync {
    fn key(&self) -> &str;
    /// The command; `is_repeated` when the outcome of an earlier one is unknown, `with_source` when the
    /// node takes no functions.
    fn command(&self, is_repeated: bool, with_source: bool) -> Cmd;
    /// Tests whether the write must be on the replicas before it counts as done.
    fn waits_for_replicas(&self) -> bool;
    /// Maximum time to repeat it for.
    fn patience(&self) -> Duration;
}

/// A connection that is made on demand, and made anew when it breaks.
pub(super) struct Reconnecting {
    line: Arc<Line>,
    wait_replicas: u32,
    /// The last write did not reach enough replicas.
    lacks_replicas: AtomicBool,
    calls: StoreCalls,
}

/// The connection of the present, and attempts to make the next one.
struct Line {
    target: Target,
    response_timeout: Duration,
    current: RwLock<Option<Current>>,
    attempts: Mutex<Attempts>,
}

/// A connection, and the number of those before it.
type Current = (u64, Connection);

/// Attempt to connect, which goes on when those who asked for it have given up.
type Attempt = Shared<BoxFuture<'static, Result<Current, Arc<RedisError>>>>;

/// Attempts to connect; one is made at a time.
#[derive(Default)]
struct Attempts {
    generation: u64,
    underway: Option<Attempt>,
    failed: Option<(Instant, Arc<RedisError>)>,
}

impl Reconnecting {
    pub(super) fn new(target: Target, response_timeout: Duration, wait_replicas: u32) -> Self {
        let (current, attempts) = (RwLock::new(None), Mutex::default());
        Self {
            line: Arc::new(Line { target, response_timeout, current, attempts }),
            wait_replicas,
            lacks_replicas: AtomicBool::new(false),
            calls: StoreCalls::default(),
        }
    }

    pub(super) fn record(&mut self, calls: StoreCalls) {
        self.calls = calls;
    }

    /// Tests whether the last write did not reach enough replicas. Then each call that waits for them holds up
    /// all others of the connection for as long as it waits.
    pub(super) fn lacks_replicas(&self) -> bool {
        self.lacks_replicas.load(Ordering::Relaxed)
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
            let attempt = self.attempt(request, is_repeated, deadline);
            let error = match self.calls.measure(attempt).await {
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

    async fn attempt(
        &self,
        request: &dyn Request,
        is_repeated: bool,
        deadline: Instant,
    ) -> RedisResult<Value> {
        // A request is not sent when its time is over: nobody waits for it any more.
        let connecting = timeout_at(deadline.into(), self.connection());
        let (generation, mut connection) = connecting.await.map_err(|_| not_connected())??;
        let mut reply = self.send_once(&mut connection, request, is_repeated, false).await;
        if calls_for(&reply, Reaction::SendScripts)
            && load_scripts(&mut connection, request.key()).await
        {
            reply = self.send_once(&mut connection, request, is_repeated, false).await;
        }
        if calls_for(&reply, Reaction::SendScripts) {
            reply = self.send_once(&mut connection, request, is_repeated, true).await;
        }
        if calls_for(&reply, Reaction::Reconnect) {
            self.line.replace(generation);
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
        self.lacks_replicas.store(replicas < self.wait_replicas, Ordering::Relaxed);
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
    pub(super) async fn connection(&self) -> RedisResult<Current> {
        let attempt = {
            let mut attempts = self.line.attempts();
            if let Some(current) = self.line.current() {
                return Ok(current);
            }
            if let Some((at, error)) = &attempts.failed
                && at.elapsed() < FAILURE_SHARED_FOR
            {
                return Err(RedisError::clone(error));
            }
            attempts.underway(&self.line)
        };
        attempt.await.map_err(|error| RedisError::clone(&error))
    }
}

impl Attempts {
    /// Returns the attempt that is underway, or begins one.
    fn underway(&mut self, line: &Arc<Line>) -> Attempt {
        self.underway.get_or_insert_with(|| Line::connect(Arc::clone(line))).clone()
    }
}

impl Line {
    fn connect(line: Arc<Self>) -> Attempt {
        let task = {
            let line = Arc::clone(&line);
            tokio::spawn(async move {
                let outcome = connect(&line.target, line.response_timeout).await;
                line.note(outcome)
            })
        };
        // A task ends without an outcome with its runtime.
        let outcome = async move { task.await.unwrap_or_else(|_| line.note(Err(not_connected()))) };
        outcome.boxed().shared()
    }

    /// Ends the attempt that is underway.
    fn note(&self, outcome: RedisResult<Connection>) -> Result<Current, Arc<RedisError>> {
        let mut attempts = self.attempts();
        attempts.underway = None;
        match outcome {
            Ok(connection) => {
                attempts.generation += 1;
                attempts.failed = None;
                let current = (attempts.generation, connection);
                *self.current.write().expect("no holder panics") = Some(current.clone());
                Ok(current)
            }
            Err(error) => {
                let error = Arc::new(error);
                attempts.failed = Some((Instant::now(), Arc::clone(&error)));
                Err(error)
            }
        }
    }

    /// Looks for another connection at once, unless another caller has done so already. That to a cluster
    /// serves meanwhile, for its other nodes may be well.
    fn replace(self: &Arc<Self>, generation: u64) {
        let mut attempts = self.attempts();
        let mut current = self.current.write().expect("no holder panics");
        if !matches!(&*current, Some((known, _)) if *known == generation) {
            return;
        }
        if !matches!(self.target, Target::Cluster { .. }) {
            *current = None;
        }
        // Its outcome is noted whether or not somebody waits for it.
        drop(attempts.underway(self));
    }

    fn current(&self) -> Option<Current> {
        self.current.read().expect("no holder panics").clone()
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn calls_for(reply: &RedisResult<Value>, expected: Reaction) -> bool {
    matches!(reply, Err(error) if reaction(error) == expected)
}

/// Gives a node the library of functions, and tests whether it has it now. A node that is full takes none, and
/// must run scripts all the same.
async fn load_scripts(connection: &mut Connection, key: &str) -> bool {
    match connection.send(&scripts::load(), key).await {
        Ok(_) => true,
        // Another caller was first.
        Err(error) => error.detail().is_some_and(|detail| detail.contains("already exists")),
    }
}

fn not_connected() -> RedisError {
    io::Error::new(io::ErrorKind::TimedOut, "no connection to Redis in time").into()
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
