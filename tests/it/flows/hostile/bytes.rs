//! Hostile calls that no HTTP client would make: what two servers might read differently.

use std::time::Duration;

use super::{TEXT, is_heard_after_all, look, quiet_chat};
use crate::support::{Deployment, exchange};

/// Longer than any honest answer takes, shorter than a server's own patience.
const SILENCE: Duration = Duration::from_millis(500);

/// The parts of a genuine call, to be put together in another way.
struct Parts {
    host: String,
    signature: String,
    body: String,
}

impl Parts {
    fn new(deployment: &Deployment) -> Self {
        let phone = deployment.phone("+14155550101", "/queue/roulette");
        let webhook = phone.webhook(TEXT);
        Self {
            host: format!("127.0.0.1:{}", deployment.port()),
            signature: webhook.genuine_signature(),
            body: webhook.encoded(),
        }
    }

    /// The call with these header lines in front of its own; `{n}` is the length of its body.
    fn with(&self, line: &str, headers: &str, body: &str) -> String {
        let length = self.body.len().to_string();
        format!(
            "{line}\r\n{}X-Twilio-Signature: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
            headers.replace("{n}", &length).replace("{host}", &self.host),
            self.signature,
        )
    }

    fn chunked(&self) -> String {
        format!("{:x}\r\n{}\r\n0\r\n\r\n", self.body.len(), self.body)
    }
}

const POST: &str = "POST /queue/roulette HTTP/1.1";

/// The call in ways that must not be understood, each with what is wrong about it.
fn hostile(parts: &Parts) -> Vec<(&'static str, String)> {
    let (body, chunked) = (parts.body.as_str(), parts.chunked());
    let headers = |headers: &str| parts.with(POST, &format!("Host: {{host}}\r\n{headers}"), body);
    let line = |line: &str| parts.with(line, "Host: {host}\r\nContent-Length: {n}\r\n", body);
    let chunks =
        |lines: &str, body: &str| parts.with(POST, &format!("Host: {{host}}\r\n{lines}"), body);
    vec![
        ("two lengths", headers("Content-Length: {n}\r\nContent-Length: 5\r\n")),
        ("a list of lengths", headers("Content-Length: {n}, 5\r\n")),
        ("a negative length", headers("Content-Length: -1\r\n")),
        ("a length with a sign", headers("Content-Length: +{n}\r\n")),
        ("a length in hexadecimal", headers("Content-Length: 0x100\r\n")),
        ("a length beyond counting", headers("Content-Length: 99999999999999999999999\r\n")),
        (
            "a length and chunks",
            chunks("Content-Length: {n}\r\nTransfer-Encoding: chunked\r\n", &chunked),
        ),
        (
            "chunks and a length",
            chunks("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", &chunked),
        ),
        (
            "chunks twice",
            chunks("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &chunked),
        ),
        ("chunks of another name", chunks("Transfer-Encoding: xchunked\r\n", &chunked)),
        (
            "chunks after something else",
            chunks("Transfer-Encoding: chunked, identity\r\n", &chunked),
        ),
        ("a blank before the colon", chunks("Transfer-Encoding : chunked\r\n", &chunked)),
        (
            "a chunk whose size is no number",
            chunks("Transfer-Encoding: chunked\r\n", "zz\r\nBody=x\r\n0\r\n\r\n"),
        ),
        (
            "a chunk beyond counting",
            chunks("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\nBody=x\r\n"),
        ),
        ("a body that ends too early", headers("Content-Length: 60000\r\n")),
        ("a folded header", headers("X-A: b\r\n c: d\r\nContent-Length: {n}\r\n")),
        ("a header without a name", headers(": x\r\nContent-Length: {n}\r\n")),
        ("a header without a colon", headers("Nonsense\r\nContent-Length: {n}\r\n")),
        ("a zero byte in a header", headers("X-A: a\0b\r\nContent-Length: {n}\r\n")),
        (
            "a header that is too long",
            headers(&format!("X-A: {}\r\nContent-Length: {{n}}\r\n", "a".repeat(200_000))),
        ),
        (
            "ten thousand headers",
            headers(&("X-A: a\r\n".repeat(10_000) + "Content-Length: {n}\r\n")),
        ),
        ("a path that is too long", line(&format!("POST /{} HTTP/1.1", "a".repeat(200_000)))),
        ("a version of its own", line("POST /queue/roulette HTTP/9.9")),
        ("no version", line("POST /queue/roulette")),
        ("a blank too many", line("POST  /queue/roulette  HTTP/1.1")),
        ("a path that climbs", line("POST /queue/../queue/roulette HTTP/1.1")),
        ("a path with a line break", line("POST /queue/roulette\nX: y HTTP/1.1")),
        ("TRACE", line("TRACE /queue/roulette HTTP/1.1")),
        ("CONNECT", line("CONNECT 127.0.0.1:6379 HTTP/1.1")),
        ("the next version's greeting", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("a word to Redis", "FLUSHALL\r\nSET a b\r\n".to_owned()),
        ("a TLS greeting", "\u{16}\u{3}\u{1}\u{0}\u{a5}\u{1}".to_owned()),
        ("nothing but line breaks", "\r\n\r\n\r\n\r\n".to_owned()),
        ("nothing", String::new()),
    ]
}

#[tokio::test]
async fn ambiguous_http_is_refused_and_changes_nothing() {
    let deployment = quiet_chat().await;
    let before = look(&deployment).await;
    let parts = Parts::new(&deployment);
    for (what, bytes) in hostile(&parts) {
        let answer = exchange(deployment.port(), bytes.into_bytes(), SILENCE).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        // Closing without a word is an answer too, and a plain one.
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{what}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1 ").count().min(2),
            usize::from(!answer.is_empty()),
            "{what}: {answer}"
        );
        assert_eq!(look(&deployment).await, before, "{what} changed something");
    }
    let headers = "Host: {host}\r\nContent-Length: {n}\r\n";
    let plain = parts.with(POST, headers, &parts.body).into_bytes();
    let answer = exchange(deployment.port(), plain, SILENCE).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    is_heard_after_all(&deployment).await;
}
