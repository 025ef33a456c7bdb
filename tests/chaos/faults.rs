//! Kinds of faults.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    KillWorker,
    KillWeb,
    FreezeWorker,
    FreezeWeb,
    DeployWorker,
    DeployWeb,
    KillRedis,
    RedisAway,
    FreezeRedis,
    FullRedis,
    StepClock,
    ForgetScripts,
    KillClients,
    SlowLink,
    SilentLink,
    ReplylessLink,
    CutLink,
    KillMaster,
    FreezeMaster,
    KillOtherWeb,
    FreezeOtherWeb,
    DeployOtherWeb,
    SlowProvider,
    SilentProvider,
    ReplylessProvider,
    TornProvider,
    CutProvider,
}

impl Fault {
    /// Returns whether it needs a proxy before Redis.
    pub(crate) fn is_of_link(self) -> bool {
        matches!(self, Self::SlowLink | Self::SilentLink | Self::ReplylessLink | Self::CutLink)
    }

    /// Returns whether it needs a proxy before the provider.
    pub(crate) fn is_of_provider(self) -> bool {
        matches!(
            self,
            Self::SlowProvider
                | Self::SilentProvider
                | Self::ReplylessProvider
                | Self::TornProvider
                | Self::CutProvider
        )
    }

    /// Returns whether it needs a master with a replica.
    pub(crate) fn is_of_master(self) -> bool {
        matches!(self, Self::KillMaster | Self::FreezeMaster)
    }

    /// Returns whether it needs a second web process.
    pub(crate) fn is_of_other_web(self) -> bool {
        matches!(self, Self::KillOtherWeb | Self::FreezeOtherWeb | Self::DeployOtherWeb)
    }
}
