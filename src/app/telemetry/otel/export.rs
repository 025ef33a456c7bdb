//! Export of spans to a collector, in batches, on a thread of its own. Spans that a full queue has no room
//! for are dropped, so that a collector that is away holds nothing up.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter as Otlp, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchConfig, BatchSpanProcessor, SpanData, SpanExporter};
use secrecy::ExposeSecret;

use crate::app::config::TracesConfig;

/// Makes the processor that batches and exports spans.
pub(super) fn processor(config: &TracesConfig) -> anyhow::Result<BatchSpanProcessor> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let headers = config.headers.iter();
    let headers: HashMap<String, String> =
        headers.map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
    let mut exporter = Otlp::builder()
        .with_http()
        .with_endpoint(&config.endpoint)
        .with_timeout(config.timeout)
        .with_headers(headers)
        .build()?;
    exporter.set_resource(&resource(config));
    let exporter = Watched { exporter, is_away: AtomicBool::new(false) };
    Ok(BatchSpanProcessor::new(exporter, BatchConfig::default()))
}

/// Returns the attributes of this process.
fn resource(config: &TracesConfig) -> Resource {
    let own = [
        KeyValue::new("service.name", "crosswire"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("process.pid", i64::from(std::process::id())),
    ];
    let given =
        config.attributes.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty().with_attributes(own).with_attributes(given).build()
}

/// Exporter that logs when its collector begins to fail, and when it is back.
#[derive(Debug)]
struct Watched {
    exporter: Otlp,
    is_away: AtomicBool,
}

impl SpanExporter for Watched {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(batch).await;
        let was_away = self.is_away.swap(exported.is_err(), Ordering::Relaxed);
        match &exported {
            Err(error) if !was_away => {
                tracing::warn!(%error, "traces are not taken by the collector, and dropped");
            }
            Ok(()) if was_away => tracing::info!("traces are taken by the collector again"),
            _ => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }
}
