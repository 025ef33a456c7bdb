//! Settings of the transport: every error at once, with its key and its fix.

use crosswire::contracts::settings::Purpose;
use crosswire::contracts::transport::{ReceiveError, SendError};
use rstest::rstest;

use super::{FORM, built, built_from, outbound, posted};

const OPEN: &str = "incoming.allow = [\"0.0.0.0/0\"]\n";

fn errors(table: &str) -> Vec<String> {
    match built(table, Purpose::Shared) {
        Ok(_) => Vec::new(),
        Err(errors) => errors,
    }
}

#[rstest]
#[case("", "incoming: lets anybody in; set incoming.auth, or incoming.allow")]
#[case("incoming.auth = {}", "incoming: lets anybody in")]
#[case("incoming.auth.hmac_header = \"X-Signature\"", "incoming: lets anybody in")]
#[case("incoming.auth.secret_field = \"token\"", "incoming: lets anybody in")]
#[case("incoming.allow = [\"10.0.0.0/33\"]", "incoming.allow: \"10.0.0.0/33\" is no address")]
#[case("incoming.auth.bearer_env = \"NO\"", "incoming.auth.bearer_env: names NO, which is not set")]
#[case("incoming.auth.hmac_env = \"se-cret\"", "incoming.auth.hmac_env: is not the name of")]
#[case("incoming.auth.user = \"me\"", "incoming.auth: user and password_env go together")]
#[case(
    "incoming.auth = { secret_env = \"GATEWAY_SECRET\", secret_field = \"a\", secret_header = \"b\" }",
    "incoming.auth: secret_field and secret_header name two places"
)]
fn error_in_the_webhook_names_its_key(#[case] table: &str, #[case] expected: &str) {
    let errors = errors(table);
    let expected = format!("topics.toml: topics.t.gateway.{expected}");
    assert!(errors.iter().any(|line| line.starts_with(&expected)), "{errors:#?}");
}

#[rstest]
#[case("outgoing.url = \"gateway\"", "outgoing.url: is no URL")]
#[case("outgoing.url = \"ftp://a/\"", "outgoing.url: is no web address")]
#[case("outgoing.url = \"http://a/?x=%(sender)s\"", "outgoing.url: has a value that is not known")]
#[case("outgoing.url = \"http://%(text)s/\"", "outgoing.url: has values outside of its query")]
#[case("outgoing.format = \"xml\"", "outgoing.format: unknown variant `xml`")]
#[case("outgoing.idempotent = true", "outgoing.idempotent: needs an id in every request")]
#[case("outgoing.txt = \"text\"", "outgoing.txt: unknown field `txt`, expected one of `url`")]
#[case("dedupe = \"2d\"", "dedupe: is more than a day")]
#[case("incoming.text = \"\"", "incoming.text: is empty")]
#[case("preset = \"vonnage\"", "preset: nothing is called \"vonnage\"; did you mean vonage?")]
#[case("preset = 5", "preset: is of the wrong kind")]
#[case(
    "outgoing = { url = \"http://example.com/\", auth.bearer_env = \"GATEWAY_SECRET\" }",
    "outgoing.url: would send the credentials unencrypted; write https://"
)]
fn error_in_the_requests_names_its_key(#[case] table: &str, #[case] expected: &str) {
    let errors = errors(&format!("{OPEN}{table}"));
    let expected = format!("topics.toml: topics.t.gateway.{expected}");
    assert!(matches!(&errors[..], [line] if line.starts_with(&expected)), "{errors:#?}");
}

#[test]
fn all_errors_are_reported_at_once_and_quote_no_secret() {
    let errors = errors(
        "dedupe = \"2d\"\nincoming.auth.bearer_env = \"hunter2\"\noutgoing.url = \"\"\n\
         outgoing.auth.password_env = \"NO\"",
    );
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert!(!errors.join("").contains("hunter2"));
}

#[rstest]
#[case("http://10.0.0.7/", true)]
#[case("http://gateway:8080/", true)]
#[case("http://localhost/", true)]
#[case("http://gateway.internal/", true)]
#[case("https://example.com/", true)]
#[case("http://8.8.8.8/", false)]
fn credentials_leave_the_network_encrypted_only(#[case] url: &str, #[case] is_fine: bool) {
    let table =
        format!("{OPEN}outgoing = {{ url = \"{url}\", auth.secret_env = \"GATEWAY_SECRET\" }}");
    assert_eq!(errors(&table).is_empty(), is_fine);
}

#[tokio::test]
async fn developers_machine_lets_in_itself_and_says_what_is_missing() {
    let local = built("", Purpose::Dev).unwrap();
    let mut request = posted(FORM, "identity=1112223333&text=hello");
    assert_eq!(local.receive(&request), Err(ReceiveError::Denied("calls from this address")));
    request.client = Some([127, 0, 0, 1].into());
    assert!(local.receive(&request).is_ok());

    let missing = built("incoming.auth.bearer_env = \"NO\"", Purpose::Dev).unwrap();
    assert_eq!(missing.missing(), Some("set NO to reach the gateway"));
    assert!(matches!(missing.receive(&request), Err(ReceiveError::NotConfigured(_))));
    assert!(matches!(missing.send(&outbound("hi")).await, Err(SendError::Account { .. })));
}

/// The page shows tables of one topic, which together are its configuration.
#[test]
fn configurations_of_the_page_are_valid() {
    let page = include_str!("../../../../docs/http.md");
    let blocks = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let names = ["simple-http", "infobip", "mygateway", "vonage", "telnyx", "junebug"];
    let text = blocks
        .collect::<String>()
        .replace("transport = \"simple-http\"", &format!("transports = {names:?}"));
    let text = format!(
        "{text}[topics.poll.mygateway]\nkind = \"http\"\nincoming.allow = [\"10.0.0.0/8\"]\n"
    );
    for name in names {
        if let Err(errors) = built_from(&text, name, Purpose::Shared) {
            panic!("{name}: {errors:#?}\n{text}");
        }
    }
}
