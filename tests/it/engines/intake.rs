//! Intake: failing transports, ids that two providers share, and delivery reports in any order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::handler::{UNDELIVERABLE, Verdict};
use crosswire::contracts::storage::{Commit, Entry, Push, Pushed};
use crosswire::contracts::transport::callback::Reference;
use crosswire::contracts::transport::{
    DeliveryStatus, ReceiveError, Received, Report, SendError, SentReceipt, Transport, Unreachable,
    WebhookRequest, WebhookResponse,
};
use crosswire::contracts::validator::Rejection;
use crosswire::engine::intake::{Intake, Outcome, Refusal};
use crosswire::engine::topic::{BoundValidator, Pipeline};
use crosswire::engine::worker::Worker;
use crosswire::http::response::refusal_response;
use crosswire::model::address::{Address, GroupKey};
use crosswire::model::clock::{Clock, SystemClock};
use crosswire::model::consent::{self, opt_out_key};
use crosswire::model::event::EventKind;
use crosswire::model::message::{Inbound, Incoming, Mail, MessageId, OptOut, Outbound};
use crosswire::model::standing::bar_key;
use crosswire::model::state::Write;
use crosswire::model::topic::Replies;
use crosswire::stores::sqlite::Sqlite;
use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::sample::select;

use super::worker::parts;
use super::{consumer, groups, until_empty};
use crate::storage::fixture::{Fixture, LONG, commit, entry, facts, push};

/// Transport of which every call is this.
struct FakeWebhook(Box<dyn Fn() -> Received + Send + Sync>);

impl Transport for FakeWebhook {
    /// The transport of this name has one opt-out for all lines, as the name of an address says.
    fn shares_opt_outs(&self) -> bool {
        matches!((self.0)(), Received::Message(incoming) if incoming.sender.transport == "pool")
    }

    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Ok((self.0)())
    }

    async fn send(&self, _: &Outbound) -> Result<SentReceipt, SendError> {
        Err(SendError::NotSent("this one only receives".to_owned()))
    }
}

/// Transport that sends the text of its answer.
struct Answering(FakeWebhook);

impl Transport for Answering {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        self.0.receive(request)
    }

    fn answer(&self, text: Option<&str>) -> WebhookResponse {
        let body = text.unwrap_or_default().to_owned();
        WebhookResponse { status: 200, content_type: None, body }
    }

    fn sends_in_answer(&self) -> bool {
        true
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        self.0.send(message).await
    }
}

pub(super) fn store() -> Fixture {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Fixture::new(Arc::new(Sqlite::in_memory(&clock).unwrap()))
}

/// Intake of the fixture's topic, with one transport of this name.
fn intake(
    f: &Fixture,
    name: &str,
    received: impl Fn() -> Received + Send + Sync + 'static,
) -> Intake {
    let pipeline = pipeline(f, name, received);
    Intake::new(Arc::clone(&f.storage), groups(), Arc::new(SystemClock), vec![pipeline])
}

/// Pipeline of the fixture's topic, with one transport of this name.
pub(super) fn pipeline(
    f: &Fixture,
    name: &str,
    received: impl Fn() -> Received + Send + Sync + 'static,
) -> Pipeline {
    let topic = f.partition.topic.clone();
    let (parts, _) = parts(topic.clone(), Arc::clone(&f.storage) as _, 5, |_, _| Ok(()));
    Pipeline {
        repeats: 0,
        events: crosswire::model::topic_events::TopicEvents::default(),
        topic,
        transport_name: name.to_owned(),
        transport: Arc::new(FakeWebhook(Box::new(received))),
        validators: vec![BoundValidator {
            name: "no_keywords".to_owned(),
            text: "No keywords, please.".to_owned(),
            validator: Arc::new(|message: &Inbound| match message.text.reveal() {
                "hello" => Ok(()),
                _ => Err(Rejection::new("a keyword")),
            }),
        }],
        replies: Replies::default(),
        limits: parts.limits,
    }
}

pub(super) fn call() -> WebhookRequest {
    WebhookRequest {
        method: "POST".to_owned(),
        origin: "https://example.com".to_owned(),
        target: "/".to_owned(),
        ..WebhookRequest::default()
    }
}

/// A message of the id 1, by a transport.
pub(super) fn message(transport: &str) -> Received {
    let sender = Address::new(transport, "+14155550101", crate::support::LINE);
    Received::Message(Box::new(Incoming::new(MessageId::new("1"), sender, "hello")))
}

#[tokio::test]
async fn panic_of_a_transport_is_answered_500_so_that_the_provider_calls_again() {
    let f = store();
    let before = f.snapshot().await;
    let intake = intake(&f, "twilio", || panic!("on purpose"));
    let refusal = intake.receive(f.partition.topic.as_str(), call()).await.unwrap_err();
    assert_eq!(refusal, Refusal::Failed);
    assert_eq!(refusal_response(&refusal).status(), 500);
    assert_eq!(f.snapshot().await, before);
}

#[tokio::test]
async fn keyword_that_the_provider_acts_on_passes_the_validators() {
    for (text, opt_out, outcome) in [
        ("Stop.", None, Outcome::Pushed(Pushed::Accepted)),
        ("empezar", Some(OptOut::Start), Outcome::Pushed(Pushed::Accepted)),
        ("ayuda", Some(OptOut::Help), Outcome::Pushed(Pushed::Accepted)),
        ("ayuda", None, Outcome::Rejected("no_keywords: a keyword".to_owned())),
    ] {
        let f = store();
        let intake = intake(&f, "twilio", move || {
            let sender = Address::new("twilio", "+14155550101", crate::support::LINE);
            let mut incoming = Incoming::new(MessageId::new("1"), sender, text);
            incoming.opt_out = opt_out;
            Received::Message(Box::new(incoming))
        });
        let receipt = intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
        assert_eq!(receipt.outcome, outcome, "{text}");
    }
}

/// Takes a text of a person, each under an id of its own.
async fn take(f: &Fixture, id: &str, text: &'static str) -> Pushed {
    let id = id.to_owned();
    let intake = intake(f, "twilio", move || {
        let sender = Address::new("twilio", "+14155550101", crate::support::LINE);
        Received::Message(Box::new(Incoming::new(MessageId::new(id.clone()), sender, text)))
    });
    match intake.receive(f.partition.topic.as_str(), call()).await.unwrap().outcome {
        Outcome::Pushed(pushed) => pushed,
        other => panic!("{text}: {other:?}"),
    }
}

#[tokio::test]
async fn opt_out_takes_effect_before_its_message_is_handled() {
    let f = store();
    let sender = Address::new("twilio", "+14155550101", crate::support::LINE);
    let key = consent::opt_out_key(&groups(), &sender);
    assert_eq!(take(&f, "1", "hello").await, Pushed::Accepted);
    assert_eq!(take(&f, "2", "STOP ALL").await, Pushed::Accepted);
    assert!(f.value(key.as_str()).await.is_some());
    assert_eq!(take(&f, "3", "hello").await, Pushed::Barred);
    assert_eq!(take(&f, "1", "hello").await, Pushed::Barred, "a duplicate gets no answer either");
    assert_eq!(take(&f, "4", "start").await, Pushed::Accepted);
    assert_eq!(f.value(key.as_str()).await, None);
    // The handler runs later, and its run of the opt-out leaves the opt-in standing.
    let (parts, _) =
        parts(f.partition.topic.clone(), Arc::clone(&f.storage) as _, 1, |_, _| Ok(()));
    until_empty(&f, &f.inbound(), &consumer(&f, f.inbound(), None, Worker::new(parts))).await;
    assert_eq!(f.value(key.as_str()).await, None);
    assert_eq!(take(&f, "5", "hello").await, Pushed::Accepted);
}

#[tokio::test]
async fn opt_out_is_queued_in_any_mailbox_and_another_text_is_dropped_for_good() {
    let f = store();
    let sender = Address::new("twilio", "+14155550101", crate::support::LINE);
    let fill = async |numbers: std::ops::Range<u32>| {
        for number in numbers {
            let group = groups().group(&sender);
            let entry = Entry { group, ..entry("flood", &format!("w{number}")) };
            let (max_group_depth, max_crowded_depth) = (u64::MAX, u64::MAX);
            f.push_with(Push { max_group_depth, max_crowded_depth, ..push(entry) }).await;
        }
    };
    fill(0..99).await;
    assert_eq!(take(&f, "1", "hello").await, Pushed::GroupFull);
    assert_eq!(take(&f, "1", "hello").await, Pushed::Duplicate);
    fill(99..150).await;
    assert_eq!(take(&f, "2", "stop").await, Pushed::Accepted);
    assert_eq!(take(&f, "3", "start").await, Pushed::Accepted);
}

#[tokio::test]
async fn opt_in_on_one_line_opens_the_door_on_all_where_the_transport_shares_them() {
    let f = store();
    for (number, (line, text, expected)) in [
        ("+1", "stop", Pushed::Accepted),
        ("+2", "hello", Pushed::Barred),
        ("+2", "start", Pushed::Accepted),
        ("+1", "hello", Pushed::Accepted),
    ]
    .into_iter()
    .enumerate()
    {
        let intake = intake(&f, "pool", move || {
            let sender = Address::new("pool", "+14155550101", line);
            let id = MessageId::new(number.to_string());
            Received::Message(Box::new(Incoming::new(id, sender, text)))
        });
        let receipt = intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
        assert_eq!(receipt.outcome, Outcome::Pushed(expected), "{text} to {line}");
    }
}

#[tokio::test]
async fn accept_text_of_an_answer_ends_with_silence() {
    let f = store();
    let number = AtomicU32::new(0);
    let received = move || {
        let sender = Address::new("twilio", "+14155550101", crate::support::LINE);
        let id = MessageId::new(number.fetch_add(1, Ordering::SeqCst).to_string());
        Received::Message(Box::new(Incoming::new(id, sender, "hello")))
    };
    let transport = Arc::new(Answering(FakeWebhook(Box::new(received))));
    let pipeline = Pipeline { transport, repeats: 2, ..pipeline(&f, "twilio", || message("none")) };
    let replies = Replies { accept_response: "Got it.".to_owned(), ..Replies::default() };
    let pipeline = Pipeline { replies, ..pipeline };
    let clock = Arc::new(SystemClock);
    let intake = Intake::new(Arc::clone(&f.storage), groups(), clock, vec![pipeline]);
    let mut said = Vec::new();
    for _ in 0..4 {
        let receipt = intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
        assert_eq!(receipt.outcome, Outcome::Pushed(Pushed::Accepted));
        said.push(receipt.response.body);
    }
    assert_eq!(said, ["Got it.", "Got it.", "", ""]);
}

#[tokio::test]
async fn bar_stands_on_every_line_and_before_all_but_an_opt_out() {
    let f = store();
    let elsewhere = Address::new("twilio", "+14155550101", "+15005550099");
    let bar = Write::Put { key: bar_key(&groups(), &elsewhere), value: "{}".to_owned(), ttl: LONG };
    f.push_with(Push { writes: vec![bar], ..push(entry("operator", "w1")) }).await;
    assert_eq!(take(&f, "1", "hello").await, Pushed::Barred);
    assert_eq!(take(&f, "2", "stop").await, Pushed::Accepted);
    assert_eq!(take(&f, "3", "start").await, Pushed::Barred, "it is no way around the bar");
}

#[tokio::test]
async fn one_id_of_two_transports_keeps_two_records_and_two_debts() {
    let f = store();
    for transport in ["twilio", "kannel"] {
        let intake = intake(&f, transport, move || message(transport));
        intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    }
    let (parts, _) = parts(f.partition.topic.clone(), Arc::clone(&f.storage) as _, 5, |cx, _| {
        cx.reply("another word");
        Ok(())
    });
    until_empty(&f, &f.inbound(), &consumer(&f, f.inbound(), None, Worker::new(parts))).await;
    let mut settled: HashMap<String, usize> = HashMap::new();
    for _ in 0..4 {
        let claim = f.claim_outbox().await;
        let outbound: Outbound = serde_json::from_str(&claim.payload).unwrap();
        let cause = outbound.cause.unwrap().id;
        let sent = Some(facts(cause.as_str(), &[EventKind::Sent]));
        f.complete(claim, Commit { settles: Some(cause.clone()), facts: sent, ..commit() }).await;
        *settled.entry(cause.to_string()).or_default() += 1;
        for key in ["twilio:1", "kannel:1"] {
            let is_recorded = f.kinds(key).await.contains(&EventKind::Recorded);
            assert_eq!(is_recorded, settled.get(key) == Some(&2), "{key}: {settled:?}");
        }
    }
}

/// Report of a failure, with a reference to a message from the fixture's topic.
fn failure(groups: &GroupKey, verdict: Unreachable, code: u32) -> Report {
    failure_of(groups, verdict, code, None)
}

/// Report of a failure of a message that was handed over at a time.
fn failure_of(
    groups: &GroupKey,
    verdict: Unreachable,
    code: u32,
    sent_at: Option<DateTime<Utc>>,
) -> Report {
    let to = Address::new("twilio", "+14155550102", crate::support::LINE);
    let mut outbound = Outbound::new(to, "hello".into(), Vec::new(), None);
    outbound.id = MessageId::new("o1");
    let mut report = Report::new("P1", DeliveryStatus::Failed);
    let reference = Reference { sent_at, ..Reference::new(&outbound, 0) };
    report.reference = Some(reference.seal(&Reference::key(groups)));
    report.unreachable = Some(verdict);
    report.code = Some(code);
    report.meaning = Some("gone".to_owned());
    report
}

#[tokio::test]
async fn undelivered_message_tells_the_recipients_mailbox_once() {
    let f = store();
    let report = failure(&groups(), Unreachable::Undeliverable, 30005);
    let to = Address::new("twilio", "+14155550102", crate::support::LINE);
    let intake = intake(&f, "twilio", move || Received::Report(report.clone()));
    for _ in 0..2 {
        intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    }
    assert_eq!(f.storage.depth(&f.inbound()).await.unwrap().pending, 1);
    let claim = f.claim().await;
    assert_eq!(claim.group, groups().group(&to));
    let Mail::Wake(wake) = serde_json::from_str(&claim.payload).unwrap() else {
        panic!("a mailbox is told by a wake")
    };
    assert_eq!((wake.name.as_str(), wake.data.as_u64()), (UNDELIVERABLE, Some(30005)));
    let events = f.storage.events(&f.partition, Some(&MessageId::new("o1"))).await.unwrap();
    let [event] = &events[..] else { panic!("recorded once: {events:?}") };
    assert_eq!((event.kind, event.detail.code), (EventKind::Failed, Some(30005)));
    assert_eq!(event.detail.reason.as_deref(), Some("30005: gone"));
    assert_eq!(event.detail.address, None, "the message's own record has it");
    assert_eq!(f.value(opt_out_key(&groups(), &to).as_str()).await, None);
}

#[tokio::test]
async fn report_of_an_opt_out_opts_the_recipient_out() {
    let f = store();
    let report = failure(&groups(), Unreachable::OptedOut, 21610);
    let intake = intake(&f, "twilio", move || Received::Report(report.clone()));
    intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    let to = Address::new("twilio", "+14155550102", crate::support::LINE);
    let record = f.value(opt_out_key(&groups(), &to).as_str()).await.unwrap();
    assert!(record.contains("21610"), "{record}");
}

#[tokio::test]
async fn late_report_tells_the_time_of_its_message() {
    let f = store();
    let sent_at = DateTime::from_timestamp_millis(1_800_000_000_123).unwrap();
    let report = failure_of(&groups(), Unreachable::Undeliverable, 30005, Some(sent_at));
    let intake = intake(&f, "twilio", move || Received::Report(report.clone()));
    intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
    let Mail::Wake(wake) = serde_json::from_str(&f.claim().await.payload).unwrap() else {
        panic!("a mailbox is told by a wake")
    };
    let verdict = Verdict::of(&wake);
    assert_eq!((verdict.code(), verdict.since()), (30005, Some(sent_at)));
}

#[tokio::test]
async fn late_report_opts_out_only_who_has_not_opted_in_since() {
    let start = DateTime::from_timestamp_millis(1_800_000_000_000).unwrap();
    let to = Address::new("twilio", "+14155550102", crate::support::LINE);
    for (sent_at, is_out) in [
        (Some(start - TimeDelta::seconds(1)), false),
        (Some(start + TimeDelta::seconds(1)), true),
        (None, true),
    ] {
        let f = store();
        f.push("alice", "m1").await;
        let claim = f.claim().await;
        let writes = consent::opt_in_at(&groups(), &to, start);
        f.complete(claim, Commit { writes, ..commit() }).await;
        let report = failure_of(&groups(), Unreachable::OptedOut, 21610, sent_at);
        let intake = intake(&f, "twilio", move || Received::Report(report.clone()));
        intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
        let record = f.value(opt_out_key(&groups(), &to).as_str()).await;
        assert_eq!(record.is_some(), is_out, "{sent_at:?}");
    }
}

#[tokio::test]
async fn report_with_a_reference_of_another_deployment_changes_nothing() {
    let f = store();
    let before = f.snapshot().await;
    let other = GroupKey::new(&"another key, just as secret".into());
    for reference in [failure(&other, Unreachable::OptedOut, 21610).reference, Some("x".into())] {
        let mut report = failure(&groups(), Unreachable::OptedOut, 21610);
        report.message = Some(MessageId::new("o1"));
        report.reference = reference;
        let intake = intake(&f, "twilio", move || Received::Report(report.clone()));
        let receipt = intake.receive(f.partition.topic.as_str(), call()).await.unwrap();
        assert_eq!(receipt.outcome, Outcome::Noted);
    }
    assert_eq!(f.snapshot().await, before);
}

/// Ranks of the states that are recorded after these reports, each to one of two processes.
async fn recorded(reports: &[(DeliveryStatus, bool)]) -> Vec<u8> {
    let f = store();
    for (status, to_other) in reports {
        let mut report = Report::new("P1", *status);
        report.message = Some(MessageId::new("o1"));
        report.cause = Some(MessageId::new("m1"));
        let processes = [(); 2].map(|()| {
            let report = report.clone();
            intake(&f, "twilio", move || Received::Report(report.clone()))
        });
        let process = &processes[usize::from(*to_other)];
        process.receive(f.partition.topic.as_str(), call()).await.unwrap();
    }
    f.kinds("m1").await.into_iter().filter_map(EventKind::delivery_rank).collect()
}

fn statuses() -> impl Strategy<Value = Vec<(DeliveryStatus, bool)>> {
    use DeliveryStatus::{Delivered, Failed, Sent, Underway};
    let status = select(vec![Underway, Sent, Delivered, Failed]);
    prop::collection::vec((status, any::<bool>()), 0..8)
}

proptest! {
    #[test]
    fn delivery_reports_in_any_order_are_recorded_forwards(reports in statuses()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let ranks = runtime.block_on(recorded(&reports));
        let is_forward = ranks.windows(2).all(|pair| pair[0] < pair[1]);
        proptest::prop_assert!(is_forward, "{ranks:?}");
        let rank = |status: &DeliveryStatus| match status {
            DeliveryStatus::Sent => Some(1),
            DeliveryStatus::Delivered | DeliveryStatus::Failed => Some(2),
            _ => None,
        };
        let furthest = reports.iter().filter_map(|(status, _)| rank(status)).max();
        proptest::prop_assert_eq!(ranks.last().copied(), furthest);
    }
}
