//! Requests of a gateway whose fields are configured.

use crosswire::contracts::transport::{DynTransport, ReceiveError, Received, WebhookResponse};
use crosswire::model::address::Address;
use rstest::rstest;

use super::{FORM, JSON, SECRET, asked, gateway, message, open, posted, with_header};

#[rstest]
#[case(posted(FORM, "identity=1112223333&text=echo+hello"))]
#[case(posted(FORM, "text=%20echo%20hello%0A&identity=+1112223333+&more=1"))]
#[case(posted(
    "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    "identity=1112223333&text=echo+hello"
))]
#[case(posted(JSON, r#"{"identity": 1112223333, "text": "echo hello", "other": null}"#))]
#[case(asked("/http/simple-http/?identity=1112223333&text=echo%20hello"))]
fn message_arrives_as_form_json_or_query(
    #[case] request: crosswire::contracts::transport::WebhookRequest,
) {
    let incoming = message(open().receive(&request));
    assert_eq!(incoming.text.reveal(), "echo hello");
    assert_eq!(incoming.sender, Address::new("gateway", "1112223333", ""));
    assert_eq!(incoming.id.as_str(), "", "the engine makes the id");
}

#[test]
fn answer_is_ok_unless_another_is_configured() {
    let ok = |body: &str| WebhookResponse {
        status: 200,
        content_type: Some("text/plain; charset=utf-8"),
        body: body.to_owned(),
    };
    assert_eq!(open().answer(Some("never in the response")), ok("OK"));
    let other = gateway("incoming = { allow = [\"203.0.113.7\"], answer = \"ACK/\" }");
    assert_eq!(other.answer(None), ok("ACK/"));
}

#[rstest]
#[case("identity=1112223333")]
#[case("text=hello")]
#[case("identity=&text=hello")]
#[case("identity=1112223333&text=%20%0A")]
#[case("")]
fn incomplete_form_fails_to_validate(#[case] form: &str) {
    let refused = open().receive(&posted(FORM, form)).unwrap_err();
    assert_eq!(refused, ReceiveError::Malformed("form failed to validate".to_owned()));
}

#[test]
fn names_of_fields_are_configured_and_lead_into_json() {
    let gateway = gateway(
        "dedupe = \"5m\"\n\
         incoming.identity = \"results.0.from\"\nincoming.text = \"results.0.message.text\"\n\
         incoming.id = \"results.0.id\"\nincoming.to = \"results.0.to\"\n\
         incoming.allow = [\"203.0.113.0/24\"]",
    );
    let body = r#"{"results": [{"from": "41 79 123 45 67", "to": "12345", "id": 77,
        "message": {"text": "naïve 😀"}, "price": {"currency": "EUR"}}], "count": 1}"#;
    let incoming = message(gateway.receive(&posted(JSON, body)));
    assert_eq!(incoming.sender, Address::new("gateway", "+41791234567", "12345"));
    assert_eq!(incoming.text.reveal(), "naïve 😀");
    assert_eq!(incoming.id.as_str(), "77");
    assert_eq!(incoming.parameters.get("results.0.price.currency"), Some("EUR"));
    assert_eq!(incoming.parameters.get("results.0.from"), None);
    assert_eq!(gateway.dedupe_window(), None, "its messages have ids");
    let several = body.replace("}], ", "}, {\"from\": \"41791234568\"}], ");
    let refused = gateway.receive(&posted(JSON, &several)).unwrap_err();
    assert!(refused.to_string().contains("several messages"), "{refused}");
}

#[test]
fn date_makes_the_id_of_a_message() {
    let gateway = gateway("incoming = { allow = [\"::/0\", \"0.0.0.0/0\"], date = \"sent_at\" }");
    let id = |form: &str| message(gateway.receive(&posted(FORM, form))).id;
    let first = id("identity=1112223333&text=yes&sent_at=12:00:00");
    assert_eq!(id("sent_at=12:00:00&text=yes&identity=1112223333&try=2"), first);
    for other in [
        "identity=1112223333&text=yes&sent_at=12:00:01",
        "identity=1112223333&text=no&sent_at=12:00:00",
        "identity=1112223334&text=yes&sent_at=12:00:00",
    ] {
        assert_ne!(id(other), first, "{other}");
    }
}

#[rstest]
#[case("PUT")]
#[case("HEAD")]
#[case("DELETE")]
fn other_methods_are_not_allowed(#[case] method: &str) {
    let mut request = posted(FORM, "identity=1&text=hello");
    request.method = method.to_owned();
    assert_eq!(open().receive(&request), Err(ReceiveError::Method("GET, POST")));
}

fn denied(gateway: &dyn DynTransport, form: &str, header: (&str, &str)) -> bool {
    let request = with_header(posted(FORM, form), header.0, header.1);
    match gateway.receive(&request) {
        Ok(Received::Message(_)) => false,
        Err(ReceiveError::Denied(_)) => true,
        other => panic!("neither taken nor denied: {other:?}"),
    }
}

const GOOD: &str = "identity=1112223333&text=hello";

#[test]
fn bearer_token_is_required() {
    let gateway = gateway("incoming.auth.bearer_env = \"GATEWAY_SECRET\"");
    let bearer = |token: &str| format!("Bearer {token}");
    assert!(!denied(&*gateway, GOOD, ("authorization", &bearer(SECRET))));
    assert!(!denied(&*gateway, GOOD, ("authorization", &format!("token {SECRET}"))));
    for wrong in ["", "Bearer", &bearer(""), &bearer(&SECRET[1..]), &format!("Basic {SECRET}")] {
        assert!(denied(&*gateway, GOOD, ("authorization", wrong)), "{wrong}");
    }
}

#[test]
fn user_and_password_are_required() {
    let gateway = gateway("incoming.auth = { user = \"me\", password_env = \"GATEWAY_SECRET\" }");
    let basic = |pair: String| {
        use base64::Engine;
        format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair))
    };
    assert!(!denied(&*gateway, GOOD, ("authorization", &basic(format!("me:{SECRET}")))));
    for wrong in [format!("you:{SECRET}"), "me:".to_owned(), format!("me{SECRET}")] {
        assert!(denied(&*gateway, GOOD, ("authorization", &basic(wrong))));
    }
    assert!(denied(&*gateway, GOOD, ("authorization", "Basic %%%")));
}

#[test]
fn secret_is_a_field_or_a_header_and_reaches_no_handler() {
    let field = gateway("incoming.auth.secret_env = \"GATEWAY_SECRET\"");
    let form = format!("{GOOD}&secret={SECRET}");
    assert!(!denied(&*field, &form, ("x", "")));
    assert_eq!(message(field.receive(&posted(FORM, &form))).parameters.get("secret"), None);
    let mut in_query = posted(FORM, GOOD);
    in_query.target = format!("/queue/t?secret={SECRET}");
    assert!(field.receive(&in_query).is_ok());
    for wrong in [GOOD.to_owned(), format!("{GOOD}&secret="), format!("{GOOD}&Secret={SECRET}")] {
        assert!(denied(&*field, &wrong, ("x", "")), "{wrong}");
    }
    let header =
        gateway("incoming.auth = { secret_env = \"GATEWAY_SECRET\", secret_header = \"X-Token\" }");
    assert!(!denied(&*header, GOOD, ("x-token", SECRET)));
    assert!(denied(&*header, &form, ("x-token", "")));
}

#[test]
fn signature_covers_the_body() {
    use hmac::{Hmac, KeyInit, Mac};
    let gateway = gateway("incoming.auth.hmac_env = \"GATEWAY_SECRET\"");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(GOOD.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    assert!(!denied(&*gateway, GOOD, ("x-signature", &signature)));
    assert!(!denied(&*gateway, GOOD, ("x-signature", &format!("sha256={signature}"))));
    assert!(denied(&*gateway, &format!("{GOOD}s"), ("x-signature", &signature)));
    assert!(denied(&*gateway, GOOD, ("x-signature", &signature[..62])));
    assert!(denied(&*gateway, GOOD, ("x-signature", "")));
}

#[test]
fn address_is_in_a_network_that_may_call() {
    let gateway = gateway("incoming.allow = [\"10.0.0.0/8\", \"2001:db8::1\"]");
    for (address, is_allowed) in [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("2001:db8::1", true),
        ("2001:db8::2", false),
        ("11.0.0.1", false),
    ] {
        let mut request = posted(FORM, GOOD);
        request.client = Some(address.parse().unwrap());
        assert_eq!(gateway.receive(&request).is_ok(), is_allowed, "{address}");
    }
    let mut unknown = posted(FORM, GOOD);
    unknown.client = None;
    assert!(gateway.receive(&unknown).is_err());
}

#[test]
fn message_that_names_no_line_is_one_to_the_line_that_messages_leave_from() {
    let gateway = gateway(
        "line = \"1 (415) 555-0006\"\nincoming.to = \"to\"\nincoming.allow = [\"203.0.113.7\"]",
    );
    let line = |form: &str| message(gateway.receive(&posted(FORM, form))).sender.line;
    assert_eq!(line("identity=1112223333&text=stop").reveal(), "+14155550006");
    assert_eq!(gateway.line(), Some("+14155550006"));
    assert_eq!(line("identity=1112223333&text=stop&to=12345").reveal(), "12345");
}
