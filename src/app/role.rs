//! The process that a program runs without a command.

use crate::contracts::settings::Environment;

/// Role of a process whose command line names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Dev,
    Standalone,
    Web,
    Worker,
}

impl Role {
    /// Returns the role that `RUN` names, or that of a developer's machine.
    pub(super) fn of(environment: &Environment) -> anyhow::Result<Self> {
        match environment.get("RUN").map(str::to_lowercase).as_deref() {
            None | Some("dev") => Ok(Self::Dev),
            Some("standalone") => Ok(Self::Standalone),
            Some("web") => Ok(Self::Web),
            Some("worker") => Ok(Self::Worker),
            Some(_) => anyhow::bail!(
                "environment: RUN: no such role; write dev, standalone, web or worker"
            ),
        }
    }
}
