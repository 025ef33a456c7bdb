//! Verification of signatures.

use crosswire::contracts::transport::{ReceiveError, Transport, WebhookRequest};
use crosswire::transports::twilio::{Twilio, TwilioConfig};
use rstest::rstest;
use secrecy::SecretString;

use super::{FORM, TOKEN, reference, signed_request, test_config, twilio};

const CALL: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309\
    &To=%2B18005551212&Caller=%2B14158675309";
const OTHER_CALLER: &str = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B12349013030\
    &To=%2B18005551212&Caller=%2B12349013030";
const TARGET: &str = "/myapp.php?foo=1&bar=2";

pub(super) fn is_accepted(twilio: &Twilio, request: &WebhookRequest) -> bool {
    !matches!(
        twilio.receive(request),
        Err(ReceiveError::Forged { .. }
            | ReceiveError::Method(_)
            | ReceiveError::ContentType(_)
            | ReceiveError::TooLarge(_))
    )
}

fn post(origin: &str, target: &str, body: &str, signature: &str) -> WebhookRequest {
    let mut request = signed_request(origin, target, Some(body));
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
// Either side may have a port that the other one lacks.
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
fn published_signatures_are_accepted(
    #[case] origin: &str,
    #[case] form: &str,
    #[case] signature: &str,
) {
    assert!(is_accepted(twilio(), &post(origin, TARGET, form, signature)));
    assert!(!is_accepted(twilio(), &post(origin, "/myapp.php?foo=1", form, signature)));
    assert!(!is_accepted(twilio(), &post(origin, TARGET, "Digits=1", signature)));
}

#[test]
fn json_body_needs_its_hash_and_its_signature() {
    const SIGNATURE: &str = "a9nBmqA0ju/hNViExpshrM61xv4=";
    const BODY: &str = r#"{"property": "value", "boolean": true}"#;
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let target = format!("{TARGET}&bodySHA256={hash}");
    assert!(is_accepted(twilio(), &json(&target, BODY, SIGNATURE)));
    assert!(!is_accepted(twilio(), &json(&target, "{}", SIGNATURE)));
    assert!(!is_accepted(twilio(), &json(&target, BODY, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")));
    // Signed, without a hash of the body.
    let bare = reference::signature(TOKEN, format!("https://mycompany.com{TARGET}").as_bytes());
    assert!(!is_accepted(twilio(), &json(TARGET, BODY, &bare)));
}

#[rstest]
#[case::plain_apostrophe("/in?name=O'Hara", "/in?name=O%27Hara")]
#[case::at_and_colon("/in?to=a%40b%3Ac", "/in?to=a@b:c")]
#[case::plus_for_a_space("/in?text=a%20b", "/in?text=a+b")]
#[case::lower_case_escapes("/in?text=%C3%A9", "/in?text=%c3%a9")]
#[case::name_alone("/in?flag=", "/in?flag")]
#[case::repeated_names("/in?a=1&a=3&b=2", "/in?a=1&b=2&a=3")]
fn query_that_a_proxy_reencoded_is_accepted(#[case] signed: &str, #[case] arrived: &str) {
    let mut request = signed_request("https://example.com", signed, Some("Body=+hi+%27+"));
    assert!(is_accepted(twilio(), &request));
    arrived.clone_into(&mut request.target);
    assert!(is_accepted(twilio(), &request));
}

#[rstest]
#[case::order_of_the_query("/in?a=1&b=2", "/in?b=2&a=1")]
#[case::space_at_the_end("/in?a=1%20", "/in?a=1")]
#[case::another_path("/in?a=1", "/in/?a=1")]
#[case::case_of_the_path("/in", "/IN")]
fn changed_target_is_refused(#[case] signed: &str, #[case] arrived: &str) {
    let mut request = signed_request("https://example.com", signed, Some("Body=hi"));
    arrived.clone_into(&mut request.target);
    assert!(!is_accepted(twilio(), &request));
}

#[rstest]
#[case::order_of_the_form("a=1&b=2", "b=2&a=1", true)]
#[case::plus_and_escaped_space("Body=a+b", "Body=a%20b", true)]
#[case::apostrophe("Body=it's", "Body=it%27s", true)]
#[case::repeated_pair("a=1&a=1&b=2", "a=1&b=2", true)]
#[case::space_at_the_end("Body=hi+", "Body=hi", false)]
#[case::space_at_the_start("Body=+hi", "Body=hi", false)]
#[case::line_end("Body=hi%0D%0A", "Body=hi%0A", false)]
#[case::empty_parameter("a=1&b=", "a=1", false)]
#[case::case_of_a_name("a=1", "A=1", false)]
fn form_signature_covers_decoded_parameters(
    #[case] signed: &str,
    #[case] arrived: &str,
    #[case] same: bool,
) {
    let mut request = signed_request("https://example.com", "/in", Some(signed));
    request.body = arrived.into();
    assert_eq!(is_accepted(twilio(), &request), same);
}

#[test]
fn fragment_is_unsigned_and_userinfo_is_signed() {
    let mut request = signed_request("https://user:pass@example.com", "/in?a=1", Some("Body=hi"));
    assert!(is_accepted(twilio(), &request));
    request.target.push_str("#rc=2&rp=all");
    assert!(is_accepted(twilio(), &request));
    "https://example.com".clone_into(&mut request.origin);
    assert!(!is_accepted(twilio(), &request));
}

#[test]
fn rotation_accepts_both_tokens_and_no_third() {
    let with = |primary: Option<&str>, secondary: Option<&str>| {
        let auth_token = primary.map(SecretString::from);
        let auth_token_secondary = secondary.map(SecretString::from);
        Twilio::new(TwilioConfig { auth_token, auth_token_secondary, ..test_config() }).unwrap()
    };
    let request = signed_request("https://example.com", "/in", Some("Body=hi"));
    assert!(is_accepted(&with(Some(TOKEN), Some("new")), &request));
    assert!(is_accepted(&with(Some("new"), Some(TOKEN)), &request));
    assert!(is_accepted(&with(None, Some(TOKEN)), &request));
    assert!(!is_accepted(&with(Some("new"), Some("newer")), &request));
    assert!(!is_accepted(&with(None, None), &request));
}

#[test]
fn empty_token_verifies_nothing() {
    let auth_token = Some(SecretString::from(""));
    let twilio = Twilio::new(TwilioConfig { auth_token, ..test_config() }).unwrap();
    let signature = reference::signature("", b"https://example.com/inBodyhi");
    assert!(!is_accepted(&twilio, &post("https://example.com", "/in", "Body=hi", &signature)));
}

#[test]
fn refusal_logs_the_url_without_values() {
    let mut request = signed_request("https://u:p@example.com", "/in?From=%2B1415&Body=hush", None);
    request.headers.clear();
    let refused = twilio().receive(&request).unwrap_err();
    let signed_url = "https://example.com/in?From&Body".to_owned();
    assert_eq!(refused, ReceiveError::Forged { signed_url });
}

#[test]
fn wrong_method_or_content_type_is_refused_with_the_allowed_ones() {
    let mut request = signed_request("https://example.com", "/in", Some("Body=hi"));
    request.method = "PUT".to_owned();
    assert_eq!(twilio().receive(&request), Err(ReceiveError::Method("GET, POST")));
    request.method = "POST".to_owned();
    request.headers[1].1 = "multipart/form-data; boundary=x".to_owned();
    assert_eq!(twilio().receive(&request), Err(ReceiveError::ContentType(FORM)));
    request.headers[1].1 = "Application/X-WWW-Form-Urlencoded ; charset=UTF-8".to_owned();
    assert!(is_accepted(twilio(), &request));
    request.headers.truncate(1);
    assert_eq!(twilio().receive(&request), Err(ReceiveError::ContentType(FORM)));
}
