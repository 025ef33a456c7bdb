//! Delivery reports: signed requests to a message's status callback.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use super::journal::Message;
use super::{Account, sign};

/// Fate of accepted messages, as it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// No report.
    Silent,
    /// `sent`, then `delivered`.
    Delivered,
    /// `sent`, then `undelivered` with this code.
    Undelivered(u32),
}

/// Thread that calls the status callbacks one after the other.
pub(super) struct Reporter {
    delivery: Mutex<Delivery>,
    queue: mpsc::Sender<(Message, Delivery)>,
    answers: Arc<Mutex<Vec<u16>>>,
}

impl Reporter {
    pub(super) fn start(account: Account) -> Self {
        let (queue, reports) = mpsc::channel::<(Message, Delivery)>();
        let answers = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&answers);
        std::thread::spawn(move || {
            while let Ok((message, delivery)) = reports.recv() {
                for (status, code) in delivery.states() {
                    // Reports are best effort: one without an answer is not repeated.
                    let answer = call(&account, &message, status, code).unwrap_or_default();
                    log.lock().unwrap().push(answer);
                }
            }
        });
        Self { delivery: Mutex::new(Delivery::Silent), queue, answers }
    }

    pub(super) fn set_delivery(&self, delivery: Delivery) {
        *self.delivery.lock().unwrap() = delivery;
    }

    pub(super) fn enqueue(&self, message: &Message) {
        let delivery = *self.delivery.lock().unwrap();
        if delivery != Delivery::Silent && message.status_callback.is_some() {
            let _ = self.queue.send((message.clone(), delivery));
        }
    }

    pub(super) fn answers(&self) -> Vec<u16> {
        self.answers.lock().unwrap().clone()
    }
}

impl Delivery {
    fn states(self) -> Vec<(&'static str, Option<u32>)> {
        match self {
            Self::Silent => Vec::new(),
            Self::Delivered => vec![("sent", None), ("delivered", None)],
            Self::Undelivered(code) => vec![("sent", None), ("undelivered", Some(code))],
        }
    }
}

fn call(account: &Account, message: &Message, status: &str, code: Option<u32>) -> Option<u16> {
    let url = message.status_callback.as_deref()?;
    let mut form = vec![
        ("AccountSid".to_owned(), account.sid.clone()),
        ("ApiVersion".to_owned(), "2010-04-01".to_owned()),
        ("From".to_owned(), message.from.clone()),
        ("MessageSid".to_owned(), message.sid.clone()),
        ("MessageStatus".to_owned(), status.to_owned()),
        ("SmsSid".to_owned(), message.sid.clone()),
        ("SmsStatus".to_owned(), status.to_owned()),
        ("To".to_owned(), message.to.clone()),
    ];
    form.extend(code.map(|code| ("ErrorCode".to_owned(), code.to_string())));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form.iter()).finish();
    let (host, target) = url.strip_prefix("http://")?.split_once('/')?;
    let request = format!(
        "POST /{target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: TwilioProxy/1.1\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        sign(&account.token, url, &form),
        body.len(),
    );
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(15))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split_whitespace().nth(1)?.parse().ok()
}
