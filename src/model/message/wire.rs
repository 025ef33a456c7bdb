//! JSON form of an inbound message: the keys of pyrowire, and additional ones.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Inbound, Media, MessageId, OptOut, Origin, Parameters, Text};
use crate::model::address::{Address, Identity};
use crate::model::topic::TopicName;

#[derive(Serialize, Deserialize)]
pub(super) struct InboundJson {
    message: Text,
    number: Identity,
    sid: MessageId,
    topic: TopicName,
    from_city: Option<String>,
    from_state: Option<String>,
    from_country: Option<String>,
    from_zip: Option<String>,
    media: Option<AttachmentsJson>,
    /// Always null: a reply is an outbound message of its own, not a field of the inbound one.
    reply: Option<Text>,
    transport: String,
    line: Identity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opt_out: Option<OptOut>,
    #[serde(default)]
    parameters: Parameters,
    received_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    missed: bool,
}

/// Attachments. pyrowire's `{count, media: {url: type}}` has no order and holds each URL once; `list`
/// has neither limit.
#[derive(Serialize, Deserialize)]
struct AttachmentsJson {
    count: usize,
    media: BTreeMap<String, String>,
    list: Vec<Media>,
}

impl From<Inbound> for InboundJson {
    fn from(inbound: Inbound) -> Self {
        let media = (!inbound.media.is_empty()).then(|| AttachmentsJson {
            count: inbound.media.len(),
            media: inbound.media.iter().map(|m| (m.url.clone(), m.content_type.clone())).collect(),
            list: inbound.media,
        });
        Self {
            message: inbound.text,
            number: inbound.sender.identity,
            sid: inbound.id,
            topic: inbound.topic,
            from_city: inbound.origin.city,
            from_state: inbound.origin.state,
            from_country: inbound.origin.country,
            from_zip: inbound.origin.zip,
            media,
            reply: None,
            transport: inbound.sender.transport,
            line: inbound.sender.line,
            opt_out: inbound.opt_out,
            parameters: inbound.parameters,
            received_at: inbound.received_at,
            missed: inbound.is_missed,
        }
    }
}

impl From<InboundJson> for Inbound {
    fn from(wire: InboundJson) -> Self {
        Self {
            topic: wire.topic,
            id: wire.sid,
            sender: Address { transport: wire.transport, identity: wire.number, line: wire.line },
            text: wire.message,
            media: wire.media.map(|attachments| attachments.list).unwrap_or_default(),
            origin: Origin {
                city: wire.from_city,
                state: wire.from_state,
                country: wire.from_country,
                zip: wire.from_zip,
            },
            opt_out: wire.opt_out,
            parameters: wire.parameters,
            received_at: wire.received_at,
            is_missed: wire.missed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_form_has_every_key_of_pyrowire_and_round_trips() {
        let inbound = Inbound {
            topic: "my_topic".parse().unwrap(),
            id: MessageId::new("SM1"),
            sender: Address::new("twilio", "+14158675309", "+18005551212"),
            text: "yo momma".into(),
            media: vec![
                Media { url: "https://e.example/b".into(), content_type: "image/png".into() },
                Media { url: "https://e.example/a".into(), content_type: "image/gif".into() },
            ],
            origin: Origin { city: Some("PORTLAND".into()), ..Origin::default() },
            opt_out: None,
            parameters: Parameters(vec![("NumSegments".into(), "1".into())]),
            received_at: DateTime::UNIX_EPOCH,
            is_missed: true,
        };
        let json = serde_json::to_value(&inbound).unwrap();
        for key in "message number sid topic from_city from_state from_country from_zip media reply"
            .split(' ')
        {
            assert!(json.get(key).is_some(), "{key}");
        }
        assert_eq!(json["media"]["count"], 2);
        assert_eq!(json["media"]["media"]["https://e.example/a"], "image/gif");
        assert_eq!(serde_json::from_value::<Inbound>(json).unwrap(), inbound);
    }
}
