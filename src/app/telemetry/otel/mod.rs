//! Traces by OTLP. Each line of the log about a stage of a message's way becomes a span of the message's
//! trace, whichever process writes it.

mod export;
mod fields;
mod ids;
mod span;

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SpanProcessor};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use self::fields::Fields;
use self::span::Stage;
use crate::app::config::TracesConfig;
use crate::model::clock::{Clock, SystemClock};

/// Longest wait for a collector at the end of a process.
const FLUSH: Duration = Duration::from_secs(3);

/// Exporter of this process, once it exports.
static PROCESSOR: OnceLock<BatchSpanProcessor> = OnceLock::new();

/// Returns the layer that makes spans of log lines. A process exports to one collector.
pub(super) fn layer<S>(config: &TracesConfig) -> anyhow::Result<impl Layer<S>>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let processor = export::processor(config)?;
    let processor = PROCESSOR.get_or_init(|| processor);
    let sampler = Sampler::TraceIdRatioBased(config.share);
    let version = env!("CARGO_PKG_VERSION");
    let scope = InstrumentationScope::builder("crosswire").with_version(version).build();
    let filter = Targets::new().with_target("crosswire::message", Level::INFO);
    Ok(Spans { processor, sampler, scope }.with_filter(filter))
}

/// Exports what is left, and stops exporting.
pub(super) fn flush() {
    if let Some(processor) = PROCESSOR.get() {
        // A failure has been logged by the exporter.
        let _ = processor.shutdown_with_timeout(FLUSH);
    }
}

/// Layer that makes spans of log lines.
struct Spans {
    processor: &'static BatchSpanProcessor,
    sampler: Sampler,
    scope: InstrumentationScope,
}

impl<S: Subscriber> Layer<S> for Spans {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(stage) = Stage::of(event.metadata().target()) else { return };
        let level = *event.metadata().level();
        let fields = Fields::of(event);
        let placed = stage.place(level, &fields);
        if !placed.is_sampled(&self.sampler) {
            return;
        }
        let end = SystemTime::from(SystemClock.now());
        let start = end.checked_sub(fields.duration).unwrap_or(end);
        let status = match fields.trouble {
            Some(trouble) if level < Level::INFO => Status::error(trouble),
            _ => Status::Unset,
        };
        let span = placed.data(&self.scope, (start, end), status, fields.attributes);
        self.processor.on_end(span);
    }
}
