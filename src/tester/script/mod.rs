//! Transcripts that are tests: what phones send, and what they are expected to receive. Everything
//! in between is what a deployment runs; only the phones are pretended, and time stands still unless
//! it is told to go on.
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
//! | line | means |
//! |---|---|
//! | `NUM > TEXT` | NUM sends us this, and all that comes of it happens at once |
//! | `NUM < TEXT` | NUM has received this: one message since the script began that no other `<` has matched, whichever came first |
//! | `NUM@YYYYMMDDHHMM > TEXT` | it is received at this time, by UTC. The clock goes on to it; it never goes back, so of a time that is over only the message knows |
//! | `# ...` | nothing, like a blank line |
//!
//! And ours:
//!
//! | line | means |
//! |---|---|
//! | `\| TEXT` | one more line of the text above; its first one when there was none. Behind the bar and one blank all is text, but for a bar at its end, which keeps the blanks before it |
//! | `topic NAME` | the topic of what is sent from here on; before that the first one of the file |
//! | `attach URL TYPE` | a picture that goes with the next `>`, or that the next `<` has to come with |
//! | `again NUM` | the last message of NUM is delivered once more, under the same id |
//! | `advance TIME` | time goes on by `90s`, `2m`, `1h 30m`, `7days`; what becomes due on the way happens in its turn |
//! | `provider STATE` | what becomes of all that is sent: `ok`, `failing`, `throttled`, `lossy` (it arrives, and its confirmation does not), `undeliverable`, `opted_out` |
//! | `phone NUM STATE` | the same for one number |
//! | `delivered NUM`, `failed NUM [CODE]` | the provider's report of the last message to NUM |
//! | `strict`, `lenient` | from here on every message has to be expected, or need not be; it need not be unless it is said |
//!
//! Where it is strict, whatever nobody has asked for by the time that the next exchange begins is a
//! failure; a `>` begins one unless it follows another `>`. `topic` and `attach` belong to the line
//! behind them.
//!
//! A message that ends among the dead letters is a failure too, with its reason. A `<` that fails
//! says what is recorded of the message before it, if anything went wrong with that.
//!
//! A script begins at [`START`], in a world where nothing has happened yet.

mod arrivals;
mod export;
mod failure;
mod grammar;
mod runner;
mod stage;
mod witness;

use chrono::{DateTime, Utc};

pub use export::export;
pub use failure::{Failure, Failures};
pub use grammar::Script;
pub use stage::{OnAdvance, Stage};

/// When every script begins: the first moment of the year 2000, by UTC. It is long ago, so that the
/// dates which scripts name lie ahead of it.
pub const START: DateTime<Utc> = DateTime::from_timestamp_nanos(946_684_800_000_000_000);
