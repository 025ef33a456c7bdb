//! Invalid API requests. Each is refused with one sentence, and leaves the board unchanged.

use serde_json::{Value, json};

use super::{ANNA, dev};
use crate::support::{Answer, Deployment, Live};

const MIB: usize = 1 << 20;

/// A valid message but for one field.
fn with_field(field: &str, value: Value) -> String {
    let mut call = json!({ "topic": "strict", "number": ANNA, "messages": ["hello"] });
    call[field] = value;
    call.to_string()
}

fn picture(url: &str, content_type: &str) -> String {
    with_field("media", json!([{ "url": url, "content_type": content_type }]))
}

/// Path, body and expected status of each request.
fn requests() -> Vec<(&'static str, String, u16)> {
    let large = format!("data:image/png;base64,{}", "AAAA".repeat(70_000));
    let mut requests = vec![
        ("/tester/send", with_field("messages", json!(["x".repeat(MIB)])), 413),
        ("/tester/send", with_field("messages", json!(["x".repeat(MIB / 2)])), 400),
        ("/tester/send", with_field("messages", json!(vec!["x"; 1001])), 400),
        ("/tester/send", with_field("messages", json!([])), 400),
        ("/tester/send", with_field("messages", json!(["one", " ", "two"])), 400),
        ("/tester/send", with_field("messages", json!("one")), 400),
        ("/tester/send", with_field("messages", json!([1])), 400),
        ("/tester/send", with_field("messages", Value::Null), 400),
        ("/tester/send", with_field("number", json!(14_155_550_101_u64)), 400),
        ("/tester/send", with_field("number", json!("1".repeat(10_000))), 400),
        ("/tester/send", with_field("topic", json!("unknown")), 404),
        ("/tester/send", with_field("topic", json!(["strict"])), 400),
        ("/tester/send", with_field("texts", json!([])), 400),
        (
            "/tester/send",
            with_field(
                "media",
                json!(vec![json!({"url": "https://a", "content_type": "image/png"}); 11]),
            ),
            400,
        ),
        ("/tester/clear", json!({ "phone": ANNA }).to_string(), 400),
        ("/tester/clear", json!({ "number": [ANNA] }).to_string(), 400),
        ("/tester/fault", json!({ "fault": "war" }).to_string(), 400),
        ("/tester/fault", json!({}).to_string(), 400),
        ("/tester/again", json!({}).to_string(), 400),
        ("/tester/again", json!({ "id": "TM0" }).to_string(), 404),
        ("/tester/segments", json!({ "text": 1 }).to_string(), 400),
        ("/tester/segments", json!({ "text": "x".repeat(MIB) }).to_string(), 413),
    ];
    for url in [
        "http://a/b",
        "javascript:alert(1)",
        "data:text/html;base64,AAAA",
        "https://",
        "",
        "data:image/svg+xml,<svg/>",
        "data:image/png;base64,!",
        "data:image/p\"g;base64,AAAA",
        &large,
    ] {
        requests.push(("/tester/send", picture(url, "image/png"), 400));
    }
    for content_type in ["", "image", "image/", "image/png\r\nX: y", "image/<b>"] {
        requests.push(("/tester/send", picture("https://example.com/a", content_type), 400));
    }
    let start_over = "/tester/start-over";
    for path in ["/tester/send", "/tester/clear", "/tester/fault", "/tester/again", start_over] {
        for nonsense in ["", "{", "null", "[]", "\"text\"", "NaN", "\u{feff}{}"] {
            requests.push((path, nonsense.to_owned(), 400));
        }
        requests.push((path, format!("{}{}", "[".repeat(50_000), "]".repeat(50_000)), 400));
    }
    requests
}

async fn post_as(deployment: &Deployment, path: &str, body: String, kind: &str) -> Option<Answer> {
    let call = deployment.call("POST", path).header("Content-Type", kind).body(body);
    // A body that is refused before it has arrived in full is not read to its end.
    Answer::read(call.send().await.ok()?).await.ok()
}

#[tokio::test]
async fn invalid_requests_are_refused_with_one_sentence_and_no_effect() {
    let deployment = dev().await;
    let mut wrong = Vec::new();
    for (path, body, expected) in requests() {
        let shown: String = body.chars().take(100).collect();
        let answer = post_as(&deployment, path, body, "application/json").await;
        let status = answer.as_ref().map_or(413, |answer| answer.status);
        if status != expected {
            wrong.push(format!("{path} {shown}: {status}, not {expected}"));
        }
        if let Some(answer) = answer {
            let is_sentence = answer.content_type().starts_with("text/plain")
                && (5..300).contains(&answer.body.len())
                && answer.body.trim_end().lines().count() == 1;
            assert!(is_sentence && !answer.body.contains(ANNA), "{answer:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let events = Live::open(&deployment, None).await.until_ready().await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[1].data, json!([]));
}

#[tokio::test]
async fn api_refuses_content_types_of_html_forms() {
    let deployment = dev().await;
    let genuine = with_field("topic", json!("strict"));
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "/"] {
        let answer = post_as(&deployment, "/tester/send", genuine.clone(), kind).await.unwrap();
        assert_eq!(answer.status, 415, "{kind}");
    }
    let kind = "application/json; charset=utf-8";
    let answer = post_as(&deployment, "/tester/send", genuine, kind).await.unwrap();
    assert_eq!(answer.status, 200, "the same body as JSON");
}

#[tokio::test]
async fn unknown_method_is_refused_with_the_allowed_ones() {
    let deployment = dev().await;
    for (method, path, allowed) in [
        ("DELETE", "/tester", "GET, POST"),
        ("PUT", "/tester/send", "POST"),
        ("GET", "/tester/send", "POST"),
        ("POST", "/tester/live", "GET"),
        ("OPTIONS", "/tester/clear", "POST"),
    ] {
        let answer = deployment.call(method, path).send().await.unwrap();
        let answer = Answer::read(answer).await.unwrap();
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.headers["allow"], allowed, "{method} {path}");
        assert!(answer.body.contains("method not allowed"), "{answer:?}");
    }
}
