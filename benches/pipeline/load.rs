//! Load generator: texts as Twilio delivers them, signed beforehand, over kept connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::stack::{ACCOUNT, LINE, Stack, TOKEN};
use crate::twilio::sign;

const PATH: &str = "/queue/roulette";

pub(crate) struct Texts {
    port: u16,
    phones: usize,
    numbered: AtomicUsize,
}

impl Texts {
    pub(crate) fn new(stack: &Stack, phones: usize) -> Self {
        Self { port: stack.port, phones, numbered: AtomicUsize::new(0) }
    }

    /// Sends these texts, one after the other on each connection, as fast as they are answered.
    pub(crate) async fn send_all(
        &self,
        texts: impl Iterator<Item = (usize, String)>,
        connections: usize,
    ) {
        let requests: Arc<Vec<Vec<u8>>> =
            Arc::new(texts.map(|(phone, text)| self.request(phone, &text)).collect());
        let next = Arc::new(AtomicUsize::new(0));
        let sending = (0..connections).map(|_| {
            let (requests, next, port) = (Arc::clone(&requests), Arc::clone(&next), self.port);
            tokio::spawn(async move {
                let mut connection = Connection::open(port).await;
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    connection.send(request).await;
                }
            })
        });
        for task in sending.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    }

    /// Sends a fixed number of texts a second, whether or not earlier ones are answered. Returns
    /// each text with the time it was due, so that one that waited for a connection counts as late.
    pub(crate) async fn send_steadily(
        &self,
        rate: u32,
        time: Duration,
        connections: usize,
    ) -> Vec<(String, Instant)> {
        let count = (time.as_secs() * u64::from(rate)) as usize;
        let texts: Vec<String> = (0..count).map(|n| format!("steady text {n}")).collect();
        let requests: Vec<Vec<u8>> =
            texts.iter().enumerate().map(|(n, text)| self.request(n % self.phones, text)).collect();
        let begin = Instant::now() + Duration::from_millis(100);
        let due = move |n: usize| begin + Duration::from_secs(1) * n as u32 / rate;
        let requests = Arc::new(requests);
        let sending = (0..connections).map(|lane| {
            let (requests, port) = (Arc::clone(&requests), self.port);
            tokio::spawn(async move {
                let mut connection = Connection::open(port).await;
                for n in (lane..requests.len()).step_by(connections) {
                    tokio::time::sleep_until(due(n).into()).await;
                    connection.send(&requests[n]).await;
                }
            })
        });
        for task in sending.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        texts.into_iter().enumerate().map(|(n, text)| (text, due(n))).collect()
    }

    fn request(&self, phone: usize, text: &str) -> Vec<u8> {
        let sid = format!("SM{:032x}", self.numbered.fetch_add(1, Ordering::Relaxed));
        let from = format!("+1415555{phone:04}");
        let parameters: Vec<(String, String)> = [
            ("MessageSid", sid.as_str()),
            ("AccountSid", ACCOUNT),
            ("From", &from),
            ("To", LINE),
            ("Body", text),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("FromCity", "SAN FRANCISCO"),
            ("FromState", "CA"),
            ("FromCountry", "US"),
            ("ApiVersion", "2010-04-01"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let origin = format!("127.0.0.1:{}", self.port);
        let signature = sign(TOKEN, &format!("http://{origin}{PATH}"), &parameters);
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
        format!(
            "POST {PATH} HTTP/1.1\r\nHost: {origin}\r\nX-Twilio-Signature: {signature}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 4096] }
    }

    /// Sends one request and reads its whole response, which must be 200.
    async fn send(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.unwrap();
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await.unwrap();
            assert!(read > 0, "web hung up");
            filled += read;
            let answer = std::str::from_utf8(&self.buffer[..filled]).unwrap();
            let Some((head, body)) = answer.split_once("\r\n\r\n") else { continue };
            assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
            let length: usize = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())
                .unwrap();
            if body.len() >= length {
                return;
            }
        }
    }
}
