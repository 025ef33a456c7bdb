//! Traces: the variables that OpenTelemetry has for exporters
//! (<https://opentelemetry.io/docs/specs/otel/protocol/exporter/>).

use std::time::Duration;

use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use crate::contracts::settings::{ConfigErrors, ENVIRONMENT, Environment};

/// Default of the time limit of an export.
const TIMEOUT_MS: u64 = 10_000;

/// The one protocol that is spoken.
const PROTOCOL: &str = "http/protobuf";

/// Export of traces.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// Address that spans are posted to.
    pub endpoint: String,
    /// Headers of those calls, in which a collector may expect a key.
    pub headers: Vec<(String, SecretString)>,
    /// Time limit of one of those calls.
    pub timeout: Duration,
    /// Attributes of the process, the name of the service among them.
    pub attributes: Vec<(String, String)>,
    /// Share of the messages that are traced.
    pub share: f64,
}

/// Returns how traces are exported, if they are.
pub(super) fn traces(environment: &Environment, errors: &ConfigErrors) -> Option<TracesConfig> {
    let is_disabled = environment.get("OTEL_SDK_DISABLED").unwrap_or_default();
    let endpoint = endpoint(environment, errors)?;
    let protocol = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL").unwrap_or(PROTOCOL);
    if protocol != PROTOCOL {
        let fix = "write http/protobuf; collectors listen for it on port 4318";
        errors.add(ENVIRONMENT, "OTEL_EXPORTER_OTLP_PROTOCOL", "is not spoken", fix);
    }
    let timeout = environment.parsed("OTEL_EXPORTER_OTLP_TIMEOUT", "write milliseconds", errors);
    let headers = environment
        .get("OTEL_EXPORTER_OTLP_TRACES_HEADERS")
        .or_else(|| environment.get("OTEL_EXPORTER_OTLP_HEADERS"));
    let secret = |(name, value)| (name, SecretString::from(value));
    let traces = TracesConfig {
        endpoint,
        headers: pairs(headers).map(secret).collect(),
        timeout: Duration::from_millis(timeout.unwrap_or(TIMEOUT_MS)),
        attributes: attributes(environment),
        share: share(environment, errors),
    };
    (!is_disabled.eq_ignore_ascii_case("true")).then_some(traces)
}

/// Returns the address for spans: that of the traces as it is, or a path below that of all signals.
fn endpoint(environment: &Environment, errors: &ConfigErrors) -> Option<String> {
    let own = environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let (name, endpoint) = if let Some(own) = own {
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", own.to_owned())
    } else {
        let all = environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")?;
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{}/v1/traces", all.trim_end_matches('/')))
    };
    if !Url::parse(&endpoint).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        let fix = "write the collector's address: http://localhost:4318";
        errors.add(ENVIRONMENT, name, "is not the address of a server", fix);
    }
    Some(endpoint)
}

/// Returns the attributes of the process; `OTEL_SERVICE_NAME` goes before the other variable.
fn attributes(environment: &Environment) -> Vec<(String, String)> {
    let mut attributes: Vec<_> = pairs(environment.get("OTEL_RESOURCE_ATTRIBUTES")).collect();
    if let Some(service) = environment.get("OTEL_SERVICE_NAME") {
        attributes.retain(|(name, _)| name != "service.name");
        attributes.push(("service.name".to_owned(), service.to_owned()));
    }
    attributes
}

/// Returns the share of the messages that are traced. No span has a parent that was sampled elsewhere: all
/// processes decide by the same trace id.
fn share(environment: &Environment, errors: &ConfigErrors) -> f64 {
    let sampler = environment.get("OTEL_TRACES_SAMPLER").unwrap_or("always_on");
    let fix = "write a number from 0 to 1";
    let ratio: Option<f64> = environment.parsed("OTEL_TRACES_SAMPLER_ARG", fix, errors);
    match sampler.trim_start_matches("parentbased_") {
        "always_on" => 1.0,
        "always_off" => 0.0,
        "traceidratio" => ratio.unwrap_or(1.0),
        _ => {
            let fix = "write always_on, always_off or traceidratio";
            errors.add(ENVIRONMENT, "OTEL_TRACES_SAMPLER", "there is no such sampler", fix);
            1.0
        }
    }
}

/// Reads `name=value,name=value`, with percent-encoded values.
fn pairs(text: Option<&str>) -> impl Iterator<Item = (String, String)> {
    text.unwrap_or_default().split(',').filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value.trim()).decode_utf8_lossy();
        Some((name.trim().to_owned(), value.into_owned()))
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    /// Returns the configuration that these variables make, and the errors in them.
    fn read(variables: &[(&str, &str)]) -> (Option<TracesConfig>, Vec<String>) {
        let errors = ConfigErrors::default();
        let traces = traces(&variables.iter().copied().collect(), &errors);
        (traces, errors.lines())
    }

    #[test]
    fn spans_go_below_the_common_address_or_to_their_own() {
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/");
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:9/spans");
        let endpoint = |variables: &[_]| read(variables).0.unwrap().endpoint;
        assert_eq!(endpoint(&[all]), "http://localhost:4318/v1/traces");
        assert_eq!(endpoint(&[all, own]), "http://localhost:9/spans");
        assert!(read(&[]).0.is_none() && read(&[all, ("OTEL_SDK_DISABLED", "true")]).0.is_none());
    }

    #[test]
    fn headers_attributes_and_share_are_those_of_the_variables() {
        let (traces, errors) = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1, authorization=Bearer%20x"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,deployment=eu"),
            ("OTEL_SERVICE_NAME", "texts"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ]);
        let traces = traces.unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        let (name, value) = &traces.headers[1];
        assert_eq!((name.as_str(), value.expose_secret()), ("authorization", "Bearer x"));
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(traces.attributes, [named("deployment", "eu"), named("service.name", "texts")]);
        assert!((traces.share - 0.25).abs() < f64::EPSILON);
        assert!(!format!("{traces:?}").contains("Bearer"), "{traces:?}");
    }

    #[test]
    fn each_error_names_its_variable() {
        let address = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        for (name, value) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_TRACES_SAMPLER_ARG", "all"),
        ] {
            let (_, errors) = read(&[address, (name, value)]);
            assert_eq!(errors.len(), 1, "{name}: {errors:?}");
            assert!(errors[0].starts_with(&format!("environment: {name}: ")), "{errors:?}");
        }
    }
}
