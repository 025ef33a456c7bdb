//! Genuine calls with something changed on the way.

use crosswire::contracts::transport::{Transport, WebhookRequest};
use sha2::{Digest, Sha256};

use super::signatures::is_believed;
use super::{ACCOUNT, TOKEN, call, reference, twilio};

const ENOUGH: u32 = 100_000;

/// Marsaglia's xorshift: the same changes in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % sides.max(1)
    }
}

fn genuine() -> Vec<WebhookRequest> {
    let sid = "SM0123456789abcdef0123456789abcdef";
    let message = format!(
        "ToCountry=US&SmsMessageSid={sid}&NumMedia=1&FromCity=&Body=It%27s+me%2C+caf%C3%A9+%F0%9F%98%80%20\
        &From=%2B14158675309&To=%2B15005550006&MessageSid={sid}&AccountSid={ACCOUNT}\
        &MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fx&MediaContentType0=image%2Fpng&Digits=2&Digits=1"
    );
    let report = format!("MessageSid={sid}&MessageStatus=delivered&AccountSid={ACCOUNT}");
    let query = format!("/in?{message}");
    let body = r#"{"property": "value"}"#;
    let hash = hex::encode(Sha256::digest(body));
    let mut json = call("https://example.com", &format!("/in?a=1&bodySHA256={hash}"), None);
    "POST".clone_into(&mut json.method);
    json.body = body.into();
    json.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    vec![
        call("https://example.com", "/queue/echo", Some(&message)),
        call("http://u:p@example.com:8080", "/queue/echo?tag=a+b%27&x", Some(&message)),
        call("https://example.com", "/status?message=out-1&cause=in-1", Some(&report)),
        call("https://example.com", &query, None),
        json,
    ]
}

/// One small change of a byte string.
fn changed(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = dice.throw(bytes.len());
    match dice.throw(6) {
        _ if bytes.is_empty() => bytes.push(b'x'),
        0 | 1 => bytes[at] ^= 1 << dice.throw(8),
        2 => {
            bytes.remove(at);
        }
        3 => bytes.insert(at, b"a0=&%+ #\0"[dice.throw(9)]),
        4 => {
            let other = dice.throw(bytes.len());
            bytes.swap(at, other);
        }
        _ => bytes.truncate(at),
    }
    bytes
}

/// One change of a parameter as a whole.
fn rearranged(pairs: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut pairs: Vec<Vec<u8>> = pairs.split(|it| *it == b'&').map(<[u8]>::to_vec).collect();
    let at = dice.throw(pairs.len());
    match dice.throw(4) {
        0 => pairs[at].insert(0, b'X'),
        1 => {
            pairs.remove(at);
        }
        2 => pairs.push([&pairs[at][..], b"x"].concat()),
        _ => pairs.insert(at, b"Body=other".to_vec()),
    }
    pairs.join(&b'&')
}

/// The request with one change, unless it was one that cannot be written down.
fn mutated(request: &WebhookRequest, dice: &mut Dice) -> Option<WebhookRequest> {
    let mut request = request.clone();
    match dice.throw(10) {
        0..4 => request.body = changed(&request.body, dice),
        4 => request.body = rearranged(&request.body, dice),
        5 | 6 => {
            request.target = String::from_utf8(changed(request.target.as_bytes(), dice)).ok()?;
        }
        7 => {
            request.target = String::from_utf8(rearranged(request.target.as_bytes(), dice)).ok()?;
        }
        8 => {
            let signature = &mut request.headers[0].1;
            *signature = String::from_utf8(changed(signature.as_bytes(), dice)).ok()?;
        }
        _ => {
            let method = if request.method == "GET" { "POST" } else { "GET" };
            method.clone_into(&mut request.method);
            request.body = changed(&request.body, dice);
        }
    }
    Some(request)
}

/// Whether the signature stands for this request too: `%41` and `A` say the same. A body beside a
/// GET says nothing, and one that is no form has to be the very same.
fn says_the_same(
    mutant: &WebhookRequest,
    original: &WebhookRequest,
    may_be_signed: &[String],
) -> bool {
    let is_json = mutant.header("content-type") == Some("application/json");
    may_be_signed.contains(&mutant.headers[0].1)
        && (!is_json || mutant.method == "GET" || mutant.body == original.body)
}

#[test]
fn no_change_of_what_is_signed_is_believed() {
    let (twilio, originals) = (twilio(), genuine());
    for original in &originals {
        assert!(twilio.receive(original).is_ok(), "{original:?}");
    }
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let (mut forged, mut same) = (0, 0);
    while forged < ENOUGH {
        let original = &originals[dice.throw(originals.len())];
        let Some(mutant) = mutated(original, &mut dice) else { continue };
        let signed = reference::signed(&mutant);
        let signatures: Vec<_> =
            signed.iter().map(|signed| reference::signature(TOKEN, signed)).collect();
        if says_the_same(&mutant, original, &signatures) {
            same += 1;
            assert!(is_believed(twilio, &mutant) || mutant.method != original.method);
        } else {
            forged += 1;
            assert!(!is_believed(twilio, &mutant), "{mutant:?}");
        }
    }
    // Were most changes none, the test would say little.
    assert!(same < ENOUGH / 4, "{same} of the changes said the same");
}
