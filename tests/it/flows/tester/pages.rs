//! The API's other routes, and the page without JavaScript.

use rstest::rstest;
use serde_json::{Value, json};

use super::{ANNA, TOPICS, dev, post, without_numbers_in_logs};
use crate::support::{Answer, Deployment, Live, Setup};

fn location(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.headers["location"].to_str().unwrap()
}

async fn submit(deployment: &Deployment, fields: &[(&str, &str)]) -> Answer {
    let call = deployment.call("POST", "/tester").form(fields);
    Answer::read(call.send().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn topics_route_lists_topics_with_their_webhooks() {
    let answer = dev().await.get("/tester/topics").await.unwrap();
    let topics: Value = serde_json::from_str(&answer.body).unwrap();
    let strict = json!({
        "name": "strict", "webhook": "/queue/strict", "paths": [], "handler": "echo",
        "commands": [
            {"text": "ping", "help": "answers pong"},
            {"text": "echo <text>", "help": "repeats the text"},
        ],
    });
    assert!(topics.as_array().unwrap().contains(&strict), "{topics}");
    assert_eq!(topics.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn segments_route_counts_segments_and_encoding() {
    let deployment = dev().await;
    for (text, segments, encoding, characters, left) in [
        (String::new(), 1, "GSM-7", 0, 160),
        ("a".repeat(160), 1, "GSM-7", 160, 0),
        ("a".repeat(161), 2, "GSM-7", 161, 145),
        ("€".repeat(2), 1, "GSM-7", 2, 156),
        ("🎲".to_owned(), 1, "UCS-2", 1, 68),
        ("ê".repeat(71), 2, "UCS-2", 71, 63),
    ] {
        let answer = post(&deployment, "/tester/segments", &json!({ "text": text })).await;
        let figures: Value = serde_json::from_str(&answer.body).unwrap();
        let expected = json!({
            "segments": segments, "encoding": encoding, "characters": characters, "left": left,
        });
        assert_eq!(figures, expected, "{text}");
    }
}

#[tokio::test]
async fn legacy_addresses_redirect_to_the_page() {
    let deployment = dev().await;
    for (path, to) in [
        ("/httptester", "/tester"),
        ("/httptester/", "/tester"),
        ("/httptester/anything/", "/tester"),
        ("/httptester/anything", "/tester"),
        ("/httptester/message_tester/1112223333/", "/tester?phone=1112223333"),
        ("/httptester/strict/+14155550101/", "/tester?phone=%2B14155550101&topic=strict"),
        ("/httptester/strict/unknown/", "/tester?topic=strict"),
        ("/httptester/strict/%0D%0ASet-Cookie:a/", "/tester?topic=strict"),
    ] {
        assert_eq!(location(&deployment.get(path).await.unwrap()), to, "{path}");
    }
}

#[rstest]
#[case("")]
#[case("   ")]
#[case("12a")]
#[case("1 2")]
#[case("+1-415-555-0101")]
#[case("<script>")]
#[tokio::test]
async fn number_must_be_numeric(#[case] number: &str) {
    let deployment = dev().await;
    let body = json!({ "topic": "strict", "number": number, "messages": ["hello"] });
    for (path, body) in [
        ("/tester/send", body),
        ("/tester/clear", json!({ "number": number })),
        ("/tester/fault", json!({ "number": number, "fault": "slow" })),
    ] {
        let answer = post(&deployment, path, &body).await;
        assert_eq!((answer.status, answer.body.trim()), (400, "Phone number must be all numeric"));
    }
    let answer = submit(&deployment, &[("topic", "strict"), ("identity", number)]).await;
    assert_eq!((answer.status, answer.body.trim()), (400, "Phone number must be all numeric"));
}

#[tokio::test]
async fn blanks_around_a_number_are_ignored() {
    let deployment = dev().await;
    let body = json!({ "topic": "strict", "number": " 123 ", "messages": ["hello"] });
    let answer = post(&deployment, "/tester/send", &body).await;
    assert!(answer.body.contains(r#""number":"123""#), "{answer:?}");
}

#[tokio::test]
async fn page_without_javascript_sends_shows_and_escapes_messages() {
    let deployment = dev().await;
    let mut live = Live::open(&deployment, None).await;
    let page = deployment.get("/tester").await.unwrap();
    assert!(page.body.contains("<title>Message Tester</title>"), "{page:?}");
    assert!(page.body.contains("sent or received any test messages yet."), "{page:?}");
    let text = "<b>\"&'</b>";
    let command = format!("echo {text}");
    let fields = [("topic", "strict"), ("identity", ANNA), ("text", &command)];
    let answer = submit(&deployment, &fields).await;
    let to = location(&answer);
    assert_eq!(to, "/tester?phone=%2B14155550101&topic=strict");
    live.until_arrived(ANNA, text).await;
    let page = deployment.get(to).await.unwrap();
    assert!(!page.body.contains("<b>"), "{}", page.body);
    assert_eq!(page.body.matches("&#60;b&#62;&#34;&#38;&#39;&#60;/b&#62;").count(), 2);
    let (sent, echoed) = (page.body.find("class=\"in\""), page.body.rfind("class=\"out\""));
    assert!(sent > echoed, "the newest comes first");
    assert!(page.body.contains("value=\"+14155550101\""), "{}", page.body);
    assert!(page.body.contains("<option selected>strict"), "{}", page.body);
    let attack = "/tester?phone=%22%3E%3Cscript%3E1&topic=%22%3E%3Cscript%3E";
    let page = deployment.get(attack).await.unwrap();
    assert!(!page.body.contains("><script>"), "{}", page.body);
}

#[tokio::test]
async fn responses_have_security_and_cache_headers() {
    let deployment = without_numbers_in_logs(Setup::dev(TOPICS).embedded().start().await);
    for path in ["/tester", "/tester/topics", "/tester/nothing", "/tester/assets/icon.svg"] {
        let answer = deployment.get(path).await.unwrap();
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        for rule in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        let cache = if path.contains("assets") { "no-cache" } else { "no-store" };
        assert_eq!(answer.headers["cache-control"], cache, "{path}");
    }
    let icon = deployment.get("/tester/assets/icon.svg").await.unwrap();
    assert_eq!(icon.content_type(), "image/svg+xml");
    let known = icon.headers["etag"].clone();
    let call = deployment.call("GET", "/tester/assets/icon.svg").header("If-None-Match", known);
    assert_eq!(call.send().await.unwrap().status(), 304);
    for path in ["/tester/assets/nothing.js", "/tester/assets/..%2Fpage.rs", "/tester/assets/"] {
        assert_eq!(deployment.get(path).await.unwrap().status, 404, "{path}");
    }
}
