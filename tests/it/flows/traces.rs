//! Traces of messages, as a collector gets them by OTLP.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::ROULETTE;
use super::texts::NO_CALL;
use crate::support::twilio::Delivery;
use crate::support::{
    AppRequest, Behaviour, Deployment, FakeApp, PATIENCE, Setup, free_port, poll,
};

/// Time limit of a shutdown.
const GRACE: Duration = Duration::from_secs(25);

/// Field of a message in the wire format of Protocol Buffers: its number, and its bytes when it has a length.
struct Field<'b> {
    number: u64,
    bytes: &'b [u8],
}

/// Reads the fields of a message (<https://protobuf.dev/programming-guides/encoding/>).
fn fields(mut rest: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let tag = varint(&mut rest);
        let length = match tag & 7 {
            0 => {
                varint(&mut rest);
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut rest)).unwrap(),
            5 => 4,
            wire => panic!("wire type {wire}"),
        };
        let (bytes, after) = rest.split_at(length);
        fields.push(Field { number: tag >> 3, bytes });
        rest = after;
    }
    fields
}

fn varint(rest: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (byte, after) = rest.split_first().unwrap();
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    value
}

/// Returns all fields of this number.
fn all(message: &[u8], number: u64) -> Vec<&[u8]> {
    fields(message).into_iter().filter(|it| it.number == number).map(|it| it.bytes).collect()
}

fn text(message: &[u8], number: u64) -> String {
    all(message, number)
        .first()
        .map(|it| String::from_utf8(it.to_vec()).unwrap())
        .unwrap_or_default()
}

fn id(message: &[u8], number: u64) -> String {
    all(message, number).first().map(hex::encode).unwrap_or_default()
}

/// A span, with its attributes that are strings.
#[derive(Clone, Debug)]
struct Span {
    service: String,
    process: Vec<u8>,
    trace: String,
    id: String,
    parent: String,
    name: String,
    attributes: BTreeMap<String, String>,
}

/// Returns the attributes of a message in this field, each a key (1) with a value (2) that is a string (1).
fn attributes(message: &[u8], number: u64) -> BTreeMap<String, String> {
    let pair = |it: &[u8]| (text(it, 1), text(all(it, 2)[0], 1));
    all(message, number).into_iter().map(pair).collect()
}

/// Reads `ExportTraceServiceRequest` of
/// <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>.
fn spans(requests: &[AppRequest]) -> Vec<Span> {
    let mut spans = Vec::new();
    for resource in requests.iter().flat_map(|request| all(&request.body, 1)) {
        let process = all(resource, 1)[0];
        let service = attributes(process, 1)["service.name"].clone();
        for span in all(resource, 2).into_iter().flat_map(|scope| all(scope, 2)) {
            spans.push(Span {
                service: service.clone(),
                process: process.to_vec(),
                trace: id(span, 1),
                id: id(span, 2),
                parent: id(span, 4),
                name: text(span, 5),
                attributes: attributes(span, 9),
            });
        }
    }
    spans
}

fn collector() -> FakeApp {
    FakeApp::start(|_, _| Behaviour::Answer(String::new()))
}

fn traced(collector: &FakeApp) -> Setup {
    let url = collector.url();
    Setup::new(ROULETTE)
        .own_redis()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", url.trim_end_matches('/'))
        .env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20key")
        .env("OTEL_SERVICE_NAME", "texts")
}

/// Sends a text, and waits until its answer is reported delivered.
async fn answered(deployment: &Deployment, number: &str) {
    deployment.twilio().report(Delivery::Delivered);
    let phone = deployment.phone(number, "/sms");
    phone.text("call").await;
    assert_eq!(phone.wait_for(1).await, [NO_CALL]);
    let reported = || deployment.logs().contains("delivery reported").then_some(());
    poll(PATIENCE, reported).expect("the delivery is reported");
}

/// Returns the first span whose name begins so.
fn named<'s>(spans: &'s [Span], name: &str) -> Option<&'s Span> {
    spans.iter().find(|span| span.name.starts_with(name))
}

#[tokio::test]
async fn message_is_one_trace_from_its_webhook_to_its_delivery_report() {
    let collector = collector();
    let deployment = traced(&collector).env("OTEL_BSP_SCHEDULE_DELAY", "100").start().await;
    answered(&deployment, "+14155550101").await;
    let stages = ["receive roulette", "handle roulette", "send twilio", "report twilio"];
    let complete = || {
        let spans = spans(&collector.requests());
        stages.iter().all(|name| named(&spans, name).is_some()).then_some(spans)
    };
    let spans = poll(PATIENCE, complete);
    let spans = spans.unwrap_or_else(|| panic!("{:#?}", collector.requests().len()));
    let [call, run, send, report] = stages.map(|name| named(&spans, name).unwrap());
    assert_eq!(call.parent, "");
    assert_eq!([&run.parent, &send.parent, &report.parent], [&call.id, &run.id, &send.id]);
    let traces: BTreeSet<&str> = spans.iter().map(|span| span.trace.as_str()).collect();
    assert_eq!(traces.len(), 1, "{spans:#?}");
    assert_ne!(call.process, run.process, "web and worker are two processes");
    for span in &spans {
        assert_eq!(span.service, "texts");
        assert_eq!(span.attributes["message.id"], call.attributes["message.id"], "{span:?}");
    }
    for request in collector.requests() {
        assert_eq!(request.headers["x-key"], "a key");
        let body = String::from_utf8_lossy(&request.body).into_owned();
        assert!(!body.contains("4155550101") && !body.contains(NO_CALL), "{body}");
    }
}

#[tokio::test]
async fn spans_that_are_left_are_exported_at_the_end_of_a_process() {
    let collector = collector();
    let deployment = traced(&collector).env("OTEL_BSP_SCHEDULE_DELAY", "600000").start().await;
    answered(&deployment, "+14155550101").await;
    assert!(collector.requests().is_empty(), "the batch is not due");
    assert!(deployment.stop_worker(0, GRACE) && deployment.stop_web(GRACE));
    let spans = spans(&collector.requests());
    for name in ["receive", "handle", "send", "report"] {
        assert!(named(&spans, name).is_some(), "{name}: {spans:#?}");
    }
}

#[tokio::test]
async fn collector_that_is_away_holds_nothing_up() {
    let deployment = Setup::new(ROULETTE)
        .own_redis()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://127.0.0.1:{}", free_port()))
        .env("OTEL_BSP_SCHEDULE_DELAY", "20")
        .start()
        .await;
    answered(&deployment, "+14155550101").await;
    let warning = "traces are not taken by the collector";
    poll(PATIENCE, || deployment.logs().contains(warning).then_some(())).expect("a warning");
    answered(&deployment, "+14155550102").await;
    assert!(deployment.stop_worker(0, GRACE), "{}", deployment.logs());
    assert!(deployment.logs().matches(warning).count() <= 2, "once for each process");
}
