//! A request that is spoiled at random, by a seed.

use crate::support::twilio::Random;

/// Values that parsers trip over.
const HOSTILE: [&str; 24] = [
    "",
    "\0",
    "\r\nX-Injected: 1",
    "'; FLUSHALL; --",
    "../../../../etc/passwd",
    "{roulette:0}in:ready",
    "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><x>&a;</x>",
    "${jndi:ldap://127.0.0.1/a}",
    "-1",
    "99999999999999999999999999999999",
    "1e400",
    "NaN",
    "0x7fffffffffffffff",
    "\u{202e}\u{feff}\u{200d}",
    "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{10ffff}\u{fffe}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}",
    "%00%ff%c0%80%",
    "null",
    "true",
    "+1415555010111111111111111111111111",
    "whatsapp:+14155550101",
    "\\u0000\\ud800",
];

const METHODS: [&str; 8] = ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "SMS", "get"];

/// Parts of a request, before they are written as bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

pub(super) type Pairs = Vec<(String, String)>;

impl Request {
    pub(super) fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), ..Self::default() }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn form(self, pairs: &Pairs) -> Self {
        let body = encoded(pairs).into_bytes();
        Self { body, ..self.header("Content-Type", "application/x-www-form-urlencoded") }
    }

    pub(super) fn query(mut self, pairs: &Pairs) -> Self {
        self.path = format!("{}?{}", self.path, encoded(pairs));
        self
    }

    pub(super) fn json(self, body: &str) -> Self {
        Self { body: body.into(), ..self.header("Content-Type", "application/json") }
    }

    /// Spoils the request as a whole: its method, path, headers or bytes.
    pub(super) fn spoiled(mut self, random: &mut Random) -> Self {
        match random.below(10) {
            0 => METHODS[pick(random, METHODS.len())].clone_into(&mut self.method),
            1 => self
                .path
                .push_str(["%00", "/../..", "//", ";x=1", "%", "?", "/%2e%2e/"][pick(random, 7)]),
            2 if !self.headers.is_empty() => {
                let header = pick(random, self.headers.len());
                self.headers[header].1 = visible(hostile(random));
            }
            3 if !self.headers.is_empty() => {
                let header = self.headers[pick(random, self.headers.len())].clone();
                self.headers.push(header);
            }
            4 if !self.headers.is_empty() => {
                self.headers.remove(pick(random, self.headers.len()));
            }
            5 if !self.body.is_empty() => self.body.truncate(pick(random, self.body.len())),
            6 | 7 if !self.body.is_empty() => {
                let at = pick(random, self.body.len());
                self.body[at] = u8::try_from(random.below(256)).unwrap();
            }
            8 => self.headers.push(("X-Forwarded-For".to_owned(), visible(hostile(random)))),
            _ => {}
        }
        self
    }

    /// Writes it for one connection.
    pub(super) fn bytes(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if !self.headers.iter().any(|(name, _)| name == "Connection") {
            head.push_str("Connection: close\r\n");
        }
        let length = self.body.len().to_string();
        head.extend(["Content-Length: ", &length, "\r\n\r\n"]);
        [head.as_bytes(), &self.body].concat()
    }
}

pub(super) fn encoded(pairs: &Pairs) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Spoils some of the parameters.
pub(super) fn spoil(pairs: &mut Pairs, random: &mut Random) {
    for _ in 0..=random.below(3) {
        if pairs.is_empty() {
            return;
        }
        let at = pick(random, pairs.len());
        match random.below(6) {
            0 => drop(pairs.remove(at)),
            1 => pairs.push(pairs[at].clone()),
            2 => pairs.push((hostile(random).to_owned(), hostile(random).to_owned())),
            3 => pairs[at].1 = hostile(random).repeat(200),
            4 => hostile(random).clone_into(&mut pairs[at].0),
            _ => hostile(random).clone_into(&mut pairs[at].1),
        }
    }
}

/// Spoils bytes of a text.
pub(super) fn spoil_text(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let at = pick(random, bytes.len().max(1)).min(bytes.len());
        match random.below(4) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, hostile(random).bytes())),
            2 => bytes.insert(at, u8::try_from(random.below(256)).unwrap()),
            _ => drop(bytes.splice(at..at, hostile(random).repeat(100).bytes())),
        }
    }
    bytes
}

pub(super) fn pick(random: &mut Random, count: usize) -> usize {
    usize::try_from(random.below(count as u64)).unwrap()
}

pub(super) fn hostile(random: &mut Random) -> &'static str {
    HOSTILE[pick(random, HOSTILE.len())]
}

/// Returns a value without the characters that end a header: those are requests of their own.
fn visible(value: &str) -> String {
    value.replace(['\r', '\n', '\0'], "_")
}
