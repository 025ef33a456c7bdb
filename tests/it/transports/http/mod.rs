//! Tests of the HTTP transport, built from topics.toml as a process builds it.

use std::sync::Arc;

use crosswire::app::config::DraftConfig;
use crosswire::app::registry::Registry;
use crosswire::contracts::settings::{ConfigErrors, Environment, Purpose};
use crosswire::contracts::transport::{DynTransport, ReceiveError, Received, WebhookRequest};
use crosswire::model::address::Address;
use crosswire::model::message::{Cause, Incoming, MessageId, Outbound};

mod config;
mod hostile;
mod outcome;
mod presets;
mod receive;
mod send;
mod telnyx;
mod vonage;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
fn environment() -> Environment {
    let public_key = telnyx::public_key();
    [
        ("REDIS_URL", "redis://localhost"),
        ("SECRET_KEY", "5f0c1e9a7b3d2846"),
        ("PUBLIC_URL", "https://example.com"),
        ("GATEWAY_SECRET", SECRET),
        ("VONAGE_API_KEY", "abcd1234"),
        ("VONAGE_API_SECRET", SECRET),
        ("VONAGE_SIGNATURE_SECRET", SECRET),
        ("TELNYX_API_KEY", SECRET),
        ("TELNYX_PUBLIC_KEY", public_key.as_str()),
    ]
    .into_iter()
    .collect()
}

/// Builds the transport `gateway` of a topic from its table, or returns the errors in it.
fn built(table: &str, purpose: Purpose) -> Result<Arc<dyn DynTransport>, Vec<String>> {
    let errors = ConfigErrors::default();
    let text = format!(
        "[topics.t]\nhandler = \"echo\"\ntransport = \"gateway\"\n\
         [topics.t.gateway]\nkind = \"http\"\n{table}"
    );
    let draft = DraftConfig::read("topics.toml", &text, &environment(), purpose, &errors);
    let services = Registry::shipped().assemble(&draft, &environment(), &errors);
    match services.first().and_then(|service| service.transports.get("gateway")) {
        Some(transport) if errors.is_empty() => Ok(Arc::clone(transport)),
        _ => Err(errors.lines()),
    }
}

fn gateway(table: &str) -> Arc<dyn DynTransport> {
    built(table, Purpose::Shared).unwrap()
}

/// Gateway that anybody may call, with the usual names of fields.
fn open() -> Arc<dyn DynTransport> {
    gateway("incoming.allow = [\"0.0.0.0/0\", \"::/0\"]")
}

fn posted(content_type: &str, body: &str) -> WebhookRequest {
    WebhookRequest {
        method: "POST".to_owned(),
        origin: "https://example.com".to_owned(),
        target: "/queue/t".to_owned(),
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: body.into(),
        client: Some([203, 0, 113, 7].into()),
        ..WebhookRequest::default()
    }
}

fn asked(target: &str) -> WebhookRequest {
    WebhookRequest {
        method: "GET".to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        ..posted("", "")
    }
}

fn with_header(mut request: WebhookRequest, name: &str, value: &str) -> WebhookRequest {
    request.headers.push((name.to_owned(), value.to_owned()));
    request
}

fn message(received: Result<Received, ReceiveError>) -> Incoming {
    match received {
        Ok(Received::Message(incoming)) => *incoming,
        other => panic!("no message: {other:?}"),
    }
}

fn outbound(text: &str) -> Outbound {
    let to = Address::new("gateway", "+14158675309", "+15005550006");
    let mut message = Outbound::new(to, text.into(), Vec::new(), None);
    message.id = MessageId::new("out-1");
    message
}

/// Answer to an inbound message of this id.
fn answer_to(cause: &str, text: &str) -> Outbound {
    let mut message = outbound(text);
    message.cause = Some(Cause { id: MessageId::new(cause), only: true });
    message
}
