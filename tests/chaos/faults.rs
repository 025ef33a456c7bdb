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
}

impl Fault {
    /// Returns whether it needs a proxy before Redis.
    pub(crate) fn is_of_link(self) -> bool {
        matches!(self, Self::SlowLink | Self::SilentLink | Self::ReplylessLink | Self::CutLink)
    }
}
