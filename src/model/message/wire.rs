//! JSON form of an inbound message: the keys of pyrowire, and additional ones.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::{Inbound, Media, MessageId, OptOut, Origin, Parameters, Text};
use crate::model::address::{Address, Identity};
use crate::model::topic::TopicName;

/// Borrows from the message that is written, and owns what is read.
#[derive(Serialize, Deserialize)]
pub(super) struct InboundJson<'m> {
    message: Cow<'m, Text>,
    number: Cow<'m, Identity>,
    sid: Cow<'m, MessageId>,
    topic: Cow<'m, TopicName>,
    from_city: Option<Cow<'m, str>>,
    from_state: Option<Cow<'m, str>>,
    from_country: Option<Cow<'m, str>>,
    from_zip: Option<Cow<'m, str>>,
    media: Option<AttachmentsJson<'m>>,
    /// Always null: a reply is an outbound message of its own, not a field of the inbound one.
    reply: Option<Text>,
    transport: Cow<'m, str>,
    line: Cow<'m, Identity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opt_out: Option<OptOut>,
    #[serde(default)]
    parameters: Cow<'m, Parameters>,
    received_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    missed: bool,
}

/// Attachments. pyrowire's `{count, media: {url: type}}` has no order and holds each URL once; `list`
/// has neither limit.
#[derive(Serialize, Deserialize)]
struct AttachmentsJson<'m> {
    count: usize,
    media: BTreeMap<Cow<'m, str>, Cow<'m, str>>,
    list: Cow<'m, [Media]>,
}

impl Serialize for Inbound {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        InboundJson::from(self).serialize(serializer)
    }
}

impl<'m> From<&'m Inbound> for InboundJson<'m> {
    fn from(inbound: &'m Inbound) -> Self {
        let pair = |medium: &'m Media| (Cow::from(&medium.url), Cow::from(&medium.content_type));
        let media = (!inbound.media.is_empty()).then(|| AttachmentsJson {
            count: inbound.media.len(),
            media: inbound.media.iter().map(pair).collect(),
            list: Cow::from(&inbound.media),
        });
        let part = |part: &'m Option<String>| part.as_deref().map(Cow::Borrowed);
        Self {
            message: Cow::Borrowed(&inbound.text),
            number: Cow::Borrowed(&inbound.sender.identity),
            sid: Cow::Borrowed(&inbound.id),
            topic: Cow::Borrowed(&inbound.topic),
            from_city: part(&inbound.origin.city),
            from_state: part(&inbound.origin.state),
            from_country: part(&inbound.origin.country),
            from_zip: part(&inbound.origin.zip),
            media,
            reply: None,
            transport: Cow::Borrowed(&inbound.sender.transport),
            line: Cow::Borrowed(&inbound.sender.line),
            opt_out: inbound.opt_out,
            parameters: Cow::Borrowed(&inbound.parameters),
            received_at: inbound.received_at,
            missed: inbound.is_missed,
        }
    }
}

impl From<InboundJson<'_>> for Inbound {
    fn from(wire: InboundJson<'_>) -> Self {
        let (identity, line) = (wire.number.into_owned(), wire.line.into_owned());
        Self {
            topic: wire.topic.into_owned(),
            id: wire.sid.into_owned(),
            sender: Address { transport: wire.transport.into_owned(), identity, line },
            text: wire.message.into_owned(),
            media: wire.media.map(|attachments| attachments.list.into_owned()).unwrap_or_default(),
            origin: Origin {
                city: wire.from_city.map(Cow::into_owned),
                state: wire.from_state.map(Cow::into_owned),
                country: wire.from_country.map(Cow::into_owned),
                zip: wire.from_zip.map(Cow::into_owned),
            },
            opt_out: wire.opt_out,
            parameters: wire.parameters.into_owned(),
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
