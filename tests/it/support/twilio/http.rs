//! Subset of HTTP/1.1 that the fake needs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// Largest body, which no request of the tests comes near.
const LARGEST_BODY: usize = 1 << 20;

pub(super) struct Request {
    pub(super) method: String,
    /// Path, without the query.
    pub(super) path: String,
    pub(super) query: Form,
    pub(super) authorization: Option<String>,
    pub(super) form: Form,
}

/// Decoded names and values, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(pub(super) Vec<(String, String)>);

impl Form {
    fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }
}

/// Reads the next request of a connection; nothing when the client has closed it.
pub(super) fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (length, authorization) = read_headers(stream)?;
    let mut body = vec![0; length.min(LARGEST_BODY)];
    stream.read_exact(&mut body)?;
    Ok(Some(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: Form::parse(query.as_bytes()),
        authorization,
        form: Form::parse(&body),
    }))
}

fn read_headers(stream: &mut BufReader<TcpStream>) -> io::Result<(usize, Option<String>)> {
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            return Ok((length, authorization));
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            "authorization" => authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
}

pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub(super) fn file(body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), body }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("Content-Type", "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into() }
    }

    pub(super) fn page(status: u16) -> Self {
        let headers = vec![("Content-Type", "text/html".to_owned())];
        Self { status, headers, body: b"<html><body>upstream error</body></html>".to_vec() }
    }

    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn write(&self, stream: &mut TcpStream) -> io::Result<()> {
        use std::fmt::Write as _;

        let mut text = format!("HTTP/1.1 {} Fake\r\n", self.status);
        for (name, value) in &self.headers {
            write!(text, "{name}: {value}\r\n").expect("a string takes everything");
        }
        write!(text, "Content-Length: {}\r\n\r\n", self.body.len())
            .expect("a string takes everything");
        // One write, so that the answer is not split over two packets and a delayed ACK.
        stream.write_all(&[text.as_bytes(), &self.body].concat())
    }
}
