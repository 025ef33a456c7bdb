//! The support desk against a service that fails first.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crosswire::prelude::*;

use super::Desk;

/// Answers one call each with these status lines and bodies; returns the idempotency keys.
fn service(answers: Vec<(&'static str, &'static str)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tickets", listener.local_addr().unwrap());
    let serve = move || {
        let answer = |(status, body): (&str, &str)| {
            let (mut stream, _) = listener.accept().unwrap();
            let key = read_key(&stream);
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )
            .unwrap();
            key
        };
        answers.into_iter().map(answer).collect()
    };
    (url, thread::spawn(serve))
}

/// Reads a request to its end, and returns its idempotency key.
fn read_key(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut key, mut length) = (String::new(), 0);
    for line in reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()) {
        match line.to_lowercase().split_once(": ") {
            Some(("idempotency-key", value)) => key = value.to_owned(),
            Some(("content-length", value)) => length = value.parse().unwrap(),
            _ => {}
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    key
}

#[test]
fn call_is_repeated_under_the_same_key_until_the_ticket_is_open() {
    let (url, calls) = service(vec![
        ("503 Service Unavailable", ""),
        ("200 OK", r#"{"number":7}"#),
        ("422 Unprocessable Content", ""),
    ]);
    let topics = include_str!("topics.toml").replace("http://127.0.0.1:9000/tickets", &url);
    let app = App::new().handler_with("support_desk", Desk::new).topics(&topics);
    app.script("support_desk", include_str!("support_desk.script")).unwrap();
    let keys = calls.join().unwrap();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
}
