//! Signatures of generated requests, compared with the reference implementation.

use std::sync::LazyLock;

use crosswire::contracts::transport::WebhookRequest;
use crosswire::transports::twilio::{Twilio, TwilioConfig};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use secrecy::SecretString;

use super::signatures::is_accepted;
use super::{TOKEN, reference, signed_request, test_config};

/// Accounts that all cases share, because each client loads the system's certificates.
static ACCOUNTS: LazyLock<[(&str, Twilio); 5]> = LazyLock::new(|| {
    let tokens = ["1", TOKEN, "0123456789abcdef0123456789abcdef", " a \t", "t\u{f6}ken\u{1f600}"];
    tokens.map(|token| {
        let auth_token = Some(SecretString::from(token));
        (token, Twilio::new(TwilioConfig { auth_token, ..test_config() }).unwrap())
    })
});

/// Parts of a request, from which its wire form and its signed form are built independently.
#[derive(Clone, Debug)]
struct Parts {
    origin: String,
    path: &'static str,
    query: Vec<(String, String)>,
    form: Option<Vec<(String, String)>>,
    /// Choices among the encodings of each byte.
    spelling: Vec<u8>,
    account: usize,
}

fn parts() -> impl Strategy<Value = Parts> {
    let character = prop_oneof![
        4 => any::<char>(),
        6 => select("aZ09 +%&=?#/:;@'\"~*!()._-,\u{e9}\u{df}\u{1f600}\u{200d}\r\n\t".chars().collect::<Vec<_>>()),
    ];
    let text = vec(character, 0..12).prop_map(String::from_iter);
    let name = prop_oneof![
        text.clone(),
        select(vec!["Body", "From", "a", "A", "aa"]).prop_map(str::to_owned)
    ];
    let pairs = vec((name, text), 0..8);
    let host =
        select(vec!["example.com", "u:p@example.com", "[::1]", "u@[2001:db8::1]", "127.0.0.1"]);
    let port = select(vec!["", "", ":80", ":443", ":8080", ":1"]);
    let origin = (select(vec!["http", "https"]), host, port)
        .prop_map(|(scheme, host, port)| format!("{scheme}://{host}{port}"));
    let path = select(vec!["/", "/in", "/queue/a%20b", "/a//b/", "/O'Hara:@"]);
    let form = proptest::option::of(pairs.clone());
    (origin, path, pairs, form, vec(any::<u8>(), 1..40), 0..5_usize).prop_map(
        |(origin, path, query, form, spelling, account)| Parts {
            origin,
            path,
            query,
            form,
            spelling,
            account,
        },
    )
}

/// Encodes pairs in one of the many equivalent ways.
fn spelled(pairs: &[(String, String)], spelling: &[u8]) -> String {
    let mut ways = spelling.iter().cycle();
    let mut write = |text: &str| {
        text.bytes().fold(String::new(), |written, byte| {
            let way = ways.next().unwrap();
            written
                + &match byte {
                    b' ' if way.is_multiple_of(2) => "+".to_owned(),
                    byte if byte.is_ascii_alphanumeric() && !way.is_multiple_of(5) => {
                        char::from(byte).to_string()
                    }
                    b'\'' | b'@' | b':' | b'~' | b'*' if way.is_multiple_of(2) => {
                        char::from(byte).to_string()
                    }
                    byte if way.is_multiple_of(3) => format!("%{byte:02x}"),
                    byte => format!("%{byte:02X}"),
                }
        })
    };
    let pairs: Vec<_> =
        pairs.iter().map(|(name, value)| format!("{}={}", write(name), write(value))).collect();
    pairs.join("&")
}

fn request(parts: &Parts) -> WebhookRequest {
    let query = spelled(&parts.query, &parts.spelling);
    let mark = if query.is_empty() { "" } else { "?" };
    let form = parts.form.as_ref().map(|form| spelled(form, &parts.spelling));
    let mut request =
        signed_request(&parts.origin, &format!("{}{mark}{query}", parts.path), form.as_deref());
    request.headers[0].1.clear();
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Computed from the pairs directly, without any decoding.
    #[test]
    fn independent_implementation_agrees_on_any_request(parts in parts()) {
        let (token, twilio) = &ACCOUNTS[parts.account];
        let mut request = request(&parts);
        let mut accepts = |signed: &[u8]| {
            request.headers[0].1 = reference::signature(token, signed);
            is_accepted(twilio, &request)
        };

        let mut form = parts.form.clone().unwrap_or_default();
        form.sort();
        form.dedup();
        let form: String = form.into_iter().map(|(name, value)| name + &value).collect();
        let query = spelled(&parts.query, &parts.spelling);
        let mark = if query.is_empty() { "" } else { "?" };
        let url = format!("{}{}{mark}{query}", parts.origin, parts.path);
        let forged = [format!("{url}{form}."), format!("{url}#{form}"), format!("x{url}{form}")];
        let genuine = format!("{url}{form}");
        prop_assert!(accepts(genuine.as_bytes()));
        for forged in forged {
            prop_assert!(!accepts(forged.as_bytes()));
        }
    }

    #[test]
    fn every_signature_of_the_reference_is_accepted(parts in parts()) {
        let (token, twilio) = &ACCOUNTS[parts.account];
        let mut request = request(&parts);
        for signed in reference::signed(&request) {
            request.headers[0].1 = reference::signature(token, &signed);
            prop_assert!(is_accepted(twilio, &request));
            request.headers[0].1 = reference::signature("another token", &signed);
            prop_assert!(!is_accepted(twilio, &request));
        }
    }
}
