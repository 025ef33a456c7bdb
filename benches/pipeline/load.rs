//! Load: texts as Twilio sends them, signed and written beforehand, over connections that stay open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::unbounded_channel;

use crate::http::Connection;
use crate::signature::sign;
use crate::stack::{ACCOUNT, LINE, TOKEN};

/// Connections of the load.
pub(crate) const CONNECTIONS: usize = 64;

/// Number of requests made so far. Loads share it, since a server takes equal numbers for one text.
static NUMBERED: AtomicUsize = AtomicUsize::new(0);

/// Maker of requests to one server.
pub(crate) struct Load {
    port: u16,
    path: &'static str,
}

/// Request that brings a text, under a number that no other text has.
pub(crate) struct Request {
    pub(crate) number: usize,
    bytes: Vec<u8>,
}

impl Request {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Load {
    pub(crate) fn new(port: u16, path: &'static str) -> Self {
        Self { port, path }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns a load for another port.
    pub(crate) fn elsewhere(&self, port: u16) -> Self {
        Self { port, ..*self }
    }

    /// Makes as many texts, of each phone in turn.
    pub(crate) fn texts(&self, count: usize, phones: usize) -> Vec<Request> {
        let text = |n: usize| {
            self.request(n % phones, |number| format!("text {number:07} of a long talk"))
        };
        (0..count).map(text).collect()
    }

    /// Makes the texts of phones that want to be connected.
    pub(crate) fn connects(&self, phones: std::ops::Range<usize>) -> Vec<Request> {
        phones.map(|phone| self.request(phone, |_| "connect".to_owned())).collect()
    }

    fn request(&self, phone: usize, text: impl Fn(usize) -> String) -> Request {
        let number = NUMBERED.fetch_add(1, Ordering::Relaxed);
        let (sid, from) = (format!("SM{number:032x}"), format!("+1415{phone:07}"));
        let parameters: Vec<(String, String)> = [
            ("MessageSid", sid.as_str()),
            ("AccountSid", ACCOUNT),
            ("From", &from),
            ("To", LINE),
            ("Body", &text(number)),
            ("NumMedia", "0"),
            ("NumSegments", "1"),
            ("FromCity", "SAN FRANCISCO"),
            ("FromState", "CA"),
            ("FromCountry", "US"),
            ("ApiVersion", "2010-04-01"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let (path, origin) = (self.path, format!("127.0.0.1:{}", self.port));
        let signature = sign(TOKEN, &format!("http://{origin}{path}"), &parameters);
        let body =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
        let bytes = format!(
            "POST {path} HTTP/1.1\r\nHost: {origin}\r\nX-Twilio-Signature: {signature}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        Request { number, bytes: bytes.into_bytes() }
    }

    /// Sends requests as fast as they are answered, one at a time on each connection, and returns the
    /// time until the last answer.
    pub(crate) async fn send_all(&self, requests: Vec<Request>) -> Duration {
        let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
        let began = Instant::now();
        let sending = (0..CONNECTIONS).map(|_| {
            let (requests, next, port) = (Arc::clone(&requests), Arc::clone(&next), self.port);
            tokio::spawn(async move {
                let mut connection = Connection::open(port).await;
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    connection.send(&request.bytes).await;
                }
            })
        });
        for task in sending.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        began.elapsed()
    }

    /// Sends `rate` requests per second until there is a stop, without waiting for earlier answers.
    /// Returns the number of each text and when it was due, so that one that had to wait for a connection
    /// counts as late.
    pub(crate) async fn send_steadily(
        &self,
        requests: Vec<Request>,
        rate: u32,
        stop: &Arc<AtomicBool>,
    ) -> Vec<(usize, Instant)> {
        let (requests, stop) = (Arc::new(requests), Arc::clone(stop));
        let lanes = (0..CONNECTIONS).map(|_| {
            let (to, mut turns) = unbounded_channel::<usize>();
            let (requests, port) = (Arc::clone(&requests), self.port);
            let sending = tokio::spawn(async move {
                let mut connection = Connection::open(port).await;
                while let Some(n) = turns.recv().await {
                    connection.send(&requests[n].bytes).await;
                }
            });
            (to, sending)
        });
        let (lanes, sending): (Vec<_>, Vec<_>) = lanes.unzip();
        // A thread, since the timers of the runtime are only as exact as a millisecond.
        let pacing = tokio::task::spawn_blocking(move || {
            let begin = Instant::now() + Duration::from_millis(100);
            let mut sent = Vec::new();
            for (n, request) in requests.iter().enumerate() {
                let due = begin + Duration::from_secs(1) * n as u32 / rate;
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                lanes[n % CONNECTIONS].send(n).unwrap();
                sent.push((request.number, due));
            }
            sent
        });
        let sent = pacing.await.unwrap();
        for task in sending {
            task.await.unwrap();
        }
        sent
    }
}

/// Returns the number of a text of the load, also of one that was relayed.
pub(crate) fn number_of(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("text ")?;
    rest.split_once(' ')?.0.parse().ok()
}
