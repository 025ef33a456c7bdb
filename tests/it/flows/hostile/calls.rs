//! Hostile requests in well-formed HTTP.

use reqwest::Method;

use super::{TEXT, assert_relayed, idle_chat, snapshot};
use crate::support::{Deployment, Webhook};

/// Name of a hostile request, its change to a genuine one, and the expected status.
type Case = (&'static str, fn(Webhook) -> Webhook, u16);

const LONG: usize = 10 << 20;

const UNPROVEN: [Case; 12] = [
    ("no signature", |w| w.signature(None), 403),
    ("an empty signature", |w| w.signature(Some("")), 403),
    ("a signature that is no base64", |w| w.signature(Some("%%%not base64%%%")), 403),
    ("a short signature", |w| w.signature(Some("RSOYDt4T1cU=")), 403),
    ("a long signature", |w| w.signature(Some(&"A".repeat(4000))), 403),
    ("the signature of another call", |w| w.signature(Some("RSOYDt4T1cUTdK1PDd93/VVr8B8=")), 403),
    ("a signature cut by one character", cut, 403),
    ("a signature in lower case", lower, 403),
    ("the signature of an empty token", |w| w.token(""), 403),
    ("the signature of another account", |w| w.token("ffffffffffffffffffffffffffffffff"), 403),
    ("two signatures, the first one wrong", |w| w.header("X-Twilio-Signature", "AAAA"), 403),
    ("a text that was changed after signing", changed, 403),
];

const MALFORMED: [Case; 23] = [
    ("no sender", |w| w.without("From"), 400),
    ("an empty sender", |w| w.set("From", ""), 400),
    ("a sender of spaces", |w| w.set("From", "   "), 400),
    ("no text", |w| w.without("Body"), 400),
    ("no id", without_id, 400),
    ("an empty id", |w| without_id(w).set("MessageSid", ""), 400),
    ("an id of another shape", |w| w.set("MessageSid", "12345"), 400),
    ("an id with a separator of ours", |w| w.set("MessageSid", "SM|0|{roulette:0}"), 400),
    ("an id that climbs", |w| w.set("MessageSid", "../../../../etc/passwd"), 400),
    ("an id in Greek", |w| w.set("MessageSid", "SMαβγδεζηθικλμνξοπρστυφχψωάέήίόύ"), 400),
    ("an id that is too long", |w| w.set("MessageSid", &"SM".repeat(5000)), 400),
    ("two senders", |w| w.add("From", "+14155550102"), 400),
    ("two texts", |w| w.add("Body", "disconnect"), 400),
    ("two ids", |w| w.add("MessageSid", "SM00000000000000000000000000000000"), 400),
    ("two lines", |w| w.add("To", "+15005550007"), 400),
    ("a sender with a line break", |w| w.set("From", "+14155550101\r\nX-Admin: 1"), 400),
    ("a sender with a zero byte", |w| w.set("From", "+1415555\u{0}0101"), 400),
    ("a sender that is too long", |w| w.set("From", &"+1".repeat(5000)), 400),
    ("another account", |w| w.set("AccountSid", &format!("AC{}", "f".repeat(32))), 400),
    ("an endless number of media", |w| w.set("NumMedia", "4294967296"), 413),
    ("a negative number of media", |w| w.set("NumMedia", "-1"), 400),
    ("media that are no number", |w| w.set("NumMedia", "many"), 400),
    ("media that are not there", |w| w.set("NumMedia", "3"), 400),
];

const UNFIT: [Case; 23] = [
    ("a text of ten megabytes", |w| w.set("Body", &"x".repeat(LONG)), 413),
    ("ten megabytes of zeros", |w| w.body(vec![0; LONG]), 413),
    ("a thousand parameters", many, 413),
    ("a thousand parameters that are not signed", |w| many(w).signature(None), 413),
    ("a thousand parameters in an unsigned GET", |w| many(w).get().signature(None), 413),
    ("a GET of seventeen kilobytes", |w| w.set("Body", &"x".repeat(17 << 10)).get(), 413),
    ("no content type", |w| w.content_type(None), 415),
    ("plain text", |w| w.content_type(Some("text/plain")), 415),
    ("a multipart form", |w| w.content_type(Some("multipart/form-data; boundary=x")), 415),
    ("XML", |w| w.content_type(Some("text/xml")).body("<!DOCTYPE x SYSTEM 'file:///etc/x'>"), 415),
    ("a content type that is none", |w| w.content_type(Some("/;;;")), 415),
    ("JSON that is not signed as such", json, 403),
    ("a body that is not UTF-8", |w| w.body(b"Body=\xff\xfe&From=%ff".to_vec()), 403),
    ("a body that is another's", |w| w.body("From=%2B14155550101&Body=call"), 403),
    ("an empty body", |w| w.body(""), 403),
    ("HEAD", |w| w.method(Method::HEAD), 405),
    ("PUT", |w| w.method(Method::PUT), 405),
    ("DELETE", |w| w.method(Method::DELETE), 405),
    ("PATCH", |w| w.method(Method::PATCH), 405),
    ("OPTIONS", |w| w.method(Method::OPTIONS), 405),
    ("an unknown method", |w| w.method(Method::from_bytes(b"SMS").unwrap()), 405),
    ("a GET that is not signed", |w| w.get().signature(None), 403),
    ("a GET with the signature of a POST", get_as_post, 403),
];

/// Paths without a topic, which a genuine request is sent to.
const UNKNOWN_PATHS: [&str; 12] = [
    "/queue",
    "/queue/",
    "/queue/unknown",
    "/queue/roulette/more",
    "/queue/ROULETTE",
    "/queue/roulette%00",
    "/queue/%2e%2e/roulette",
    "/queue/roulette;x=1",
    "//queue/roulette",
    "/admin",
    "/.env",
    "/queue/{roulette:0}",
];

fn cut(webhook: Webhook) -> Webhook {
    let signature = webhook.genuine_signature();
    let shorter = &signature[..signature.len() - 1];
    webhook.signature(Some(shorter))
}

fn lower(webhook: Webhook) -> Webhook {
    let signature = webhook.genuine_signature().to_lowercase();
    webhook.signature(Some(&signature))
}

/// Removes the message id, which Twilio sends under three names.
fn without_id(webhook: Webhook) -> Webhook {
    ["MessageSid", "SmsSid", "SmsMessageSid"].into_iter().fold(webhook, Webhook::without)
}

fn changed(webhook: Webhook) -> Webhook {
    let signature = webhook.genuine_signature();
    webhook.set("Body", "disconnect").signature(Some(&signature))
}

fn many(webhook: Webhook) -> Webhook {
    (0..1000).fold(webhook, |webhook, number| webhook.add(&format!("P{number}"), "x"))
}

fn json(webhook: Webhook) -> Webhook {
    webhook.content_type(Some("application/json")).body(r#"{"Body":"call","From":"+14155550101"}"#)
}

fn get_as_post(webhook: Webhook) -> Webhook {
    let signature = webhook.genuine_signature();
    webhook.get().signature(Some(&signature))
}

fn genuine(deployment: &Deployment, path: &str) -> Webhook {
    deployment.phone("+14155550101", path).webhook(TEXT)
}

/// Status of a request. 413 may appear as a broken connection, because a body that is refused early is
/// not read to its end.
async fn status(webhook: Webhook) -> u16 {
    webhook.send().await.map_or(413, |answer| answer.status)
}

#[tokio::test]
async fn hostile_webhook_is_refused_and_changes_nothing() {
    let deployment = idle_chat().await;
    let before = snapshot(&deployment).await;
    let mut failures = Vec::new();
    for path in ["/queue/roulette", "/sms", "/status/roulette"] {
        for (name, modify, expected) in UNPROVEN.iter().chain(&MALFORMED).chain(&UNFIT) {
            let status = status(modify(genuine(&deployment, path))).await;
            if status != *expected {
                failures.push(format!("{name}: {status}, not {expected}"));
            }
            assert_eq!(snapshot(&deployment).await, before, "{name} changed something");
        }
    }
    for path in UNKNOWN_PATHS {
        let status = status(genuine(&deployment, path)).await;
        if status != 404 {
            failures.push(format!("{path}: {status}, not 404"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(snapshot(&deployment).await, before);
    assert_eq!(genuine(&deployment, "/sms").send().await.unwrap().said(), None);
    assert_relayed(&deployment).await;
}

#[tokio::test]
async fn refusal_names_the_cause_and_reveals_nothing() {
    let deployment = idle_chat().await;
    for (name, modify, _) in UNPROVEN.iter().chain(&MALFORMED) {
        let answer = modify(genuine(&deployment, "/sms")).send().await.unwrap();
        assert!((5..500).contains(&answer.body.len()), "{name}: {answer:?}");
        for secret in ["4155550101", "from an attacker", "roulette:0", "src/", "panicked"] {
            assert!(!answer.body.contains(secret), "{name}: {answer:?}");
        }
    }
}
