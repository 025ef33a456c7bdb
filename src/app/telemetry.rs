//! What the processes say of themselves: for people on a terminal, as JSON everywhere else.

use std::io::{IsTerminal, stderr};
use std::panic;

use tracing::error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::time::ChronoLocal;

/// Who is to read the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Person,
    /// A person on a terminal, a program everywhere else.
    Whoever,
}

/// Starts logging to standard error, filtered as `RUST_LOG` writes it. Standard output is for what
/// somebody asked for.
pub fn init(filter: &str, reader: Reader) {
    let terminal = stderr().is_terminal();
    let builder = fmt().with_env_filter(EnvFilter::new(filter)).with_writer(stderr);
    // A second call, as in a test of an app, leaves the first one's logger in place.
    let _ = if reader == Reader::Person {
        let timer = ChronoLocal::new("%H:%M:%S%.3f".to_owned());
        let builder = builder.compact().with_target(false).with_timer(timer);
        if terminal { builder.try_init() } else { builder.with_ansi(false).try_init() }
    } else if terminal {
        builder.try_init()
    } else {
        builder.json().try_init()
    };
    panic::set_hook(Box::new(|info| {
        // Where only: what a panic says may quote a person's text ("byte index 1 is not a char
        // boundary of ..").
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        error!(panic.location = place, "panicked");
    }));
}
