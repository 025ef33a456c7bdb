//! Fuzzing of the parsers that take in what strangers write: good inputs, spoiled at random.
//!
//! Each target runs a few thousand inputs with the other tests; `PROPTEST_CASES=10000000` before
//! `cargo nextest run fuzz::` makes it ten million.

use crosswire::contracts::transport::socket::SocketProtocol;
use crosswire::contracts::transport::{ReceiveError, Transport};
use crosswire::model::topic::TopicName;
use crosswire::tester::script::Script;
use crosswire::transports::websocket::{Json, PlainText};
use proptest::prelude::*;
use proptest::sample::Index;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::support::Answer;
use crate::transports::twilio::{signed_request, twilio};

const ORIGIN: &str = "https://example.com";

const FORMS: [&str; 3] = [
    "MessageSid=SM0123456789abcdef0123456789abcdef&AccountSid=AC0123456789abcdef0123456789abcdef\
     &From=%2B14158675309&To=%2B15005550006&Body=caf%C3%A9+%F0%9F%98%80&NumMedia=1\
     &MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fx&MediaContentType0=image%2Fpng",
    "MessageSid=SM0123456789abcdef0123456789abcdef&MessageStatus=undelivered&ErrorCode=30005\
     &AccountSid=AC0123456789abcdef0123456789abcdef",
    "MessageSid=SM0123456789abcdef0123456789abcdef&From=whatsapp%3A%2B14158675309&Body=STOP\
     &To=whatsapp%3A%2B15005550006&OptOutType=STOP&ButtonText=a&NumMedia=0",
];

const FRAMES: [&str; 4] = [
    r#"{"type":"hello","session":"a.b.c","token":"d.e.f","last":"1-0","name":"x"}"#,
    r#"{"type":"message","id":"7","text":"hello \ud83d\ude00","to":"device"}"#,
    r#"{"type":"presence","id":"8","text":"","status":"busy"}"#,
    "plain words, and no JSON",
];

const SCRIPTS: [&str; 4] = [
    include_str!("../scripts/connect.script"),
    include_str!("../scripts/provider.script"),
    include_str!("../scripts/sockets.script"),
    include_str!("../scripts/times.script"),
];

/// At least some thousands of cases; the environment may ask for more.
fn cases() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.max(3_000), ..default }
}

/// Change of a byte string in one place.
#[derive(Clone, Debug)]
enum Change {
    Replace(Index, u8),
    Remove(Index, Index),
    Insert(Index, Vec<u8>),
    /// Copies a part to another place.
    Copy(Index, Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let words = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..8),
        prop::sample::select(vec![
            "%", "%ff", "&", "=", "\0", "\n", "\"", "\\u0000", "{", "[", "]]>"
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
        "\\PC{1,6}".prop_map(String::into_bytes),
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Remove(from, to)),
        (any::<Index>(), words).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (any::<Index>(), any::<Index>(), any::<Index>())
            .prop_map(|(a, b, c)| Change::Copy(a, b, c)),
    ]
}

fn apply(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let count = bytes.len() + 1;
        let range = |from: &Index, to: &Index| {
            let (from, to) = (from.index(count), to.index(count));
            from.min(to)..from.max(to)
        };
        match change {
            Change::Replace(at, byte) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            Change::Replace(_, byte) => bytes.push(*byte),
            Change::Remove(from, to) => drop(bytes.drain(range(from, to))),
            Change::Insert(at, new) => {
                let at = at.index(count);
                bytes.splice(at..at, new.iter().copied());
            }
            Change::Copy(from, to, at) => {
                let part = bytes[range(from, to)].to_vec();
                let at = at.index(count);
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// One of these texts, spoiled, and with what is no UTF-8 replaced.
fn spoiled(seeds: &'static [&'static str]) -> impl Strategy<Value = String> {
    let changes = prop::collection::vec(change(), 0..6);
    (prop::sample::select(seeds), changes).prop_map(|(seed, changes)| {
        String::from_utf8_lossy(&apply(seed.as_bytes().to_vec(), &changes)).into_owned()
    })
}

/// Parameters as they are signed: sorted, a repeated pair once, and without anything between names and
/// values. Twilio's rules let a part move from a value to a name that follows it.
fn signed(form: &str) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().map(|(name, value)| name + &value).collect()
}

proptest! {
    #![proptest_config(cases())]

    /// A form that the account has signed is read or refused, never taken for forged.
    #[test]
    fn webhook(form in spoiled(&FORMS), in_query in any::<bool>()) {
        let request = if in_query {
            signed_request(ORIGIN, &format!("/in?{}", form.replace('#', "")), None)
        } else {
            signed_request(ORIGIN, "/in", Some(&form))
        };
        let is_forged = matches!(twilio().receive(&request), Err(ReceiveError::Forged { .. }));
        prop_assert!(!is_forged);
    }

    /// A request that differs from the signed one in anything that is signed is refused.
    #[test]
    fn signature(form in spoiled(&FORMS), changes in prop::collection::vec(change(), 1..4)) {
        let mut request = signed_request(ORIGIN, "/in", Some(&form));
        let body = String::from_utf8_lossy(&apply(form.clone().into_bytes(), &changes)).into_owned();
        if signed(&body) != signed(&form) {
            let genuine = request.clone();
            request.body = body.into();
            prop_assert!(twilio().receive(&request).is_err());
            request = genuine;
        }
        let value = request.headers[0].1.clone();
        let changed = apply(value.clone().into_bytes(), &changes);
        request.headers[0].1 = String::from_utf8_lossy(&changed).into_owned();
        if request.headers[0].1.trim() != value {
            prop_assert!(twilio().receive(&request).is_err());
        }
    }

    /// A text that is answered is the text that a parser reads, without what XML forbids.
    #[test]
    fn twiml(text in prop_oneof![spoiled(&FRAMES), "(?s).{0,40}", "[\u{0}-\u{ff}<>&\"']{0,40}"]) {
        let response = twilio().answer(Some(&text));
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/xml"))]);
        let answer = Answer { status: response.status, headers, body: response.body };
        let is_kept = |c: &char| !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
        let kept = |text: &str| text.chars().filter(is_kept).collect::<String>();
        prop_assert_eq!(kept(&answer.said().unwrap_or_default()), kept(&text));
    }

    /// A script is parsed, or each failure names a line of it.
    #[test]
    fn script_grammar(text in spoiled(&SCRIPTS)) {
        let topics: Vec<TopicName> =
            ["roulette", "rooms"].iter().map(|name| name.parse().unwrap()).collect();
        if let Err(failures) = Script::parse("fuzz", &text, &topics) {
            let lines = text.lines().count().max(1);
            prop_assert!(failures.0.iter().all(|failure| (1..=lines).contains(&failure.line)));
        }
    }

    /// A frame of a socket is read or refused with a reason, by both protocols.
    #[test]
    fn wire_format(frame in spoiled(&FRAMES)) {
        for refused in [Json { is_offered: true }.decode(&frame).err(), PlainText.decode(&frame).err()] {
            prop_assert!(refused.is_none_or(|reason| !reason.is_empty()));
        }
    }
}
