//! Tests of the Kannel transport through its contract.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use crosswire::contracts::transport::{ReceiveError, Received, Transport, WebhookRequest};
use crosswire::http_client::{ClientLimits, GuardedUrl, Reach};
use crosswire::model::address::Address;
use crosswire::model::message::{MessageId, Outbound};
use crosswire::transports::kannel::access::Access;
use crosswire::transports::kannel::config::Alphabet;
use crosswire::transports::kannel::{Kannel, KannelConfig};
use secrecy::SecretString;

mod config;
mod receive;
mod report;
mod send;

const SECRET: &str = "0123456789abcdef";

fn test_config(sendsms_url: &str) -> KannelConfig {
    KannelConfig {
        name: "my-kannel".to_owned(),
        sendsms_url: GuardedUrl::parse(sendsms_url, Reach::Anywhere).unwrap(),
        credentials: Some(("rapidsms".to_owned(), SecretString::from("change me&"))),
        access: Access {
            secret: Some(SecretString::from(SECRET)),
            allow: Vec::new(),
            loopback_only: false,
        },
        from: "1234".to_owned(),
        smsc: None,
        smscs: BTreeMap::new(),
        priority: None,
        report_route: None,
        encoding: Alphabet::Smart,
        dedupe: Duration::from_secs(60),
        limits: ClientLimits {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
        },
    }
}

/// Transport that the tests of `receive` share, because creating a client loads certificates.
fn kannel() -> &'static Kannel {
    static KANNEL: LazyLock<Kannel> =
        LazyLock::new(|| Kannel::new(test_config("http://127.0.0.1:9/")).unwrap());
    &KANNEL
}

fn request(target: &str) -> WebhookRequest {
    WebhookRequest {
        method: "GET".to_owned(),
        target: target.to_owned(),
        ..WebhookRequest::default()
    }
}

/// Result of a call of this path with the secret, as Kannel makes it.
fn called(path: &str, query: &str) -> Result<Received, ReceiveError> {
    kannel().receive(&request(&format!("{path}?secret={SECRET}&{query}")))
}

fn outbound(text: &str) -> Outbound {
    let to = Address::new("my-kannel", "+14158675309", "");
    let mut message = Outbound::new(to, text.into(), Vec::new(), None);
    message.id = MessageId::new("out-1");
    message
}
