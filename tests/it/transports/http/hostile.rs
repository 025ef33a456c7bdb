//! Requests that no gateway makes: each is refused, quickly, and none panics.

use std::time::{Duration, Instant};

use crosswire::contracts::transport::{DynTransport, ReceiveError, WebhookRequest};
use proptest::prelude::{any, prop, proptest};
use proptest::sample::select;
use rstest::rstest;

use super::{FORM, JSON, asked, gateway, open, posted, with_header};

#[rstest]
#[case(posted(FORM, "identity=1&text=%FF"), "a field is not UTF-8")]
#[case(posted(FORM, "identity=1&text=a%00b"), "the text contains a NUL character")]
#[case(posted(FORM, "identity=1&identity=2&text=hi"), "identity is sent twice")]
#[case(posted(FORM, "identity=a%0Ab&text=hi"), "the sender is not an identity")]
#[case(posted(JSON, "{"), "the body is not JSON")]
#[case(posted(JSON, "[]"), "form failed to validate")]
#[case(posted(JSON, r#"{"identity": {"text": "x"}, "text": ["y"]}"#), "form failed to validate")]
#[case(posted("text/plain", "identity=1&text=hi"), "unsupported content type")]
fn malformed_request_is_refused_with_a_reason(
    #[case] request: WebhookRequest,
    #[case] reason: &str,
) {
    let refused = open().receive(&request).unwrap_err().to_string();
    assert!(refused.starts_with(reason), "{refused}");
}

#[rstest]
#[case(posted(FORM, &"a&".repeat(300)))]
#[case(posted(FORM, &format!("text={}", "x".repeat(70_000))))]
#[case(posted(JSON, &format!("[{}]", vec!["1"; 300].join(","))))]
#[case(posted(JSON, &format!("[{}]", vec!["null"; 5_000].join(","))))]
#[case(posted(JSON, &format!("{}1{}", "[".repeat(100), "]".repeat(100))))]
#[case(asked(&format!("/?{}", "a".repeat(20_000))))]
#[case(asked(&format!("/?{}", "a=b&".repeat(300))))]
fn oversized_request_is_refused(#[case] request: WebhookRequest) {
    let refused = open().receive(&request).unwrap_err();
    assert!(matches!(refused, ReceiveError::TooLarge(_)), "{refused:?}");
}

#[test]
fn deep_json_overflows_no_stack() {
    let body = "[".repeat(60_000);
    assert!(matches!(open().receive(&posted(JSON, &body)), Err(ReceiveError::Malformed(_))));
}

#[test]
fn long_names_in_json_cost_nothing() {
    let key = "k".repeat(30_000);
    let body = format!(r#"{{"{key}": [{}]}}"#, vec!["null"; 6_000].join(","));
    let start = Instant::now();
    assert!(open().receive(&posted(JSON, &body)).is_err());
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

fn every_gateway() -> [std::sync::Arc<dyn DynTransport>; 4] {
    [
        open(),
        gateway("incoming.auth.secret_env = \"GATEWAY_SECRET\""),
        gateway("preset = \"vonage\""),
        gateway("preset = \"telnyx\""),
    ]
}

proptest! {
    #[test]
    fn arbitrary_requests_panic_nowhere_and_pass_no_guard(
        requests in prop::collection::vec(
            (
                select(vec!["GET", "POST", "PUT", ""]),
                "[ -~é]{0,40}",
                select(vec![FORM, JSON, "", "x/y"]),
                prop::collection::vec(any::<u8>(), 0..200),
                "[ -~]{0,60}",
            ),
            1..20,
        ),
    ) {
        let gateways = every_gateway();
        for (method, target, content_type, body, header) in requests {
            let mut request = posted(content_type, "");
            request.method = method.to_owned();
            request.target = format!("/{target}");
            request.body = body;
            for name in ["authorization", "telnyx-timestamp", "telnyx-signature-ed25519"] {
                request = with_header(request, name, &header);
            }
            let _ = gateways[0].receive(&request);
            for guarded in &gateways[1..] {
                assert!(guarded.receive(&request).is_err());
            }
        }
    }
}
