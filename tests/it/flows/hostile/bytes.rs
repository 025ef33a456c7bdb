//! Malformed and ambiguous HTTP, which two servers might parse differently.

use std::time::Duration;

use super::{TEXT, assert_relayed, idle_chat, snapshot};
use crate::support::{Deployment, exchange};

/// Wait for a response: longer than an honest one takes, shorter than the server's own time limit.
const SILENCE: Duration = Duration::from_millis(500);

/// Parts of a genuine request, to be assembled in another way.
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

    /// Request with these header lines before its own; `{n}` stands for the length of the body.
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

/// Requests that must be refused, each with its defect.
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
        ("a length that overflows", headers("Content-Length: 99999999999999999999999\r\n")),
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
        ("a space before the colon", chunks("Transfer-Encoding : chunked\r\n", &chunked)),
        (
            "a chunk whose size is no number",
            chunks("Transfer-Encoding: chunked\r\n", "zz\r\nBody=x\r\n0\r\n\r\n"),
        ),
        (
            "a chunk size that overflows",
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
        ("an unknown version", line("POST /queue/roulette HTTP/9.9")),
        ("no version", line("POST /queue/roulette")),
        ("an extra space", line("POST  /queue/roulette  HTTP/1.1")),
        ("a path that climbs", line("POST /queue/../queue/roulette HTTP/1.1")),
        ("a path with a line break", line("POST /queue/roulette\nX: y HTTP/1.1")),
        ("TRACE", line("TRACE /queue/roulette HTTP/1.1")),
        ("CONNECT", line("CONNECT 127.0.0.1:6379 HTTP/1.1")),
        ("an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("a Redis command", "FLUSHALL\r\nSET a b\r\n".to_owned()),
        ("a TLS handshake", "\u{16}\u{3}\u{1}\u{0}\u{a5}\u{1}".to_owned()),
        ("line breaks only", "\r\n\r\n\r\n\r\n".to_owned()),
        ("no bytes", String::new()),
    ]
}

#[tokio::test]
async fn ambiguous_http_is_refused_and_changes_nothing() {
    let deployment = idle_chat().await;
    let before = snapshot(&deployment).await;
    let parts = Parts::new(&deployment);
    for (name, bytes) in hostile(&parts) {
        let answer = exchange(deployment.port(), bytes.into_bytes(), SILENCE).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        // Closing the connection without a response is a refusal too.
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{name}: {answer}");
        assert_eq!(
            answer.matches("HTTP/1.1 ").count().min(2),
            usize::from(!answer.is_empty()),
            "{name}: {answer}"
        );
        assert_eq!(snapshot(&deployment).await, before, "{name} changed something");
    }
    let headers = "Host: {host}\r\nContent-Length: {n}\r\n";
    let plain = parts.with(POST, headers, &parts.body).into_bytes();
    let answer = exchange(deployment.port(), plain, SILENCE).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
    assert_relayed(&deployment).await;
}
