//! HTTP/1.1, as far as the load and the provider need it: messages with a length, over connections that
//! stay open.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LENGTH: &[u8] = b"content-length:";

/// Returns the length of the head of a message and that of the whole, once the head is complete.
pub(crate) fn lengths(received: &[u8]) -> Option<(usize, usize)> {
    let head = received.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let length = received[..head].split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(LENGTH.len())?;
        let value = name.eq_ignore_ascii_case(LENGTH).then_some(value)?;
        std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok()
    });
    Some((head, head + length.unwrap_or_default()))
}

/// Connection of a client.
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::with_capacity(4096) }
    }

    /// Sends a request and reads the complete response, until it is 200. A 503 asks for a repetition, which
    /// providers make as well.
    pub(crate) async fn send(&mut self, request: &[u8]) {
        while !self.exchange(request).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Returns whether the response is 200.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> bool {
        self.stream.write_all(request).await.unwrap();
        self.received.clear();
        loop {
            let read = self.stream.read_buf(&mut self.received).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            let Some((_, whole)) = lengths(&self.received) else { continue };
            if self.received.len() >= whole {
                let status = self.received.get(9..12).unwrap_or_default();
                let text = || String::from_utf8_lossy(&self.received);
                assert!(matches!(status, b"200" | b"503"), "{}", text());
                return status == b"200";
            }
        }
    }
}
