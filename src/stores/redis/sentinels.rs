//! Sentinels: all are asked who the master is, before each connection and every second after it.
//!
//! A master that hangs, or that was replaced while it was out of reach, may keep its connections. They end when
//! the sentinels name another, together with the calls that wait for their replies.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, TlsMode,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Maximum time for the answer of one sentinel, with the connection.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Time between two questions.
const EVERY: Duration = Duration::from_secs(1);
/// Time for which the others are waited for when one has answered: it may be the one that has not heard yet.
const OTHERS: Duration = Duration::from_millis(100);

/// Sentinels of a deployment, and what they said last.
pub(super) struct Sentinels {
    nodes: Vec<Sentinel>,
    /// Name of the master among those that they watch.
    pub(super) name: String,
    /// Settings of connections to the master.
    pub(super) login: RedisConnectionInfo,
    tls: Option<TlsMode>,
    said: watch::Sender<Option<Master>>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

/// One sentinel, with a connection that is kept until it fails.
struct Sentinel {
    client: Client,
    connection: tokio::sync::Mutex<Option<MultiplexedConnection>>,
}

/// A master, and the epoch of its election.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Master {
    epoch: u64,
    host: String,
    port: u16,
}

/// A master, for as long as the sentinels name no other.
#[derive(Clone)]
pub(super) struct Term {
    master: Master,
    said: watch::Receiver<Option<Master>>,
}

impl Sentinels {
    pub(super) fn new(
        nodes: impl IntoIterator<Item: IntoConnectionInfo>,
        name: &str,
        login: RedisConnectionInfo,
        tls: Option<TlsMode>,
    ) -> RedisResult<Arc<Self>> {
        let nodes = nodes.into_iter().map(Sentinel::new).collect::<RedisResult<_>>()?;
        Ok(Arc::new(Self {
            nodes,
            name: name.to_owned(),
            login,
            tls,
            said: watch::Sender::new(None),
            follower: Mutex::default(),
        }))
    }

    /// Asks for the master. Returns how to connect to it, and its term of office.
    pub(super) async fn master(self: &Arc<Self>) -> RedisResult<(ConnectionInfo, Term)> {
        self.follow();
        let master = self.ask().await?;
        let (host, port) = (master.host.clone(), master.port);
        let address = match self.tls {
            None => ConnectionAddr::Tcp(host, port),
            Some(mode) => {
                let insecure = matches!(mode, TlsMode::Insecure);
                ConnectionAddr::TcpTls { host, port, insecure, tls_params: None }
            }
        };
        let info = address.into_connection_info()?.set_redis_settings(self.login.clone());
        Ok((info, Term { master, said: self.said.subscribe() }))
    }

    /// Begins to ask again and again, unless that goes on already. It ends with the runtime of the caller.
    fn follow(self: &Arc<Self>) {
        let mut follower = self.follower.lock().unwrap_or_else(PoisonError::into_inner);
        if follower.as_ref().is_none_or(JoinHandle::is_finished) {
            *follower = Some(tokio::spawn(ask_again(Arc::downgrade(self))));
        }
    }

    /// Asks all sentinels at the same time, and notes what the best informed one says.
    async fn ask(&self) -> RedisResult<Master> {
        let asked = self.nodes.iter().map(|node| node.ask(&self.name));
        let mut asked = asked.collect::<FuturesUnordered<_>>();
        let mut answers = Vec::new();
        while let Some(answer) = asked.next().await {
            let is_known = answer.is_ok();
            answers.push(answer);
            if is_known {
                break;
            }
        }
        let others = async {
            while let Some(answer) = asked.next().await {
                answers.push(answer);
            }
        };
        tokio::select! {
            () = others => {}
            () = sleep(OTHERS) => {}
        }
        let master = best(answers)?;
        self.said.send_if_modified(|said| {
            let is_new = said.as_ref() != Some(&master);
            *said = Some(master.clone());
            is_new
        });
        Ok(master)
    }
}

impl Drop for Sentinels {
    fn drop(&mut self) {
        let follower = self.follower.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(follower) = follower {
            follower.abort();
        }
    }
}

/// Asks every second until the sentinels are not needed any more.
async fn ask_again(sentinels: Weak<Sentinels>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(sentinels) = sentinels.upgrade() else { return };
        // Without an answer, what they said last holds.
        drop(sentinels.ask().await);
    }
}

/// Chooses the answer about the latest election. One that has not heard of it names the master before.
fn best(answers: Vec<RedisResult<Master>>) -> RedisResult<Master> {
    let (mut best, mut failed): (Option<Master>, Option<RedisError>) = (None, None);
    for answer in answers {
        match answer {
            Ok(master) if best.as_ref().is_none_or(|best| best.epoch < master.epoch) => {
                best = Some(master);
            }
            // An answer with a reason tells more than no answer.
            Err(error) if !error.is_io_error() || failed.is_none() => failed = Some(error),
            Ok(_) | Err(_) => {}
        }
    }
    best.ok_or_else(|| failed.unwrap_or_else(unknown))
}

fn unknown() -> RedisError {
    (ErrorKind::MasterNameNotFoundBySentinel, "the sentinels know no master of this name").into()
}

impl Sentinel {
    fn new(node: impl IntoConnectionInfo) -> RedisResult<Self> {
        Ok(Self { client: Client::open(node)?, connection: tokio::sync::Mutex::default() })
    }

    async fn ask(&self, name: &str) -> RedisResult<Master> {
        let asked = timeout(TIMEOUT, self.ask_on_connection(name)).await;
        asked.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }

    async fn ask_on_connection(&self, name: &str) -> RedisResult<Master> {
        let mut kept = self.connection.lock().await;
        if let Some(mut connection) = kept.take()
            && let Ok(master) = question(&mut connection, name).await
        {
            *kept = Some(connection);
            return Ok(master);
        }
        // The library's own limits are shorter.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT));
        let mut connection =
            self.client.get_multiplexed_async_connection_with_config(&config).await?;
        let master = question(&mut connection, name).await?;
        *kept = Some(connection);
        Ok(master)
    }
}

/// Asks one sentinel. It names the elected one from its promotion on, and in its list of masters only when all
/// other replicas follow that one. The epoch is read first, so that it is never later than the address.
async fn question(connection: &mut MultiplexedConnection, name: &str) -> RedisResult<Master> {
    let mut questions = redis::pipe();
    questions.cmd("SENTINEL").arg("MASTER").arg(name);
    questions.cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(name);
    let (about, address): (HashMap<String, String>, Option<(String, u16)>) =
        questions.query_async(connection).await?;
    let (host, port) = address.ok_or_else(unknown)?;
    let epoch = about.get("config-epoch").and_then(|epoch| epoch.parse().ok()).unwrap_or_default();
    Ok(Master { epoch, host, port })
}

impl Term {
    /// Tests whether the sentinels have named no other master yet.
    pub(super) fn lasts(&self) -> bool {
        !self.said.borrow().as_ref().is_some_and(|said| said.succeeds(&self.master))
    }

    /// Waits for a reply of the master, until the sentinels name another.
    pub(super) async fn during<T>(
        &mut self,
        reply: impl Future<Output = RedisResult<T>>,
    ) -> RedisResult<T> {
        let master = &self.master;
        let ends = |said: &Option<Master>| said.as_ref().is_some_and(|said| said.succeeds(master));
        tokio::select! {
            biased;
            Ok(_) = self.said.wait_for(ends) => Err(replaced()),
            reply = reply => reply,
        }
    }
}

impl Master {
    /// Tests whether this is another master, and no earlier one.
    fn succeeds(&self, other: &Self) -> bool {
        (&self.host, self.port) != (&other.host, other.port) && self.epoch >= other.epoch
    }
}

fn replaced() -> RedisError {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the sentinels name another master").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(epoch: u64, port: u16) -> Master {
        Master { epoch, host: "127.0.0.1".to_owned(), port }
    }

    fn silent() -> RedisError {
        io::Error::new(io::ErrorKind::TimedOut, "timed out").into()
    }

    #[test]
    fn latest_election_counts_in_any_order_of_answers() {
        let (old, new) = (master(6, 1), master(7, 2));
        for answers in [[Ok(old.clone()), Ok(new.clone())], [Ok(new.clone()), Ok(old)]] {
            assert_eq!(best(answers.into()).unwrap(), new);
        }
        assert_eq!(best(vec![Err(silent()), Ok(new.clone()), Err(unknown())]).unwrap(), new);
    }

    #[test]
    fn reason_of_a_sentinel_is_told_before_the_silence_of_others() {
        for answers in [[Err(silent()), Err(unknown())], [Err(unknown()), Err(silent())]] {
            let error = best(answers.into()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::MasterNameNotFoundBySentinel);
        }
    }

    #[test]
    fn master_is_replaced_by_another_of_the_same_epoch_or_a_later_one() {
        let present = master(7, 2);
        assert!(master(8, 1).succeeds(&present) && master(7, 1).succeeds(&present));
        assert!(!master(6, 1).succeeds(&present) && !master(8, 2).succeeds(&present));
    }

    #[tokio::test]
    async fn reply_that_nobody_sends_is_waited_for_until_another_master_is_named() {
        let said = watch::Sender::new(Some(master(7, 2)));
        let mut term = Term { master: master(7, 2), said: said.subscribe() };
        assert_eq!(term.during(async { Ok(1) }).await.unwrap(), 1);
        let reply = term.during(std::future::pending::<RedisResult<()>>());
        let named = async { said.send_replace(Some(master(8, 1))) };
        assert!(tokio::join!(reply, named).0.unwrap_err().is_io_error());
        assert!(term.during(async { Ok(1) }).await.is_err(), "it stays replaced");
    }
}
