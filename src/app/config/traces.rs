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
    if is_disabled.eq_ignore_ascii_case("true") {
        return None;
    }
    let endpoint = endpoint(environment, errors)?;
    let protocol =
        either(environment, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
    if environment.get(protocol).is_some_and(|protocol| protocol != PROTOCOL) {
        let fix = "write http/protobuf; collectors listen for it on port 4318";
        errors.add(ENVIRONMENT, protocol, "is not spoken", fix);
    }
    let timeout =
        either(environment, "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT");
    let timeout = environment.parsed(timeout, "write milliseconds", errors);
    let headers =
        either(environment, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS");
    let headers = environment.get(headers);
    let secret = |(name, value)| (name, SecretString::from(value));
    Some(TracesConfig {
        endpoint,
        headers: pairs(headers).map(secret).collect(),
        timeout: Duration::from_millis(timeout.unwrap_or(TIMEOUT_MS)),
        attributes: attributes(environment),
        share: share(environment, errors),
    })
}

/// Returns the name of the variable of the traces, or that of all signals when it is not set.
fn either(environment: &Environment, own: &'static str, all: &'static str) -> &'static str {
    if environment.get(own).is_some() { own } else { all }
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
    if ratio.is_some_and(|ratio| !(0.0..=1.0).contains(&ratio)) {
        errors.add(ENVIRONMENT, "OTEL_TRACES_SAMPLER_ARG", "is no share", fix);
    }
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
        assert!(read(&[]).0.is_none());
    }

    #[test]
    fn nothing_is_read_of_traces_that_are_disabled() {
        let wrong = ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector");
        let (traces, errors) = read(&[wrong, ("OTEL_SDK_DISABLED", "true")]);
        assert!(traces.is_none() && errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn variables_of_traces_go_before_those_of_all_signals() {
        let (traces, errors) = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "9000"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1500"),
        ]);
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(traces.unwrap().timeout, Duration::from_millis(1_500));
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
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "soon"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
            ("OTEL_TRACES_SAMPLER_ARG", "all"),
            ("OTEL_TRACES_SAMPLER_ARG", "10"),
            ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
        ] {
            let (_, errors) = read(&[address, (name, value)]);
            assert_eq!(errors.len(), 1, "{name}: {errors:?}");
            assert!(errors[0].starts_with(&format!("environment: {name}: ")), "{errors:?}");
        }
    }
}
