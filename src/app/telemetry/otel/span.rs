//! Place of a span in the trace of its message: call, run of the handler, send, delivery report.

use std::time::SystemTime;

use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{
    Sampler, SamplingDecision, ShouldSample, SpanData, SpanEvents, SpanLinks,
};
use tracing::Level;

use super::fields::Fields;
use super::ids;
use crate::engine::lines::{HANDLED, RECEIVED, REPORTED, SENT};

/// Stage of a message's way, by the target of its lines.
#[derive(Clone, Copy)]
pub(super) enum Stage {
    Received,
    Handled,
    Sent,
    Reported,
}

/// Span before it has its times and attributes.
pub(super) struct Placed {
    trace: TraceId,
    id: SpanId,
    parent: SpanId,
    kind: SpanKind,
    name: String,
}

impl Stage {
    pub(super) fn of(target: &str) -> Option<Self> {
        Some(match target {
            RECEIVED => Self::Received,
            HANDLED => Self::Handled,
            SENT => Self::Sent,
            REPORTED => Self::Reported,
            _ => return None,
        })
    }

    /// Returns the place of a line's span. An attempt that is repeated (a warning) has an id of its own, and
    /// so has what changed nothing; the one that counts has the id by which later stages refer to it.
    pub(super) fn place(self, level: Level, line: &Fields) -> Placed {
        let (topic, message) = (line.topic.as_str(), line.message.as_str());
        let id = |stage, id, counts| {
            if counts { ids::span(stage, topic, id) } else { ids::random_span() }
        };
        let trace = ids::trace(topic, message);
        let outbound = line.outbound.as_deref().unwrap_or(message);
        let (call, run) = (ids::span(RECEIVED, topic, message), ids::span(HANDLED, topic, message));
        let counts = level != Level::WARN;
        match self {
            Self::Received => Placed {
                trace,
                id: id(RECEIVED, message, line.outcome == "Accepted"),
                parent: SpanId::INVALID,
                kind: SpanKind::Server,
                name: format!("receive {topic}"),
            },
            // A wake has the name of its kind in place of an id.
            Self::Handled if message.starts_with("wake:") => Placed {
                trace: ids::random_trace(),
                id: ids::random_span(),
                parent: SpanId::INVALID,
                kind: SpanKind::Consumer,
                name: format!("wake {topic}"),
            },
            Self::Handled => Placed {
                trace,
                id: id(HANDLED, message, counts),
                parent: call,
                kind: SpanKind::Consumer,
                name: format!("handle {topic}"),
            },
            Self::Sent => Placed {
                trace,
                id: id(SENT, outbound, counts),
                parent: if outbound == message { SpanId::INVALID } else { run },
                kind: SpanKind::Producer,
                name: format!("send {}", line.transport),
            },
            Self::Reported => Placed {
                trace,
                id: ids::random_span(),
                parent: ids::span(SENT, topic, outbound),
                kind: SpanKind::Server,
                name: format!("report {}", line.transport),
            },
        }
    }
}

impl Placed {
    /// Returns whether the trace is one of those that are exported. Every process decides the same.
    pub(super) fn is_sampled(&self, sampler: &Sampler) -> bool {
        let result = sampler.should_sample(None, self.trace, &self.name, &self.kind, &[], &[]);
        result.decision == SamplingDecision::RecordAndSample
    }

    pub(super) fn data(
        self,
        scope: &InstrumentationScope,
        (start_time, end_time): (SystemTime, SystemTime),
        status: Status,
        attributes: Vec<KeyValue>,
    ) -> SpanData {
        let flags = TraceFlags::SAMPLED;
        SpanData {
            span_context: SpanContext::new(
                self.trace,
                self.id,
                flags,
                false,
                TraceState::default(),
            ),
            parent_span_id: self.parent,
            parent_span_is_remote: self.parent != SpanId::INVALID,
            span_kind: self.kind,
            name: self.name.into(),
            start_time,
            end_time,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status,
            instrumentation_scope: scope.clone(),
        }
    }
}
