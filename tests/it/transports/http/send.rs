//! Requests that send messages.

use crosswire::contracts::transport::{SendError, SentReceipt};
use crosswire::model::address::{Address, Identity};
use crosswire::model::message::{Media, Outbound};

use super::{SECRET, answer_to, gateway, outbound};
use crate::transports::twilio::provider::{Action, Provider, Request};

/// Sends a message to a gateway that accepts it, and returns the request.
async fn sent(table: &str, message: &Outbound) -> Request {
    let provider = Provider::start([Action::Answer(200, "", "OK".to_owned())]);
    let table = table.replace("BASE", &provider.base);
    let receipt = gateway(&format!("incoming.allow = [\"::/0\"]\n{table}")).send(message).await;
    assert_eq!(receipt, Ok(SentReceipt::new("out-1")));
    let [request] = &provider.requests()[..] else { panic!("one request") };
    request.clone()
}

#[tokio::test]
async fn form_with_identity_and_text_is_posted() {
    let request = sent("outgoing.url = \"BASE/send\"", &outbound("1 + 1 = 2 & ü")).await;
    assert_eq!(request.line, "POST /send");
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(request.body, "identity=%2B14158675309&text=1+%2B+1+%3D+2+%26+%C3%BC");
}

#[tokio::test]
async fn address_with_values_is_called_by_get() {
    let table = "outgoing.url = \"BASE/?identity=%(identity)s&text=%(text)s\"";
    let request = sent(table, &outbound("50% & more?\n#ü")).await;
    assert_eq!(
        request.line,
        "GET /?identity=%2B14158675309&text=50%25%20%26%20more%3F%0A%23%C3%BC"
    );
}

#[tokio::test]
async fn get_without_values_has_fields_in_its_query() {
    let table = "outgoing = { url = \"BASE/?user=7\", format = \"get\", plus = false, \
                 from = \"sender\", fields = { unicode = 1, gone = false } }";
    let request = sent(table, &outbound("hi")).await;
    assert_eq!(
        request.line,
        "GET /?user=7&identity=14158675309&text=hi&sender=15005550006&unicode=1&gone=false"
    );
}

#[tokio::test]
async fn json_has_objects_for_dotted_names() {
    let table = "outgoing = { url = \"BASE/\", format = \"json\", identity = \"message.to\", \
                 text = \"message.body.text\", id = \"ref\", from = \"message.from\", \
                 fields = { \"message.type\" = \"text\", flash = false } }";
    let request = sent(table, &outbound("\"quoted\" \u{1F600}\n")).await;
    assert_eq!(request.header("content-type"), "application/json");
    let json: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let expected = serde_json::json!({
        "message": {
            "to": "+14158675309", "from": "+15005550006", "type": "text",
            "body": { "text": "\"quoted\" \u{1F600}\n" },
        },
        "ref": "out-1",
        "flash": false,
    });
    assert_eq!(json, expected);
}

#[tokio::test]
async fn configured_line_is_that_of_a_message_without_one() {
    let table = "line = \"12345\"\noutgoing = { url = \"BASE/\", from = \"from\" }";
    let mut message = outbound("hi");
    message.to.line = Identity::new("");
    let request = sent(table, &message).await;
    assert_eq!(request.body, "identity=%2B14158675309&text=hi&from=12345");
}

#[tokio::test]
async fn media_are_addresses_behind_the_text() {
    let mut message = outbound("look");
    message.media = vec![Media::new("https://e.example/a", "image/png")];
    let request = sent("outgoing.url = \"BASE/\"", &message).await;
    assert!(request.body.ends_with("&text=look%0Ahttps%3A%2F%2Fe.example%2Fa"), "{}", request.body);
}

#[tokio::test]
async fn request_has_every_credential() {
    use base64::Engine;
    let auth = |auth: &str| format!("outgoing = {{ url = \"BASE/\", auth = {{ {auth} }} }}");
    let message = outbound("hi");

    let bearer = sent(&auth("bearer_env = \"GATEWAY_SECRET\""), &message).await;
    assert_eq!(bearer.header("authorization"), format!("Bearer {SECRET}"));

    let basic = auth("user = \"me\", password_env = \"GATEWAY_SECRET\"");
    let pair = base64::prelude::BASE64_STANDARD.encode(format!("me:{SECRET}"));
    assert_eq!(sent(&basic, &message).await.header("authorization"), format!("Basic {pair}"));

    let field = auth("secret_env = \"GATEWAY_SECRET\", secret_field = \"api_key\"");
    let field = sent(&field, &message).await;
    assert!(field.body.ends_with(&format!("&api_key={SECRET}")), "{}", field.body);

    let header = auth("secret_env = \"GATEWAY_SECRET\", secret_header = \"X-Key\"");
    assert_eq!(sent(&header, &message).await.header("x-key"), SECRET);

    use hmac::{Hmac, KeyInit, Mac};
    let signed = sent(&auth("hmac_env = \"GATEWAY_SECRET\""), &message).await;
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.body.as_bytes());
    assert_eq!(signed.header("x-signature"), hex::encode(mac.finalize().into_bytes()));
}

#[tokio::test]
async fn answer_names_the_message_that_it_answers_and_where_to_report() {
    let table = "incoming.auth.secret_env = \"GATEWAY_SECRET\"\n\
                 outgoing = { url = \"BASE/\", reply_to = \"re\", report_url = \"dlr\" }";
    let provider = Provider::start((0..2).map(|_| Action::Answer(200, "", String::new())));
    let gateway = gateway(&table.replace("BASE", &provider.base));
    for id in ["gateway:in-1", "twilio:SM1"] {
        gateway.send(&answer_to(id, "hi")).await.unwrap();
    }
    let [own, other] = &provider.requests()[..] else { panic!("two requests") };
    let url = |cause: &str| {
        let url =
            format!("https://example.com/status/t?secret={SECRET}&message=out-1&cause={cause}");
        form_urlencoded::byte_serialize(url.as_bytes()).collect::<String>()
    };
    assert!(own.body.ends_with(&format!("&re=in-1&dlr={}", url("gateway%3Ain-1"))), "{}", own.body);
    assert!(!other.body.contains("re="), "{}", other.body);
    assert!(other.body.ends_with(&format!("&dlr={}", url("twilio%3ASM1"))), "{}", other.body);
}

#[tokio::test]
async fn value_of_a_message_cannot_change_host_or_path() {
    let table = "outgoing.url = \"BASE/in?to=%(identity)s&from=%(from)s&id=%(id)s&t=%(text)s\"";
    let mut message = outbound("/../?#@evil.example:1/%2e%2e");
    message.to = Address::new("gateway", "a&b=c#d", "?x\r\nHost: evil");
    let request = sent(table, &message).await;
    assert_eq!(
        request.line,
        "GET /in?to=a%26b%3Dc%23d&from=%3Fx%0D%0AHost%3A%20evil&id=out-1\
         &t=%2F..%2F%3F%23%40evil.example%3A1%2F%252e%252e"
    );
}

#[tokio::test]
async fn closed_port_is_not_sent_and_a_lost_answer_is_ambiguous() {
    let closed = gateway("incoming.allow = [\"::/0\"]\noutgoing.url = \"http://127.0.0.1:9/\"");
    assert!(matches!(closed.send(&outbound("hi")).await, Err(SendError::NotSent(_))));
    let provider = Provider::start([Action::Close]);
    let table = format!("incoming.allow = [\"::/0\"]\noutgoing.url = \"{}/\"", provider.base);
    assert!(matches!(gateway(&table).send(&outbound("hi")).await, Err(SendError::Ambiguous(_))));
}
