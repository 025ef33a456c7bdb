//! Independent implementation of the signature, from Twilio's description, down to the HMAC.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crosswire::contracts::transport::WebhookRequest;
use regex::Regex;
use sha1::{Digest, Sha1};

/// Scheme, user information with host, and port of an origin.
static ORIGIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(https?)://((?:[^@]*@)?(?:\[[^\]]*\]|[^:\]]*))(:\d+)?$").unwrap()
});

/// HMAC of RFC 2104, for keys up to the block size of SHA-1.
pub(super) fn signature(token: &str, signed: &[u8]) -> String {
    assert!(token.len() <= 64, "a longer key would have to be hashed first");
    let pad = |with: u8| {
        let mut block = [with; 64];
        block.iter_mut().zip(token.bytes()).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha1::new().chain_update(pad(0x36)).chain_update(signed).finalize();
    let outer = Sha1::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    BASE64_STANDARD.encode(outer)
}

/// Byte strings that may have been signed for this request.
pub(super) fn signed(request: &WebhookRequest) -> Vec<Vec<u8>> {
    let target = &request.target[..request.target.find('#').unwrap_or(request.target.len())];
    let mut parameters: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
    let is_form = request.header("content-type").is_some_and(|it| it.contains("form"));
    if request.method == "POST" && is_form {
        for (name, value) in decoded(&request.body) {
            parameters.entry(name).or_default().insert(value);
        }
    }
    let mut tail = Vec::new();
    for (name, values) in parameters {
        for value in values {
            tail.extend([name.clone(), value].concat());
        }
    }
    let mut all = Vec::new();
    for origin in origins(&request.origin) {
        for target in [target.to_owned(), reencoded(target)] {
            all.push([origin.as_bytes(), target.as_bytes(), &tail].concat());
        }
    }
    all
}

fn origins(origin: &str) -> [String; 2] {
    let parts = ORIGIN.captures(origin).expect("an origin");
    let standard = if &parts[1] == "http" { ":80" } else { ":443" };
    let port = parts.get(3).map_or(standard, |port| port.as_str());
    [format!("{}://{}{port}", &parts[1], &parts[2]), format!("{}://{}", &parts[1], &parts[2])]
}

/// Target with its query in the encoding of JavaScript's `querystring`.
fn reencoded(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let mut gathered: Vec<(Vec<u8>, Vec<Vec<u8>>)> = Vec::new();
    for (name, value) in decoded(query.as_bytes()) {
        match gathered.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => gathered.push((name, vec![value])),
        }
    }
    let pairs = gathered.iter().flat_map(|(name, values)| values.iter().map(move |it| (name, it)));
    let written: Vec<_> =
        pairs.map(|(name, value)| format!("{}={}", component(name), component(value))).collect();
    let written = written.join("&");
    format!("{path}?{written}")
}

fn component(bytes: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    let write = |byte: &u8| match *byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(write).collect()
}

/// Decodes a form in one pass with a state machine.
fn decoded(encoded: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut pairs = Vec::new();
    let (mut name, mut value, mut in_value, mut seen) = (Vec::new(), Vec::new(), false, false);
    let mut at = 0;
    while at <= encoded.len() {
        let byte = encoded.get(at).copied();
        let here = at;
        let digit = |offset: usize| char::from(*encoded.get(here + offset)?).to_digit(16);
        let part = if in_value { &mut value } else { &mut name };
        at += 1;
        match byte {
            None | Some(b'&') => {
                let pair = (std::mem::take(&mut name), std::mem::take(&mut value));
                if seen {
                    pairs.push(pair);
                }
                (in_value, seen) = (false, false);
                continue;
            }
            Some(b'=') if !in_value => in_value = true,
            Some(b'+') => part.push(b' '),
            Some(b'%') if digit(1).and(digit(2)).is_some() => {
                let code = digit(1).unwrap() * 16 + digit(2).unwrap();
                part.push(u8::try_from(code).unwrap());
                at += 2;
            }
            Some(byte) => part.push(byte),
        }
        seen = true;
    }
    pairs
}
