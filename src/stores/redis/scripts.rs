//! Lua scripts, one per move. The header of each file documents its arguments and its reply.

use std::sync::LazyLock;

use sha1::{Digest, Sha1};

use crate::contracts::storage::{encoding, rates};

/// Source of a script, and the hash that Redis caches it by.
pub(super) struct Script {
    pub source: String,
    pub sha: String,
}

impl Script {
    /// Prepends the shebang, the constants and the shared functions.
    ///
    /// The shebang makes Redis refuse a script before its first write (out of memory, read-only
    /// replica, failing disk) instead of in the middle. A script that drains a queue must run when
    /// memory is full, or a full store could never empty itself.
    fn new(drains: bool, body: &str) -> Self {
        let flags = if drains { " flags=allow-oom" } else { "" };
        let constants = format!(
            "local SUSPECT_AFTER, CLAIM_RECLAIMS, MOST_OWED, DROP_INTERVAL = {}, {}, {}, {}",
            encoding::SUSPECT_AFTER,
            encoding::CLAIM_RECLAIMS,
            rates::MOST_OWED,
            encoding::DROP_INTERVAL.as_millis()
        );
        let prelude = include_str!("scripts/prelude.lua");
        let source = format!("#!lua{flags}\n{constants}\n{prelude}\n{body}");
        let sha = hex::encode(Sha1::digest(source.as_bytes()));
        Self { source, sha }
    }
}

macro_rules! scripts {
    ($($name:ident, $drains:literal, $file:literal;)*) => {
        $(pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new($drains, include_str!(concat!("scripts/", $file))));)*
    };
}

scripts! {
    PUSH, false, "push.lua";
    RECORD, false, "record.lua";
    CLAIM, true, "claim.lua";
    COMPLETE, true, "complete.lua";
    RETRY, true, "retry.lua";
    RELEASE, true, "release.lua";
    BURY, true, "bury.lua";
    EXTEND, true, "extend.lua";
    RECLAIM, true, "reclaim.lua";
    AUDIT, true, "audit.lua";
    TRIM, true, "trim.lua";
    DEPTH, true, "depth.lua";
    MEMBERS, true, "members.lua";
    SCHEDULE, true, "schedule.lua";
    PUBLISH, true, "publish.lua";
    PAUSE, true, "pause.lua";
    PAUSES, true, "pauses.lua";
    APPLY, true, "apply.lua";
    ERASE, true, "erase.lua";
    ADMIT, true, "admit.lua";
    SPEND, true, "spend.lua";
    SPENDING, true, "spending.lua";
    HEADS, true, "heads.lua";
    LETTERS, true, "letters.lua";
    UNBURY, true, "unbury.lua";
    DUMP, true, "dump.lua";
}
