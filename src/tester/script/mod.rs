//! Scripts: transcripts of conversations that are run as tests. A script runs the engine of a
//! deployment with simulated phones, socket clients and a manual clock.
//!
//! ```text
//! # Two strangers.
//! 1112223333 > connect
//! 1112223333 < Please wait, you will be connected to a random person...
//! 4445556666 > connect
//! 1112223333 < You're now connected to a random stranger!
//! 4445556666 < You're now connected to a random stranger!
//! ```
//!
//! The lines of `RapidSMS`' `TestScript`, whose scripts run unchanged:
//!
//! | line | meaning |
//! |---|---|
//! | `NUM > TEXT` | NUM sends TEXT, and everything that follows from it happens at once |
//! | `NUM < TEXT` | NUM has received TEXT: one message since the start of the script that no other `<` has matched, in any order |
//! | `NUM@YYYYMMDDHHMM > TEXT` | sent at this time, in UTC. The clock advances to it but never goes back: an earlier time is only the date of the message |
//! | `# ...` | a comment; blank lines are ignored as well |
//!
//! Crosswire's own lines:
//!
//! | line | meaning |
//! |---|---|
//! | `\| TEXT` | continues the text above by a line, or begins it when there was none. The bar and one blank are removed, and a bar at the end, which protects trailing blanks |
//! | `topic NAME` | topic of the following messages; a script starts with the first one of the file |
//! | `attach URL TYPE` | a picture sent with the next `>`, or required of the next `<` |
//! | `again NUM` | redelivers the last message of NUM under the same id |
//! | `advance TIME` | advances the clock by `90s`, `2m`, `1h 30m`, `7days`; timers on the way fire at their own times |
//! | `provider FAULT` | injects a fault for all messages to phones: `ok`, `failing`, `throttled`, `lossy` (delivered, but the confirmation is lost), `undeliverable`, `opted_out`, `slow` (as `ok`, since no time passes) |
//! | `phone NUM FAULT` | injects a fault for one number |
//! | `delivered NUM`, `failed NUM [CODE]` | the provider's delivery report for the last message to NUM |
//! | `keep NAME PATTERN` | keeps what a regular expression finds in the newest message; `$NAME` in later texts is replaced by it |
//! | `strict`, `lenient` | from here on every message must be expected, or need not be; lenient at first |
//!
//! A socket client is called `ws:NAME`, and connects with its first `>`:
//!
//! | line | meaning |
//! |---|---|
//! | `ws:NAME > TEXT`, `ws:NAME < TEXT` | as for phones. A TEXT that is a JSON object is a frame, or fields that a received frame must have |
//! | `open ws:NAME [OBJECT]`, `close ws:NAME` | opens a socket of a new session, with these fields in its hello; closes it |
//! | `resume ws:NAME` | connects again as the same session, after the last line that the client has seen |
//! | `lose ws:NAME` | kills the web process that holds the socket, which is noticed after ten seconds |
//! | `again ws:NAME` | sends the last message again under its id |
//! | `ws:NAME closed CODE` | the server has closed the socket with this code |
//!
//! In a strict script a message is a failure when no `<` has matched it by the start of the next
//! exchange. An exchange starts with a `>` that follows no other `>`. `topic` and `attach` belong
//! to the line after them.
//!
//! A message that moves to the dead letters is a failure too. A failed `<` also shows the recorded
//! errors of the message before it.
//!
//! A script starts at [`START`] on an empty store.

mod action;
mod clock;
mod export;
mod failure;
mod grammar;
mod harness;
mod keep;
mod queues;
mod received;
mod report;
mod runner;
mod socket_line;
mod sockets;
mod unmatched;
mod wake_failures;

use chrono::{DateTime, Utc};

pub use export::export;
pub(crate) use failure::escaped;
pub use failure::{Failure, Failures};
pub use grammar::Script;
pub use harness::{OnAdvance, ScriptHarness};

/// Time at the start of every script: midnight of 1 January 2000, UTC, before any date that scripts
/// name.
pub const START: DateTime<Utc> = DateTime::from_timestamp_nanos(946_684_800_000_000_000);
