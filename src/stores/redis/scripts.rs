//! Lua scripts. The header of each file documents its arguments and its reply.
//!
//! All scripts are functions of one library (Redis 7.0, `FUNCTION LOAD`), which Redis compiles and starts once;
//! a script that is sent by its hash is started anew by each call, for longer than a text takes. A server that
//! has no library runs a script by its source.
//!
//! The moves that many messages make are two of the functions, each of which carries out a batch of
//! them in one call: `PUSHES`, which Redis refuses as a whole when it is out of memory, and `MOVES`, which
//! it runs even then.

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

/// A script, which is one function of the library.
pub(super) struct Script {
    name: &'static str,
    /// Runs when memory is full, or a full store could never empty itself. Another script is refused then
    /// before its first write, and not in the middle.
    drains: bool,
    body: &'static str,
}

macro_rules! scripts {
    ($($name:ident = $function:literal, $drains:literal, $file:literal;)*) => {
        $(pub(super) static $name: Script =
            Script { name: $function, drains: $drains, body: text!($file) };)*
        static SCRIPTS: &[&Script] = &[$(&$name),*];
    };
}

scripts! {
    PUSHES = "pushes", false, "moves.lua";
    MOVES = "moves", true, "moves.lua";
    EXTEND = "extend", true, "extend.lua";
    RECLAIM = "reclaim", true, "reclaim.lua";
    KEEP_TIME = "keep_time", true, "keep_time.lua";
    AUDIT = "audit", true, "audit.lua";
    TRIM = "trim", true, "trim.lua";
    DEPTH = "depth", true, "depth.lua";
    MEMBERS = "members", true, "members.lua";
    SCHEDULE = "schedule", true, "schedule.lua";
    PUBLISH = "publish", true, "publish.lua";
    PAUSE = "pause", true, "pause.lua";
    PAUSES = "pauses", true, "pauses.lua";
    APPLY = "apply", true, "apply.lua";
    ERASE = "erase", true, "erase.lua";
    SPEND = "spend", true, "spend.lua";
    SPENDING = "spending", true, "spending.lua";
    HEADS = "heads", true, "heads.lua";
    LETTERS = "letters", true, "letters.lua";
    UNBURY = "unbury", true, "unbury.lua";
    DUMP = "dump", true, "dump.lua";
}

/// Parts that all scripts share: functions, and the moves of a batch.
const SHARED: [&str; 16] = [
    text!("prelude.lua"),
    text!("groups.lua"),
    text!("writes.lua"),
    text!("batch.lua"),
    text!("digests.lua"),
    text!("push.lua"),
    text!("record.lua"),
    text!("ask.lua"),
    text!("settle.lua"),
    text!("claim.lua"),
    text!("complete.lua"),
    text!("retry.lua"),
    text!("release.lua"),
    text!("bury.lua"),
    text!("admit.lua"),
    text!("values.lua"),
];

static LIBRARY: LazyLock<Library> = LazyLock::new(Library::new);

/// The functions of this version of Crosswire. Those of another version have other names, so that both may use
/// one server.
struct Library {
    source: String,
    /// Beginning of the name of each function.
    prefix: String,
}

impl Library {
    fn new() -> Self {
        let functions: Vec<String> = SCRIPTS.iter().map(|script| script.function()).collect();
        let text = format!("{}\n{}\n{}", shared(), text!("library.lua"), functions.join("\n"));
        let name = format!("crosswire_{}", &hex::encode(Sha1::digest(text.as_bytes()))[..16]);
        let prefix = format!("{name}_");
        Self { source: format!("#!lua name={name}\nlocal PREFIX = '{prefix}'\n{text}"), prefix }
    }
}

impl Script {
    /// Begins a call on a key, by the name of the function or `with_source`.
    pub(super) fn command(&self, key: &str, with_source: bool) -> Cmd {
        let mut command = Cmd::new();
        if with_source {
            command.arg("EVAL").arg(self.source());
        } else {
            command.arg("FCALL").arg(format!("{}{}", LIBRARY.prefix, self.name));
        }
        command.arg(1).arg(key);
        command
    }

    /// Returns the part of the library that registers the script.
    fn function(&self) -> String {
        let flags = if self.drains { "{ 'allow-oom' }" } else { "{}" };
        format!("register('{}', {flags}, function()\n{}\nend)", self.name, self.body)
    }

    /// Returns the script on its own.
    fn source(&self) -> String {
        let flags = if self.drains { " flags=allow-oom" } else { "" };
        let (shared, body) = (shared(), self.body);
        format!(
            "#!lua{flags}\nlocal script_keys, script_arguments = KEYS, ARGV\n{shared}\n\
             begin(script_keys, script_arguments)\n{body}"
        )
    }
}

/// Returns the command that gives a server the library.
pub(super) fn load() -> Cmd {
    let mut command = redis::cmd("FUNCTION");
    command.arg("LOAD").arg(&LIBRARY.source);
    command
}

/// Returns the constants and the shared parts.
fn shared() -> String {
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
    format!("{constants}\n{}", SHARED.join("\n"))
}
