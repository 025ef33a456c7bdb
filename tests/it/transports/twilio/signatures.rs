//! Which calls are believed.

use std::sync::LazyLock;

use crosswire::contracts::transport::{ReceiveError, Transport, WebhookRequest};
use crosswire::transports::twilio::{Twilio, TwilioConfig};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rstest::rstest;
use secrecy::SecretString;

use super::{FORM, TOKEN, call, reference, settings, twilio};

const CALL: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309\
    &To=%2B18005551212&Caller=%2B14158675309";
const OTHER_CALLER: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B12349013030\
    &To=%2B18005551212&Caller=%2B12349013030";
const TARGET: &str = "/myapp.php?foo=1&bar=2";

pub(super) fn is_believed(twilio: &Twilio, request: &WebhookRequest) -> bool {
    !matches!(
        twilio.receive(request),
        Err(ReceiveError::Forged { .. }
            | ReceiveError::Method(_)
            | ReceiveError::ContentType(_)
            | ReceiveError::TooLarge(_))
    )
}

fn post(origin: &str, target: &str, body: &str, signature: &str) -> WebhookRequest {
    let mut request = call(origin, target, Some(body));
    signature.clone_into(&mut request.headers[0].1);
    request
}

fn json(target: &str, body: &str, signature: &str) -> WebhookRequest {
    let mut request = post("https://mycompany.com", target, body, signature);
    "application/json; charset=utf-8".clone_into(&mut request.headers[1].1);
    request
}

#[rstest]
#[case("https://mycompany.com", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
#[case("https://mycompany.com:443", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w=")]
#[case("http://mycompany.com:80", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
#[case("http://mycompany.com:1234", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=")]
// The port is not always signed: each side may have one that the other has not.
#[case("https://mycompany.com", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w=")]
#[case("http://mycompany.com", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4=")]
#[case("https://mycompany.com:443", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
#[case("https://mycompany.com:1234", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
#[case("https://mycompany.com", OTHER_CALLER, "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")]
#[case(
    "https://mycompany.com",
    "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234",
    "IK+Dwps556ElfBT0I3Rgjkr1wJU="
)]
fn the_published_signatures_are_believed(
    #[case] origin: &str,
    #[case] form: &str,
    #[case] signature: &str,
) {
    assert!(is_believed(twilio(), &post(origin, TARGET, form, signature)));
    assert!(!is_believed(twilio(), &post(origin, "/myapp.php?foo=1", form, signature)));
    assert!(!is_believed(twilio(), &post(origin, TARGET, "Digits=1", signature)));
}

#[test]
fn a_json_body_is_believed_with_its_hash_and_its_signature_alone() {
    const SIGNATURE: &str = "a9nBmqA0ju/hNViExpshrM61xv4=";
    const BODY: &str = r#"{"property": "value", "boolean": true}"#;
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let target = format!("{TARGET}&bodySHA256={hash}");
    assert!(is_believed(twilio(), &json(&target, BODY, SIGNATURE)));
    assert!(!is_believed(twilio(), &json(&target, "{}", SIGNATURE)));
    assert!(!is_believed(twilio(), &json(&target, BODY, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")));
    // Signed, and nothing said about the body.
    let bare = reference::signature(TOKEN, format!("https://mycompany.com{TARGET}").as_bytes());
    assert!(!is_believed(twilio(), &json(TARGET, BODY, &bare)));
}

#[rstest]
#[case::a_plain_apostrophe("/in?name=O'Hara", "/in?name=O%27Hara")]
#[case::at_and_colon("/in?to=a%40b%3Ac", "/in?to=a@b:c")]
#[case::plus_for_a_space("/in?text=a%20b", "/in?text=a+b")]
#[case::lower_case_escapes("/in?text=%C3%A9", "/in?text=%c3%a9")]
#[case::a_name_alone("/in?flag=", "/in?flag")]
#[case::repeated_names("/in?a=1&a=3&b=2", "/in?a=1&b=2&a=3")]
fn a_query_that_was_encoded_differently_on_the_way_is_believed(
    #[case] signed: &str,
    #[case] arrived: &str,
) {
    let mut request = call("https://example.com", signed, Some("Body=+hi+%27+"));
    assert!(is_believed(twilio(), &request));
    arrived.clone_into(&mut request.target);
    assert!(is_believed(twilio(), &request));
}

#[rstest]
#[case::order_of_the_query("/in?a=1&b=2", "/in?b=2&a=1")]
#[case::a_space_at_the_end("/in?a=1%20", "/in?a=1")]
#[case::another_path("/in?a=1", "/in/?a=1")]
#[case::case_of_the_path("/in", "/IN")]
fn another_target_is_not(#[case] signed: &str, #[case] arrived: &str) {
    let mut request = call("https://example.com", signed, Some("Body=hi"));
    arrived.clone_into(&mut request.target);
    assert!(!is_believed(twilio(), &request));
}

#[rstest]
#[case::order_of_the_form("a=1&b=2", "b=2&a=1", true)]
#[case::plus_and_escaped_space("Body=a+b", "Body=a%20b", true)]
#[case::apostrophe("Body=it's", "Body=it%27s", true)]
#[case::a_repeated_pair("a=1&a=1&b=2", "a=1&b=2", true)]
#[case::a_space_at_the_end("Body=hi+", "Body=hi", false)]
#[case::a_space_at_the_start("Body=+hi", "Body=hi", false)]
#[case::a_line_end("Body=hi%0D%0A", "Body=hi%0A", false)]
#[case::an_empty_parameter("a=1&b=", "a=1", false)]
#[case::case_of_a_name("a=1", "A=1", false)]
fn a_form_is_signed_by_what_it_says(
    #[case] signed: &str,
    #[case] arrived: &str,
    #[case] same: bool,
) {
    let mut request = call("https://example.com", "/in", Some(signed));
    request.body = arrived.into();
    assert_eq!(is_believed(twilio(), &request), same);
}

#[test]
fn a_fragment_and_userinfo_are_as_twilio_has_them() {
    let mut request = call("https://user:pass@example.com", "/in?a=1", Some("Body=hi"));
    assert!(is_believed(twilio(), &request));
    request.target.push_str("#rc=2&rp=all");
    assert!(is_believed(twilio(), &request));
    "https://example.com".clone_into(&mut request.origin);
    assert!(!is_believed(twilio(), &request));
}

#[test]
fn during_a_rotation_both_tokens_are_believed_and_no_third() {
    let with = |primary: Option<&str>, secondary: Option<&str>| {
        let auth_token = primary.map(SecretString::from);
        let auth_token_secondary = secondary.map(SecretString::from);
        Twilio::new(TwilioConfig { auth_token, auth_token_secondary, ..settings() }).unwrap()
    };
    let request = call("https://example.com", "/in", Some("Body=hi"));
    assert!(is_believed(&with(Some(TOKEN), Some("new")), &request));
    assert!(is_believed(&with(Some("new"), Some(TOKEN)), &request));
    assert!(is_believed(&with(None, Some(TOKEN)), &request));
    assert!(!is_believed(&with(Some("new"), Some("newer")), &request));
    assert!(!is_believed(&with(None, None), &request));
}

#[test]
fn an_empty_token_is_no_token() {
    let auth_token = Some(SecretString::from(""));
    let twilio = Twilio::new(TwilioConfig { auth_token, ..settings() }).unwrap();
    let signature = reference::signature("", b"https://example.com/inBodyhi");
    assert!(!is_believed(&twilio, &post("https://example.com", "/in", "Body=hi", &signature)));
}

#[test]
fn a_refusal_tells_the_log_the_address_and_no_value() {
    let mut request = call("https://u:p@example.com", "/in?From=%2B1415&Body=hush", None);
    request.headers.clear();
    let refused = twilio().receive(&request).unwrap_err();
    let signed_url = "https://example.com/in?From&Body".to_owned();
    assert_eq!(refused, ReceiveError::Forged { signed_url });
}

/// A client loads the system's certificates, which is too slow for every one of many cases.
static ACCOUNTS: LazyLock<[(&str, Twilio); 5]> = LazyLock::new(|| {
    let tokens = ["1", TOKEN, "0123456789abcdef0123456789abcdef", " a \t", "t\u{f6}ken\u{1f600}"];
    tokens.map(|token| {
        let auth_token = Some(SecretString::from(token));
        (token, Twilio::new(TwilioConfig { auth_token, ..settings() }).unwrap())
    })
});

/// A request in parts, so that the wire form and the signed form are made apart from each other.
#[derive(Clone, Debug)]
struct Parts {
    origin: String,
    path: &'static str,
    query: Vec<(String, String)>,
    form: Option<Vec<(String, String)>>,
    /// Chooses among the ways to write a byte.
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

/// One of the many ways to write these pairs.
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
    let mut request = call(&parts.origin, &format!("{}{mark}{query}", parts.path), form.as_deref());
    request.headers[0].1.clear();
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Straight from the pairs, that is without the decoding that the rest of the reference shares
    /// a purpose with.
    #[test]
    fn two_implementations_agree_about_any_request(parts in parts()) {
        let (token, twilio) = &ACCOUNTS[parts.account];
        let mut request = request(&parts);
        let mut believes = |signed: &[u8]| {
            request.headers[0].1 = reference::signature(token, signed);
            is_believed(twilio, &request)
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
        prop_assert!(believes(genuine.as_bytes()));
        for forged in forged {
            prop_assert!(!believes(forged.as_bytes()));
        }
    }

    #[test]
    fn every_way_to_sign_that_the_reference_knows_is_believed(parts in parts()) {
        let (token, twilio) = &ACCOUNTS[parts.account];
        let mut request = request(&parts);
        for signed in reference::signed(&request) {
            request.headers[0].1 = reference::signature(token, &signed);
            prop_assert!(is_believed(twilio, &request));
            request.headers[0].1 = reference::signature("another token", &signed);
            prop_assert!(!is_believed(twilio, &request));
        }
    }
}

#[test]
fn a_call_of_another_kind_is_told_what_to_use() {
    let mut request = call("https://example.com", "/in", Some("Body=hi"));
    request.method = "PUT".to_owned();
    assert_eq!(twilio().receive(&request), Err(ReceiveError::Method("GET, POST")));
    request.method = "POST".to_owned();
    request.headers[1].1 = "multipart/form-data; boundary=x".to_owned();
    assert_eq!(twilio().receive(&request), Err(ReceiveError::ContentType(FORM)));
    request.headers[1].1 = "Application/X-WWW-Form-Urlencoded ; charset=UTF-8".to_owned();
    assert!(is_believed(twilio(), &request));
    request.headers.truncate(1);
    assert_eq!(twilio().receive(&request), Err(ReceiveError::ContentType(FORM)));
}
