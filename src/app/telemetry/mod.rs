//! Logging: readable lines for a developer or a terminal, JSON everywhere else; and traces, which are made
//! from the lines.

#[cfg(feature = "otel")]
mod otel;

use std::io::{IsTerminal, stderr};
use std::panic;

use tracing::error;
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::time::ChronoLocal;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use crate::app::config::{LogFormat, ServerConfig};

/// The reader that log lines are formatted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A developer: short lines, wherever they go.
    Developer,
    /// An operator: readable lines on a terminal, JSON everywhere else.
    Operator,
}

/// Starts logging to standard error, and the export of traces. Standard output is for the results of
/// commands.
pub fn init(config: &ServerConfig, reader: Reader) {
    let lines = lines(config.log_format, reader).with_filter(EnvFilter::new(&config.log_filter));
    // A second call, as in a test of an app, leaves the first logger in place.
    start(config, lines);
    panic::set_hook(Box::new(|info| {
        // Only the location is logged: the message of a panic may quote a person's text ("byte index
        // 1 is not a char boundary of ..").
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        error!(panic.location = location, "panicked");
    }));
}

#[cfg(feature = "otel")]
fn start(config: &ServerConfig, lines: impl Layer<Registry> + Send + Sync) {
    let traces = config.traces.as_ref().map(otel::layer).transpose();
    let (traces, error) = match traces {
        Ok(traces) => (traces, None),
        Err(error) => (None, Some(error)),
    };
    let _ = tracing_subscriber::registry().with(lines).with(traces).try_init();
    if let Some(error) = error {
        error!(%error, "traces are not exported");
    }
}

#[cfg(not(feature = "otel"))]
fn start(config: &ServerConfig, lines: impl Layer<Registry> + Send + Sync) {
    let _ = tracing_subscriber::registry().with(lines).try_init();
    if config.traces.is_some() {
        tracing::warn!("traces are not exported; build the program with the feature otel");
    }
}

/// Exports the traces that are left, at the end of a process.
pub fn end() {
    #[cfg(feature = "otel")]
    otel::flush();
}

/// Returns the layer that writes the lines, in the form that was asked for or that suits their reader.
fn lines(format: Option<LogFormat>, reader: Reader) -> Box<dyn Layer<Registry> + Send + Sync> {
    let is_terminal = stderr().is_terminal();
    let is_text =
        format.map_or(reader == Reader::Developer || is_terminal, |it| it == LogFormat::Text);
    let lines = fmt::layer().with_writer(stderr).with_ansi(is_terminal);
    if !is_text {
        return lines.json().boxed();
    }
    match reader {
        Reader::Operator => lines.boxed(),
        Reader::Developer => {
            let timer = ChronoLocal::new("%H:%M:%S%.3f".to_owned());
            lines.compact().with_target(false).with_timer(timer).boxed()
        }
    }
}
