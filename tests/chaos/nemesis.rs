//! Faults, one after the other, until the time is over.

use std::ops::Range;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::task::block_in_place;
use tokio::time::{Instant, sleep};

use crate::faults::Fault;
use crate::support::Deployment;
use crate::support::proxy::{Link, Proxy};
use crate::support::twilio::Random;

/// Time limit of a shutdown.
const GRACE: Duration = Duration::from_secs(25);
/// Freezes that outlast the lease of the worker's claims, and the longer one of sends.
const BEYOND_LEASE: Range<u64> = 2_000..7_000;

pub(crate) struct Nemesis<'d> {
    pub(crate) deployment: &'d Deployment,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) workers: usize,
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

    async fn link(&mut self, condition: Link, millis: Range<u64>) {
        let proxy = self.proxy.clone().expect("the scenario has a proxy");
        proxy.set(condition);
        self.wait(millis).await;
        proxy.set(Link::Good);
    }
}
