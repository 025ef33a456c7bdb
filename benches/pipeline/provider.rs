//! Provider: the part of Twilio's API that sends a message, with as little work as possible, since it
//! shares the cores of what is measured. The fake of the tests costs several times as much.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::http::lengths;
use crate::load::number_of;

/// Response to anything but a message: no list has an entry.
const LISTS: &str = r#"{"messages":[],"incoming_phone_numbers":[],"next_page_uri":null}"#;

/// Message that was sent.
#[derive(Clone, Copy)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) to: u64,
    pub(crate) text: Text,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    /// Text of the load, relayed.
    Number(usize),
    /// Greeting of two people who have been paired.
    Paired,
    Other,
}

#[derive(Default)]
pub(crate) struct Provider {
    port: u16,
    sent: Mutex<Vec<Sent>>,
    texts: AtomicUsize,
    paired: AtomicUsize,
    sample: OnceLock<Vec<u8>>,
}

impl Provider {
    /// Serves a free port until the program ends.
    pub(crate) async fn start() -> Arc<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let provider = Arc::new(Self { port, ..Self::default() });
        let serving = Arc::clone(&provider);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&serving).serve(stream));
            }
        });
        provider
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Number of texts of the load that arrived.
    pub(crate) fn texts(&self) -> usize {
        self.texts.load(Ordering::Acquire)
    }

    /// Number of people who were told that they are paired.
    pub(crate) fn paired(&self) -> usize {
        self.paired.load(Ordering::Acquire)
    }

    /// Returns the messages from a place on, in order.
    pub(crate) fn sent(&self, from: usize) -> Vec<Sent> {
        self.sent.lock().unwrap()[from..].to_vec()
    }

    pub(crate) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// Returns the body of a message that was sent.
    pub(crate) fn sample(&self) -> &[u8] {
        self.sample.get().unwrap()
    }

    /// Waits until so many texts have arrived, and returns the time of the last message.
    pub(crate) async fn wait_for_texts(&self, count: usize, patience: Duration) -> Instant {
        self.wait_until(patience, || self.texts() >= count).await
    }

    /// Waits until a condition holds, and returns the time of the last message.
    pub(crate) async fn wait_until(
        &self,
        patience: Duration,
        is_enough: impl Fn() -> bool,
    ) -> Instant {
        let began = Instant::now();
        while !is_enough() {
            let (texts, paired) = (self.texts(), self.paired());
            assert!(began.elapsed() < patience, "only {texts} texts and {paired} people paired");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.sent.lock().unwrap().last().map_or_else(Instant::now, |sent| sent.at)
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        // The connection may be closed at any time.
        let _ = stream.set_nodelay(true);
        let mut received = Vec::with_capacity(4096);
        let created = created();
        while stream.read_buf(&mut received).await.is_ok_and(|read| read > 0) {
            while let Some((head, whole)) = lengths(&received)
                && received.len() >= whole
            {
                let response = if received.starts_with(b"POST") {
                    let number = self.add(&received[head..whole]);
                    created.replace("{sid}", &format!("SM{number:032x}"))
                } else {
                    head_of("200 OK", LISTS.len()) + LISTS
                };
                if stream.write_all(response.as_bytes()).await.is_err() {
                    return;
                }
                received.drain(..whole);
            }
        }
    }

    /// Notes a message, and returns its number.
    fn add(&self, body: &[u8]) -> usize {
        let at = Instant::now();
        let (mut to, mut text) = (0, Text::Other);
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "To" => to = value.trim_start_matches('+').parse().unwrap(),
                "Body" => text = Text::of(&value),
                _ => {}
            }
        }
        let mut sent = self.sent.lock().unwrap();
        sent.push(Sent { at, to, text });
        match text {
            Text::Number(_) => {
                self.texts.fetch_add(1, Ordering::Release);
                self.sample.get_or_init(|| body.to_vec());
            }
            Text::Paired => {
                self.paired.fetch_add(1, Ordering::Release);
            }
            Text::Other => {}
        }
        sent.len()
    }
}

impl Text {
    fn of(body: &str) -> Self {
        if body.starts_with("You're now connected") {
            return Self::Paired;
        }
        number_of(body).map_or(Self::Other, Self::Number)
    }
}

fn head_of(status: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: keep-alive\r\n\r\n"
    )
}

/// Returns the response to a created message, of the length of the original, with a place for its id.
fn created() -> String {
    let body = concat!(
        r#"{"account_sid":"AC00000000000000000000000000000000","api_version":"2010-04-01","#,
        r#""body":"Stranger: text 0000000 of a long talk","date_created":"#,
        r#""Thu, 01 Jan 2026 00:00:00 +0000","date_sent":null,"date_updated":"#,
        r#""Thu, 01 Jan 2026 00:00:00 +0000","direction":"outbound-api","error_code":null,"#,
        r#""error_message":null,"from":"+18005551212","messaging_service_sid":null,"#,
        r#""num_media":"0","num_segments":"1","price":null,"price_unit":"USD","sid":"{sid}","#,
        r#""status":"queued","subresource_uris":{"media":"/2010-04-01/Accounts/"#,
        r#"AC00000000000000000000000000000000/Messages/{sid}/Media.json"},"to":"+14150000000","#,
        r#""uri":"/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages/{sid}.json"}"#,
    );
    let length = body.replace("{sid}", &"0".repeat(34)).len();
    head_of("201 Created", length) + body
}
