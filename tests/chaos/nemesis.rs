//! Faults, one after the other, until the time is over.

use std::ops::Range;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use crate::faults::Fault;
use crate::support::proxy::{Link, Proxy};
use crate::support::twilio::Random;
use crate::support::{Deployment, Loss};

/// Time limit of a shutdown.
const GRACE: Duration = Duration::from_secs(25);
/// Freezes that outlast the lease of the worker's claims, and the longer one of sends.
const BEYOND_LEASE: Range<u64> = 2_000..7_000;

pub(crate) struct Nemesis<'d> {
    pub(crate) deployment: &'d Deployment,
    /// Before Redis.
    pub(crate) proxy: Option<Proxy>,
    /// Before the provider.
    pub(crate) provider: Option<Proxy>,
    pub(crate) workers: usize,
    /// Number of the server that is the master.
    pub(crate) master: usize,
    pub(crate) random: Random,
}

impl Nemesis<'_> {
    /// Applies faults of these kinds, with pauses between them, until `end`. Returns when each was over; a
    /// process that is killed is started again at once.
    pub(crate) async fn strike(
        mut self,
        faults: &[Fault],
        pause: Range<u64>,
        end: Instant,
    ) -> Vec<Instant> {
        let mut ends = Vec::new();
        if faults.is_empty() {
            tokio::time::sleep_until(end).await;
        }
        while Instant::now() < end {
            sleep(self.random.millis(pause.clone())).await;
            let drawn = self.random.below(faults.len() as u64);
            // The first ones are applied in turn, so that a short run has each.
            let drawn = if ends.len() < faults.len() { ends.len() as u64 } else { drawn };
            let fault = faults[usize::try_from(drawn).unwrap()];
            self.apply(fault).await;
            ends.push(Instant::now());
        }
        ends
    }

    async fn apply(&mut self, fault: Fault) {
        let deployment = self.deployment;
        match fault {
            Fault::KillWorker => {
                let worker = self.worker();
                deployment.kill_worker(worker);
                deployment.start_worker(worker);
            }
            Fault::KillWeb => {
                deployment.kill_web();
                deployment.start_web();
            }
            Fault::FreezeWorker => {
                let worker = self.worker();
                deployment.signal_worker(worker, Signal::SIGSTOP);
                self.wait(BEYOND_LEASE).await;
                deployment.signal_worker(worker, Signal::SIGCONT);
            }
            Fault::FreezeWeb => {
                deployment.signal_web(Signal::SIGSTOP);
                self.wait(1_000..4_000).await;
                deployment.signal_web(Signal::SIGCONT);
            }
            Fault::DeployWorker => {
                let worker = self.worker();
                self.expect_stop(|| deployment.stop_worker(worker, GRACE));
                deployment.start_worker(worker);
            }
            Fault::DeployWeb => {
                self.expect_stop(|| deployment.stop_web(GRACE));
                deployment.start_web();
            }
            Fault::KillRedis => self.restart_redis(0..500).await,
            Fault::RedisAway => self.restart_redis(2_000..5_000).await,
            Fault::FreezeRedis => {
                deployment.redis().signal(Signal::SIGSTOP);
                self.wait(1_000..5_000).await;
                deployment.redis().signal(Signal::SIGCONT);
            }
            Fault::FullRedis => self.fill_redis().await,
            Fault::StepClock => {
                let seconds = i64::try_from(self.random.below(7_200)).unwrap() - 3_600;
                deployment.redis().set_ahead_by(seconds);
            }
            Fault::ForgetScripts => deployment.redis().tell(&["FUNCTION", "FLUSH"]).await,
            Fault::KillClients => {
                deployment.redis().tell::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]).await;
            }
            Fault::SlowLink => {
                let delay = self.random.millis(20..200);
                self.link(Link::Slow(delay), 1_000..3_000).await;
            }
            Fault::SilentLink => self.link(Link::Silent, 1_000..5_000).await,
            Fault::ReplylessLink => self.link(Link::Replyless, 50..500).await,
            Fault::CutLink => self.link(Link::Cut, 50..2_000).await,
            Fault::KillMaster => self.lose_master(Loss::Killed).await,
            Fault::FreezeMaster => self.lose_master(Loss::Frozen).await,
            Fault::KillOtherWeb => {
                deployment.signal_other_web(Signal::SIGKILL);
                deployment.spawn_other_web();
            }
            Fault::FreezeOtherWeb => {
                deployment.signal_other_web(Signal::SIGSTOP);
                self.wait(1_000..4_000).await;
                deployment.signal_other_web(Signal::SIGCONT);
            }
            Fault::DeployOtherWeb => {
                self.expect_stop(|| deployment.stop_other_web(GRACE));
                deployment.spawn_other_web();
            }
            Fault::SlowProvider => {
                let delay = self.random.millis(20..400);
                self.way(Link::Slow(delay), 500..2_000).await;
            }
            Fault::SilentProvider => self.way(Link::Silent, 500..2_000).await,
            Fault::ReplylessProvider => self.way(Link::Replyless, 50..500).await,
            Fault::TornProvider => self.way(Link::Torn, 50..500).await,
            Fault::CutProvider => self.way(Link::Cut, 50..1_000).await,
        }
    }

    fn worker(&mut self) -> usize {
        usize::try_from(self.random.below(self.workers as u64)).unwrap()
    }

    async fn wait(&mut self, millis: Range<u64>) {
        sleep(self.random.millis(millis)).await;
    }

    fn expect_stop(&self, stop: impl FnOnce() -> bool) {
        assert!(block_in_place(stop), "it ends within {GRACE:?}\n{}", self.deployment.logs());
    }

    async fn restart_redis(&mut self, away: Range<u64>) {
        self.deployment.redis().kill9();
        self.wait(away).await;
        block_in_place(|| self.deployment.redis().restart());
    }

    /// Leaves no memory for new messages.
    async fn fill_redis(&mut self) {
        let redis = self.deployment.redis();
        redis.tell::<()>(&["CONFIG", "SET", "maxmemory", "1mb"]).await;
        self.wait(1_000..3_000).await;
        redis.tell::<()>(&["CONFIG", "SET", "maxmemory", "1gb"]).await;
    }

    /// Takes the master away until the other server is elected, and somewhat longer. The one that returns
    /// takes itself for the master until it is told.
    async fn lose_master(&mut self, loss: Loss) {
        let (town, old, new) = (self.deployment.town(), self.master, 1 - self.master);
        town.wait_until_settled().await;
        town.lose(old, loss);
        town.wait_for_promotion(new).await;
        self.wait(0..1_000).await;
        block_in_place(|| town.bring_back(old, loss));
        self.wait(0..1_000).await;
        town.make_replica(old, town.port(new)).await;
        town.wait_for_replica(new).await;
        self.master = new;
    }

    async fn link(&mut self, condition: Link, millis: Range<u64>) {
        let proxy = self.proxy.clone().expect("the scenario has a proxy");
        self.spoil(&proxy, condition, millis).await;
    }

    /// Spoils the way to the provider.
    async fn way(&mut self, condition: Link, millis: Range<u64>) {
        let proxy = self.provider.clone().expect("the scenario has a proxy before the provider");
        self.spoil(&proxy, condition, millis).await;
    }

    async fn spoil(&mut self, proxy: &Proxy, condition: Link, millis: Range<u64>) {
        proxy.set(condition);
        self.wait(millis).await;
        proxy.set(Link::Good);
    }
}
