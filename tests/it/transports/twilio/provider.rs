//! HTTP server on a local port that follows a script, one action per request.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Action on one request.
#[derive(Clone, Debug)]
pub(in crate::transports) enum Action {
    /// Status, further header lines, body.
    Answer(u16, &'static str, String),
    /// Responds as if the connection was kept, and closes it.
    AnswerAndClose(u16, String),
    /// Announces a longer body than it sends.
    Break(u16, String),
    /// Reads the request and closes the connection.
    Close,
    /// Leaves a part of the request unread, so that the kernel resets the connection.
    Reset,
    /// Reads the request and does not respond.
    Hang,
}

pub(in crate::transports) struct Provider {
    pub(in crate::transports) base: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transports) struct Request {
    /// Method and target.
    pub(in crate::transports) line: String,
    pub(in crate::transports) headers: Vec<(String, String)>,
    pub(in crate::transports) body: String,
}

impl Request {
    pub(in crate::transports) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let value = values.next().map_or("", |(_, value)| value);
        assert_eq!(values.next(), None, "{name} occurs twice");
        value
    }
}

type Actions = Arc<Mutex<VecDeque<Action>>>;

impl Provider {
    pub(in crate::transports) fn start(moves: impl IntoIterator<Item = Action>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let moves: Actions = Arc::new(Mutex::new(moves.into_iter().collect()));
        let requests = Arc::default();
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (moves, seen) = (Arc::clone(&moves), Arc::clone(&seen));
                thread::spawn(move || serve(&connection.unwrap(), &moves, &seen));
            }
        });
        Self { base, requests }
    }

    pub(in crate::transports) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(connection: &TcpStream, moves: &Actions, seen: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::with_capacity(64, connection);
    while !reader.fill_buf().unwrap_or_default().is_empty() {
        let next = moves.lock().unwrap().pop_front().expect("one request more than the script has");
        if matches!(next, Action::Reset) {
            return;
        }
        seen.lock().unwrap().push(read(&mut reader));
        let is_kept = answer(connection, &next);
        if matches!(next, Action::Hang) {
            let _ = reader.fill_buf();
        }
        if !is_kept {
            return;
        }
    }
}

fn read(reader: &mut impl BufRead) -> Request {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let header = |line: &String| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_ascii_lowercase(), value.to_owned())
    };
    let line = lines[0].trim_end_matches(" HTTP/1.1").to_owned();
    let mut request =
        Request { line, headers: lines[1..].iter().map(header).collect(), body: String::new() };
    let length = request.header("content-length").parse().unwrap_or(0);
    reader.take(length).read_to_string(&mut request.body).unwrap();
    request
}

/// Performs an action. Returns whether the connection is kept.
fn answer(mut connection: &TcpStream, next: &Action) -> bool {
    let (status, headers, body, length) = match next {
        Action::Answer(status, headers, body) => (status, *headers, body, body.len()),
        Action::AnswerAndClose(status, body) => (status, "", body, body.len()),
        Action::Break(status, body) => (status, "", body, body.len() + 1),
        Action::Close | Action::Reset | Action::Hang => return false,
    };
    let head = format!("HTTP/1.1 {status} Scripted\r\nContent-Length: {length}\r\n{headers}\r\n");
    connection.write_all((head + body).as_bytes()).unwrap();
    matches!(next, Action::Answer(..))
}
