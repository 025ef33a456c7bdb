//! CPU that an unsigned request can cost, compared with that of a genuine one.

use std::time::Duration;

use crosswire::contracts::transport::{ReceiveError, Transport, WebhookRequest};
use rustix::time::{ClockId, clock_gettime};

use super::{FORM, signed_request, twilio};

const RUNS: u32 = 20;

const KIB: usize = 1024;

fn genuine() -> WebhookRequest {
    let form = "ToCountry=US&ToState=CA&SmsMessageSid=SM0123456789abcdef0123456789abcdef&NumMedia=0\
        &ToCity=SAN+FRANCISCO&FromZip=97201&SmsSid=SM0123456789abcdef0123456789abcdef&FromState=OR\
        &SmsStatus=received&FromCity=PORTLAND&Body=are+you+there&FromCountry=US&To=%2B15005550006\
        &ToZip=94105&NumSegments=1&MessageSid=SM0123456789abcdef0123456789abcdef\
        &AccountSid=AC0123456789abcdef0123456789abcdef&From=%2B14158675309&ApiVersion=2010-04-01";
    signed_request("https://example.com", "/queue/echo?a=1", Some(form))
}

/// CPU time of this thread per call of `receive`, which is pure and never leaves the thread.
fn cpu(request: &WebhookRequest) -> Duration {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let start = now();
    for _ in 0..RUNS {
        let _ = std::hint::black_box(twilio().receive(std::hint::black_box(request)));
    }
    now().saturating_sub(start) / RUNS
}

fn unsigned(method: &str, target: String, content_type: &str, body: String) -> WebhookRequest {
    WebhookRequest {
        method: method.to_owned(),
        origin: "https://example.com".to_owned(),
        target,
        headers: vec![
            ("x-twilio-signature".to_owned(), "RSOYDt4T1cUTdK1PDd93/VVr8B8=".to_owned()),
            ("content-type".to_owned(), content_type.to_owned()),
        ],
        body: body.into(),
        ..WebhookRequest::default()
    }
}

/// As many different names as fit into `bytes`.
fn names(bytes: usize) -> String {
    let mut names: Vec<String> = (0..bytes / 5).map(|number| format!("{number:x}")).collect();
    let mut length = 0;
    names.retain(|name| {
        length += name.len() + 1;
        length <= bytes
    });
    names.join("&")
}

/// Pairs within the allowed number that fill `bytes`.
fn long_pairs(count: usize, bytes: usize) -> String {
    let value = "%20".repeat((bytes / count - 8) / 3);
    (0..count).map(|number| format!("{number:04}={value}")).collect::<Vec<_>>().join("&")
}

/// Requests over a bound, each of which is refused before anything is hashed.
fn oversized() -> Vec<(&'static str, WebhookRequest)> {
    let get = |query: String| unsigned("GET", format!("/in?{query}"), FORM, String::new());
    let post = |query: String, body: String| unsigned("POST", format!("/in?{query}"), FORM, body);
    let json = |query: String| {
        unsigned("POST", format!("/in?{query}"), "application/json", "x".repeat(60 * KIB))
    };
    let status = |query| unsigned("POST", format!("/status/t?{query}"), FORM, "a=b".to_owned());
    let mut long_host = genuine();
    long_host.origin = format!("https://{}", "h".repeat(60 * KIB));
    vec![
        ("names in a GET", get(names(64 * KIB))),
        ("names in the query of a POST", post(names(64 * KIB), "a=b".to_owned())),
        ("names in the query of a delivery report", status(names(64 * KIB))),
        ("names in the query of JSON", json(names(64 * KIB))),
        ("names in a form", post(String::new(), names(64 * KIB))),
        ("names in 16 KiB of query", get(names(16 * KIB))),
        ("one name over and over", get("a=&".repeat(21 * KIB))),
        ("one name over and over in a form", post(String::new(), "a=&".repeat(21 * KIB))),
        ("one pair more than allowed", get("a=1&".repeat(201))),
        ("one long value", get("x".repeat(17 * KIB))),
        ("a long path", unsigned("GET", "/".repeat(60 * KIB), FORM, String::new())),
        ("a long host", long_host),
    ]
}

/// Requests within every bound, each as expensive as its kind can be.
fn largest() -> Vec<(&'static str, WebhookRequest)> {
    let query = || format!("/in?{}", long_pairs(200, 16 * KIB));
    let form = |count| long_pairs(count, 64 * KIB);
    vec![
        ("a full GET", unsigned("GET", query(), FORM, String::new())),
        ("a full POST", unsigned("POST", query(), FORM, form(200))),
        ("a POST of one value", unsigned("POST", query(), FORM, form(1))),
        ("full JSON", unsigned("POST", query(), "application/json", "x".repeat(64 * KIB))),
        (
            "nothing but separators",
            unsigned("GET", format!("/in?{}", "&".repeat(16_000)), FORM, "&".repeat(65_000)),
        ),
    ]
}

/// Size of a request in bytes, of which a caller pays for every one too.
fn size(request: &WebhookRequest) -> u32 {
    u32::try_from(request.target.len() + request.body.len()).unwrap()
}

/// Asserts that each request costs at most `factor(request)` times the CPU of a genuine one.
fn assert_cheap(
    requests: Vec<(&'static str, WebhookRequest)>,
    factor: impl Fn(&WebhookRequest) -> u32,
) {
    assert!(twilio().receive(&genuine()).is_ok());
    let honest = cpu(&genuine());
    let too_expensive = |(name, request): (&'static str, WebhookRequest)| {
        let (cost, bound) = (cpu(&request), honest * factor(&request));
        (cost > bound).then(|| format!("{name}: {cost:?}, more than {bound:?}"))
    };
    let expensive: Vec<String> = requests.into_iter().filter_map(too_expensive).collect();
    assert!(expensive.is_empty(), "a genuine request costs {honest:?}: {expensive:#?}");
}

#[test]
fn oversized_requests_are_refused_before_anything_is_hashed() {
    assert_cheap(oversized(), |_| 2);
    for (name, request) in oversized() {
        let refused = twilio().receive(&request);
        assert!(matches!(refused, Err(ReceiveError::TooLarge(_))), "{name}: {refused:?}");
    }
}

/// Requests within the bounds are hashed, which costs no more per byte than a genuine request.
#[test]
fn largest_unsigned_requests_cost_cpu_in_proportion_to_their_size() {
    assert_cheap(largest(), |request| size(request) / size(&genuine()));
    for (name, request) in largest() {
        let refused = twilio().receive(&request);
        assert!(matches!(refused, Err(ReceiveError::Forged { .. })), "{name}: {refused:?}");
    }
}
