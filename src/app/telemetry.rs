//! Logging: readable lines for a developer or a terminal, JSON everywhere else.

use std::io::{IsTerminal, stderr};
use std::panic;

use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::time::ChronoLocal;

/// The reader that log lines are formatted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A developer: short lines, wherever they go.
    Developer,
    /// An operator: readable lines on a terminal, JSON everywhere else.
    Operator,
}

/// Starts logging to standard error, with a filter in the syntax of `RUST_LOG`. Standard output is
/// for the results of commands.
pub fn init(filter: &str, reader: Reader) {
    let terminal = stderr().is_terminal();
    let builder = fmt().with_env_filter(EnvFilter::new(filter)).with_writer(stderr);
    // A second call, as in a test of an app, leaves the first logger in place.
    let _ = if reader == Reader::Developer {
        let timer = ChronoLocal::new("%H:%M:%S%.3f".to_owned());
        let builder = builder.compact().with_target(false).with_timer(timer);
        if terminal { builder.try_init() } else { builder.with_ansi(false).try_init() }
    } else if terminal {
        builder.try_init()
    } else {
        builder.json().try_init()
    };
    panic::set_hook(Box::new(|info| {
        // Only the location is logged: the message of a panic may quote a person's text ("byte index
        // 1 is not a char boundary of ..").
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        error!(panic.location = location, "panicked");
    }));
}
