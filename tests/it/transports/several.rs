//! A topic with two transports: each has a webhook of its own, and replies leave by the transport
//! that the message came by.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crosswire::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, Transports, WebhookRequest,
    WebhookResponse,
};
use crosswire::engine::dispatcher::{Dispatcher, DispatcherParts};
use crosswire::engine::gate::Gate;
use crosswire::engine::intake::{Intake, Refusal};
use crosswire::engine::topic::Pipeline;
use crosswire::model::address::{Address, GroupKey};
use crosswire::model::clock::SystemClock;
use crosswire::model::message::{Incoming, MessageId, Outbound};
use crosswire::model::topic::{Limits, OnAmbiguous, Replies, SenderLimits, Sending};
use secrecy::SecretString;

use crate::engines::{consumer, groups, topic, until_empty};
use crate::storage::fixture::Fixture;

/// A provider that writes its messages as plain text, and records the messages that it sends.
struct PlainText {
    name: &'static str,
    sent: Mutex<Vec<Outbound>>,
}

impl Transport for PlainText {
    fn receive(&self, request: &WebhookRequest) -> Result<Received, ReceiveError> {
        let sender = Address::new(self.name, "+14155550101", "+15005550006");
        let text = String::from_utf8_lossy(&request.body).into_owned();
        Ok(Received::Message(Box::new(Incoming::new(MessageId::new("1"), sender, text))))
    }

    fn answer(&self, _: Option<&str>) -> WebhookResponse {
        WebhookResponse { status: 200, content_type: None, body: self.name.to_owned() }
    }

    async fn send(&self, message: &Outbound) -> Result<SentReceipt, SendError> {
        self.sent.lock().unwrap().push(message.clone());
        Ok(SentReceipt::new(message.id.to_string()))
    }
}

fn pipeline(f: &Fixture, transport: &Arc<PlainText>) -> Pipeline {
    let second = Duration::from_secs(1);
    let replies = Replies {
        error_every: Duration::ZERO,
        accept_response: "accepted".to_owned(),
        send_on_accept: true,
        ..Replies::default()
    };
    Pipeline {
        repeats: 0,
        events: crosswire::model::topic_events::TopicEvents::default(),
        topic: f.partition.topic.clone(),
        transport_name: transport.name.to_owned(),
        transport: Arc::clone(transport) as _,
        validators: Vec::new(),
        replies,
        limits: Limits {
            partitions: 1,
            concurrency: 1,
            lease: second * 10,
            handler_timeout: second,
            max_attempts: 1,
            max_depth: 100,
            max_backlog_age: Duration::ZERO,
            max_group_depth: 100,
            max_recipient_depth: 100,
            senders: SenderLimits { rate: 0, ..SenderLimits::default() },
            retention: second * 60,
            max_records: 100,
        },
    }
}

fn intake(f: &Fixture, transports: &[Arc<PlainText>]) -> Intake {
    let key = SecretString::from("a key for tests, of no importance");
    let pipelines = transports.iter().map(|transport| pipeline(f, transport)).collect();
    Intake::new(Arc::clone(&f.storage), GroupKey::new(&key), Arc::new(SystemClock), pipelines)
}

fn dispatcher(f: &Fixture, transports: &[Arc<PlainText>]) -> Dispatcher {
    let second = Duration::from_secs(1);
    let add = |all: Transports, one: &Arc<PlainText>| all.with(one.name, Arc::clone(one) as _);
    let topic = f.partition.topic.clone();
    Dispatcher::new(DispatcherParts {
        records: Arc::clone(&f.storage) as _,
        state: Arc::clone(&f.storage) as _,
        queues: Arc::clone(&f.storage) as _,
        rates: Arc::clone(&f.storage) as _,
        partitions: 1,
        gate: Gate::new(topic.clone(), groups(), Arc::new(SystemClock)),
        topic,
        transports: transports.iter().fold(Transports::default(), add),
        sending: Sending {
            concurrency: 1,
            lease: second * 10,
            connect_timeout: second,
            timeout: second,
            max_attempts: 1,
            on_ambiguous: OnAmbiguous::Reconcile,
            settle: second,
            ..Sending::default()
        },
        max_records: 100,
        events: crate::engines::no_events(),
        groups: groups(),
        clock: Arc::new(SystemClock),
        figures: Arc::default(),
    })
}

fn request(text: &str) -> WebhookRequest {
    WebhookRequest {
        method: "POST".to_owned(),
        origin: "https://example.com".to_owned(),
        target: "/".to_owned(),
        body: text.into(),
        ..WebhookRequest::default()
    }
}

#[tokio::test]
async fn replies_leave_by_the_transport_of_the_webhook_that_was_called() {
    let f = topic().await;
    let transports =
        ["first", "second"].map(|name| Arc::new(PlainText { name, sent: Mutex::default() }));
    let intake = intake(&f, &transports);
    let name = f.partition.topic.as_str();
    // The topic alone is the first transport's; the same id by another transport is no duplicate.
    for (route, answered_by) in [
        (name.to_owned(), "first"),
        (format!("{name}/first"), "first"),
        (format!("{name}/second"), "second"),
    ] {
        let receipt = intake.receive(&route, request("hi")).await.unwrap();
        assert_eq!(receipt.response.body, answered_by, "{route}");
    }
    let unknown = intake.receive(&format!("{name}/third"), request("hi")).await;
    assert_eq!(unknown, Err(Refusal::UnknownTopic));

    let consumer = consumer(&f, f.outbox(), None, dispatcher(&f, &transports));
    until_empty(&f, &f.outbox(), &consumer).await;
    for transport in &transports {
        let sent = transport.sent.lock().unwrap();
        let [reply] = &sent[..] else { panic!("{} sent {sent:?}", transport.name) };
        assert_eq!(reply.to.transport, transport.name);
    }
}
