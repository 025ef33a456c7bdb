//! Scenarios.

use std::ops::Range;

use crate::faults::Fault;
use crate::provider::Provider;

/// Load of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// Texts of everybody, each when the last one is accepted.
    Talk,
    /// The same of people who leave now and then, and look for another partner.
    Change,
    /// So many times the texts that the machine can carry, without waiting for answers.
    Flood(u32),
}

/// A scenario: the processes, and what they suffer.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) is_embedded: bool,
    pub(crate) faults: &'static [Fault],
    /// Milliseconds between two faults.
    pub(crate) pause: Range<u64>,
    pub(crate) provider: Provider,
    pub(crate) load: Load,
}

impl Scenario {
    const CALM: Self = Self {
        name: "calm",
        about: "no fault, to compare with",
        is_embedded: false,
        faults: &[],
        pause: 50..700,
        provider: Provider::Honest,
        load: Load::Talk,
    };

    const fn of(name: &'static str, about: &'static str, faults: &'static [Fault]) -> Self {
        Self { name, about, faults, ..Self::CALM }
    }

    const fn every(self, pause: Range<u64>) -> Self {
        Self { pause, ..self }
    }

    const fn provider(self, provider: Provider) -> Self {
        Self { provider, ..self }
    }

    const fn embedded(self) -> Self {
        Self { is_embedded: true, ..self }
    }

    const fn load(self, load: Load) -> Self {
        Self { load, ..self }
    }

    pub(crate) fn has_proxy(&self) -> bool {
        self.faults.iter().any(|fault| fault.is_of_link())
    }

    pub(crate) fn has_provider_proxy(&self) -> bool {
        self.faults.iter().any(|fault| fault.is_of_provider())
    }

    pub(crate) fn has_town(&self) -> bool {
        self.faults.iter().any(|fault| fault.is_of_master())
    }

    pub(crate) fn has_other_web(&self) -> bool {
        self.faults.iter().any(|fault| fault.is_of_other_web())
    }

    /// Returns whether its Redis has a clock that can be stepped.
    pub(crate) fn has_clock(&self) -> bool {
        self.faults.contains(&Fault::StepClock)
    }

    pub(crate) fn all() -> Vec<Self> {
        use Fault as F;
        vec![
            Self::CALM,
            Self::of("kill-worker", "kill -9 of a worker", &[F::KillWorker]),
            Self::of("kill-web", "kill -9 of web", &[F::KillWeb]).every(200..1_500),
            Self::of("freeze-worker", "a worker stops beyond its leases", &[F::FreezeWorker]),
            Self::of("freeze-web", "web stops for seconds", &[F::FreezeWeb]),
            Self::of(
                "deploys",
                "SIGTERM of a process after the other",
                &[F::DeployWorker, F::DeployWeb],
            ),
            Self::of("kill-redis", "kill -9 of Redis", &[F::KillRedis]).every(500..2_000),
            Self::of("redis-away", "Redis is down for seconds", &[F::RedisAway]).every(500..2_000),
            Self::of("freeze-redis", "Redis stops for seconds", &[F::FreezeRedis]),
            Self::of("clock-steps", "the clock of Redis steps by up to an hour", &[F::StepClock])
                .every(1_000..3_000),
            Self::of("full-redis", "Redis has no memory left", &[F::FullRedis]),
            Self::of(
                "forgetful-redis",
                "scripts and connections are gone",
                &[F::ForgetScripts, F::KillClients],
            ),
            Self::of("slow-link", "Redis answers late", &[F::SlowLink]),
            Self::of("silent-link", "packets to Redis vanish for seconds", &[F::SilentLink]),
            Self::of("lost-replies", "Redis acts, and its reply is lost", &[F::ReplylessLink]),
            Self::of("cut-link", "connections to Redis break", &[F::CutLink]),
            Self::of("lying-provider", "accepts and denies it, lists late", &[])
                .provider(Provider::Lying),
            Self::of("hanging-provider", "hangs, throttles and fails", &[])
                .provider(Provider::Hanging),
            Self::of("embedded-kill", "kill -9 of the process with its store", &[F::KillWeb])
                .every(200..1_500)
                .provider(Provider::Lying)
                .embedded(),
            Self::of(
                "sentinel-failover",
                "the master is killed or stops, and returns as a replica",
                &[F::KillMaster, F::FreezeMaster],
            ),
            Self::of("several-webs", "two web processes, one after the other in trouble", &WEBS),
            Self::of("provider-proxy", "the provider is slow, silent, cut off or broken off", &WAY)
                .every(50..1_000),
            Self::of(
                "changing-partners",
                "people leave while processes and Redis are killed",
                &[F::KillWorker, F::KillWeb, F::KillRedis],
            )
            .every(200..1_500)
            .load(Load::Change),
            Self::of("flood", "five times the load that it carries", &[]).load(Load::Flood(5)),
            Self::of("all-at-once", "every fault of one Redis, and a lying provider", &ALL)
                .provider(Provider::Lying),
        ]
    }
}

/// Faults of two web processes.
const WEBS: [Fault; 6] = [
    Fault::KillWeb,
    Fault::KillOtherWeb,
    Fault::DeployWeb,
    Fault::DeployOtherWeb,
    Fault::FreezeWeb,
    Fault::FreezeOtherWeb,
];

/// Faults of the way to the provider.
const WAY: [Fault; 5] = [
    Fault::TornProvider,
    Fault::ReplylessProvider,
    Fault::CutProvider,
    Fault::SlowProvider,
    Fault::SilentProvider,
];

/// Every fault of one web process, one Redis, and the way between them.
const ALL: [Fault; 16] = [
    Fault::KillWorker,
    Fault::KillWeb,
    Fault::FreezeWorker,
    Fault::FreezeWeb,
    Fault::DeployWorker,
    Fault::DeployWeb,
    Fault::KillRedis,
    Fault::RedisAway,
    Fault::FreezeRedis,
    Fault::FullRedis,
    Fault::ForgetScripts,
    Fault::KillClients,
    Fault::SlowLink,
    Fault::SilentLink,
    Fault::ReplylessLink,
    Fault::CutLink,
];
