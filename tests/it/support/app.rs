//! An app behind a URL: it behaves as the test says, and keeps the requests that it got.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::{PATIENCE, poll};

/// Behaviour of the app towards one request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Answers 200 with this body.
    Answer(String),
    Status(u16),
    /// Answers with these bytes, and closes the connection.
    Bytes(Vec<u8>),
    /// Closes the connection without an answer.
    Close,
    /// Answers nothing, until the client gives up.
    Hang,
    /// Answers 200 with a body of one byte at a time, without an end.
    Drip,
}

impl Behaviour {
    pub(crate) fn json(answer: &Value) -> Self {
        Self::Answer(answer.to_string())
    }

    fn head(status: u16, length: usize) -> Vec<u8> {
        let kind = "Content-Type: application/json";
        format!("HTTP/1.1 {status} Fake\r\n{kind}\r\nContent-Length: {length}\r\n\r\n").into_bytes()
    }
}

/// A request, with the names of its headers in lower case.
#[derive(Clone, Debug)]
pub(crate) struct AppRequest {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl AppRequest {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

type Behave = dyn Fn(usize, &AppRequest) -> Behaviour + Send + Sync;

/// The app. Its threads end with the test's process.
pub(crate) struct FakeApp {
    port: u16,
    requests: Arc<Mutex<Vec<AppRequest>>>,
}

impl FakeApp {
    /// Starts an app, which is told the number of earlier requests and the request.
    pub(crate) fn start(
        behave: impl Fn(usize, &AppRequest) -> Behaviour + Send + Sync + 'static,
    ) -> Self {
        Self::start_on(0, behave)
    }

    /// Starts an app on this port.
    pub(crate) fn start_on(
        port: u16,
        behave: impl Fn(usize, &AppRequest) -> Behaviour + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::<Mutex<Vec<AppRequest>>>::default();
        let (kept, behave): (_, Arc<Behave>) = (Arc::clone(&requests), Arc::new(behave));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, behave) = (Arc::clone(&kept), Arc::clone(&behave));
                std::thread::spawn(move || serve(stream, &kept, behave.as_ref()));
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn requests(&self) -> Vec<AppRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until it got as many requests, and returns all of them.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<AppRequest> {
        let enough = || Some(self.requests()).filter(|requests| requests.len() >= count);
        poll(PATIENCE, enough).unwrap_or_else(|| panic!("requests: {}", self.requests().len()))
    }
}

fn serve(stream: TcpStream, requests: &Mutex<Vec<AppRequest>>, behave: &Behave) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = read(&mut reader) {
        let behaviour = {
            let mut requests = requests.lock().unwrap();
            requests.push(request.clone());
            behave(requests.len() - 1, &request)
        };
        let bytes = match behaviour {
            Behaviour::Answer(body) => [Behaviour::head(200, body.len()), body.into()].concat(),
            Behaviour::Status(status) => Behaviour::head(status, 0),
            Behaviour::Bytes(bytes) => {
                let _ = stream.write_all(&bytes);
                return;
            }
            Behaviour::Close => return,
            Behaviour::Hang => {
                let _ = reader.read(&mut [0]);
                return;
            }
            Behaviour::Drip => return drip(&mut stream),
        };
        if stream.write_all(&bytes).is_err() {
            return;
        }
    }
}

fn drip(stream: &mut TcpStream) {
    let mut rest = stream.write_all(&Behaviour::head(200, 1_000_000));
    while rest.is_ok() {
        rest = stream.write_all(b" ");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<AppRequest> {
    let mut headers = BTreeMap::new();
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).ok()?;
    Some(AppRequest { headers, body })
}
