//! Lua scripts. The header of each file documents its arguments and its reply.
//!
//! The moves that many messages make are functions of two scripts, each of which carries out a batch of
//! them in one call: `PUSHES`, which Redis refuses as a whole when it is out of memory, and `MOVES`, which
//! it runs even then. Everything else is a script of its own.

use std::sync::LazyLock;

use redis::Cmd;
use sha1::{Digest, Sha1};

use crate::contracts::storage::{STEP, encoding, rates};
use crate::model::event::EventKind;

macro_rules! text {
    ($file:literal) => {
        include_str!(concat!("scripts/", $file))
    };
}

/// Source of a script, and the hash that Redis caches it by.
pub(super) struct Script {
    source: String,
    sha: String,
}

impl Script {
    /// Prepends the shebang, the constants and the shared functions.
    ///
    /// The shebang makes Redis refuse a script before its first write (out of memory, read-only
    /// replica, failing disk) instead of in the middle. A script that drains a queue must run when
    /// memory is full, or a full store could never empty itself.
    fn new(drains: bool, parts: &[&str]) -> Self {
        let flags = if drains { " flags=allow-oom" } else { "" };
        let constants = format!(
            "local SUSPECT_AFTER, CLAIM_RECLAIMS, MOST_OWED = {}, {}, {}\n\
             local DROP_INTERVAL, CLOCK_STEP = {}, {}\n\
             local DROPPED, MAILBOX_FULL, SENDER_BARRED, RATE_EXCEEDED = {:?}, {:?}, {:?}, {:?}",
            encoding::SUSPECT_AFTER,
            encoding::CLAIM_RECLAIMS,
            rates::MOST_OWED,
            encoding::DROP_INTERVAL.as_millis(),
            STEP.as_millis(),
            EventKind::Dropped.as_str(),
            encoding::MAILBOX_FULL,
            encoding::SENDER_BARRED,
            encoding::RATE_EXCEEDED,
        );
        let shared: [&str; 3] = [text!("prelude.lua"), text!("groups.lua"), text!("writes.lua")];
        let (shared, parts) = (shared.join("\n"), parts.join("\n"));
        let source = format!("#!lua{flags}\n{constants}\n{shared}\n{parts}");
        let sha = hex::encode(Sha1::digest(source.as_bytes()));
        Self { source, sha }
    }

    /// Begins a call on a key, by the hash or `with_source`.
    pub(super) fn command(&self, key: &str, with_source: bool) -> Cmd {
        let (name, script) =
            if with_source { ("EVAL", &self.source) } else { ("EVALSHA", &self.sha) };
        let mut command = redis::cmd(name);
        command.arg(script).arg(1).arg(key);
        command
    }
}

macro_rules! scripts {
    ($($name:ident, $drains:literal, $($file:literal)+;)*) => {
        $(pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            Script::new($drains, &[$(text!($file)),+])
        });)*
    };
}

scripts! {
    PUSHES, false, "batch.lua" "digests.lua" "push.lua" "record.lua" "moves.lua";
    MOVES, true, "batch.lua" "ask.lua" "settle.lua" "claim.lua" "complete.lua" "retry.lua" "release.lua"
        "bury.lua" "admit.lua" "values.lua" "moves.lua";
    EXTEND, true, "extend.lua";
    RECLAIM, true, "reclaim.lua";
    KEEP_TIME, true, "keep_time.lua";
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
    SPEND, true, "spend.lua";
    SPENDING, true, "spending.lua";
    HEADS, true, "heads.lua";
    LETTERS, true, "letters.lua";
    UNBURY, true, "unbury.lua";
    DUMP, true, "dump.lua";
}
