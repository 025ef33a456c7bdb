//! Fields of a log line about a message.

use std::fmt;
use std::time::Duration;

use opentelemetry::KeyValue;
use tracing::Event;
use tracing::field::{Field, Visit};

/// Fields of a line, those that place its span apart.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) topic: String,
    pub(super) message: String,
    pub(super) outbound: Option<String>,
    pub(super) transport: String,
    pub(super) outcome: String,
    pub(super) duration: Duration,
    /// Reason or error.
    pub(super) trouble: Option<String>,
    /// All fields but the duration and the words of the line.
    pub(super) attributes: Vec<KeyValue>,
}

impl Fields {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        fields
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "duration_ms" {
            self.duration = Duration::try_from_secs_f64(value / 1e3).unwrap_or_default();
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        self.attributes.push(KeyValue::new(field.name(), value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let kept = match field.name() {
            "message" => return,
            "topic.name" => &mut self.topic,
            "message.id" => &mut self.message,
            "outbound.id" => self.outbound.get_or_insert_default(),
            "transport" => &mut self.transport,
            "outcome" => &mut self.outcome,
            "reason" | "error" => self.trouble.get_or_insert_default(),
            _ => &mut String::new(),
        };
        value.clone_into(kept);
        self.attributes.push(KeyValue::new(field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
