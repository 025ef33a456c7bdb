//! Genuine requests with one change each.

use crosswire::contracts::transport::{Transport, WebhookRequest};
use sha2::{Digest, Sha256};

use super::signatures::is_accepted;
use super::{ACCOUNT, TOKEN, reference, signed_request, twilio};

const MUTANTS: u32 = 100_000;

/// Marsaglia's xorshift generator, so that every run makes the same changes.
struct Random(u64);

impl Random {
    fn below(&mut self, sides: usize) -> usize {
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
    let mut json =
        signed_request("https://example.com", &format!("/in?a=1&bodySHA256={hash}"), None);
    "POST".clone_into(&mut json.method);
    json.body = body.into();
    json.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    vec![
        signed_request("https://example.com", "/queue/echo", Some(&message)),
        signed_request("http://u:p@example.com:8080", "/queue/echo?tag=a+b%27&x", Some(&message)),
        signed_request("https://example.com", "/status?message=out-1&cause=in-1", Some(&report)),
        signed_request("https://example.com", &query, None),
        json,
    ]
}

/// Changes a byte string in one place.
fn changed(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = random.below(bytes.len());
    match random.below(6) {
        _ if bytes.is_empty() => bytes.push(b'x'),
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => {
            bytes.remove(at);
        }
        3 => bytes.insert(at, b"a0=&%+ #\0"[random.below(9)]),
        4 => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
        _ => bytes.truncate(at),
    }
    bytes
}

/// Adds, removes or changes one parameter.
fn rearranged(pairs: &[u8], random: &mut Random) -> Vec<u8> {
    let mut pairs: Vec<Vec<u8>> = pairs.split(|it| *it == b'&').map(<[u8]>::to_vec).collect();
    let at = random.below(pairs.len());
    match random.below(4) {
        0 => pairs[at].insert(0, b'X'),
        1 => {
            pairs.remove(at);
        }
        2 => pairs.push([&pairs[at][..], b"x"].concat()),
        _ => pairs.insert(at, b"Body=other".to_vec()),
    }
    pairs.join(&b'&')
}

/// Request with one change; nothing when the result is not UTF-8.
fn mutated(request: &WebhookRequest, random: &mut Random) -> Option<WebhookRequest> {
    let mut request = request.clone();
    match random.below(10) {
        0..4 => request.body = changed(&request.body, random),
        4 => request.body = rearranged(&request.body, random),
        5 | 6 => {
            request.target = String::from_utf8(changed(request.target.as_bytes(), random)).ok()?;
        }
        7 => {
            request.target =
                String::from_utf8(rearranged(request.target.as_bytes(), random)).ok()?;
        }
        8 => {
            let signature = &mut request.headers[0].1;
            *signature = String::from_utf8(changed(signature.as_bytes(), random)).ok()?;
        }
        _ => {
            let method = if request.method == "GET" { "POST" } else { "GET" };
            method.clone_into(&mut request.method);
            request.body = changed(&request.body, random);
        }
    }
    Some(request)
}

/// Returns whether the signature covers this request too: `%41` and `A` are equal. The body of a GET is
/// not signed, and one that is no form must be identical.
fn is_equivalent(
    mutant: &WebhookRequest,
    original: &WebhookRequest,
    may_be_signed: &[String],
) -> bool {
    let is_json = mutant.header("content-type") == Some("application/json");
    may_be_signed.contains(&mutant.headers[0].1)
        && (!is_json || mutant.method == "GET" || mutant.body == original.body)
}

#[test]
fn mutated_requests_are_refused() {
    let (twilio, originals) = (twilio(), genuine());
    for original in &originals {
        assert!(twilio.receive(original).is_ok(), "{original:?}");
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut forged, mut same) = (0, 0);
    while forged < MUTANTS {
        let original = &originals[random.below(originals.len())];
        let Some(mutant) = mutated(original, &mut random) else { continue };
        let signed = reference::signed(&mutant);
        let signatures: Vec<_> =
            signed.iter().map(|signed| reference::signature(TOKEN, signed)).collect();
        if is_equivalent(&mutant, original, &signatures) {
            same += 1;
            assert!(is_accepted(twilio, &mutant) || mutant.method != original.method);
        } else {
            forged += 1;
            assert!(!is_accepted(twilio, &mutant), "{mutant:?}");
        }
    }
    // The test means little if most changes are none.
    assert!(same < MUTANTS / 4, "{same} of the changes were equivalent");
}
