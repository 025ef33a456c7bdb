//! An hour of one flooder, on a clock of its own: the texts that they buy.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use crosswire::contracts::handler::{Context, Handler, Result};
use crosswire::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crosswire::engine::intake::Intake;
use crosswire::engine::topic::Pipeline;
use crosswire::engine::worker::Worker;
use crosswire::model::clock::{Clock, ManualClock};
use crosswire::model::message::{Inbound, Incoming, MessageId, Outbound};
use crosswire::model::topic::{Replies, SenderLimits};
use crosswire::model::topic_events::TopicEvents;
use crosswire::stores::sqlite::Sqlite;

use super::intake::call;
use super::worker::parts;
use super::{consumer, groups, person, until_empty};
use crate::storage::fixture::{Fixture, LONG, commit};

const SECOND: Duration = Duration::from_secs(1);

/// Transport of one person, who writes a text each time.
struct OnePerson;

impl Transport for OnePerson {
    fn receive(&self, _: &WebhookRequest) -> std::result::Result<Received, ReceiveError> {
        let id = MessageId::new(uuid::Uuid::now_v7().to_string());
        Ok(Received::Message(Box::new(Incoming::new(id, person(), "hello"))))
    }

    async fn send(&self, _: &Outbound) -> std::result::Result<SentReceipt, SendError> {
        Err(SendError::NotSent("this one only receives".to_owned()))
    }
}

struct Echo;

impl Handler for Echo {
    async fn handle(&self, cx: &mut Context, message: &Inbound) -> Result {
        cx.reply(message.text.reveal());
        Ok(())
    }
}

/// Returns the texts that an hour of one text a second buys.
async fn texts_of_an_hour(senders: SenderLimits) -> usize {
    let clock = Arc::new(ManualClock::new(DateTime::UNIX_EPOCH));
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let f = Fixture::new(Arc::new(Sqlite::in_memory(&shared).unwrap()));
    let topic = f.partition.topic.clone();
    let (mut parts, _) = parts(topic.clone(), Arc::clone(&f.storage) as _, 1, |_, _| Ok(()));
    parts.handler = Arc::new(Echo);
    parts.limits.senders = senders;
    parts.limits.max_recipient_depth = u64::MAX;
    parts.limits.max_depth = 10_000;
    let replies = Replies {
        accept_response: "Got it.".to_owned(),
        send_on_accept: true,
        sender_notice: "Too fast.".to_owned(),
        ..Replies::default()
    };
    let pipeline = Pipeline {
        topic: topic.clone(),
        transport_name: "twilio".to_owned(),
        transport: Arc::new(OnePerson),
        validators: Vec::new(),
        replies,
        limits: parts.limits.clone(),
        repeats: 0,
        events: TopicEvents::default(),
    };
    let intake = Intake::new(Arc::clone(&f.storage), groups(), shared, vec![pipeline]);
    let worker = consumer(&f, f.inbound(), None, Worker::new(parts));
    let mut texts = 0;
    for _ in 0..60 {
        for _ in 0..60 {
            intake.receive(topic.as_str(), call()).await.unwrap();
            clock.advance(SECOND);
        }
        until_empty(&f, &f.inbound(), &worker).await;
        while let Some(claim) = f.try_claim(&f.outbox(), LONG).await {
            f.complete(claim, commit()).await;
            texts += 1;
        }
    }
    texts
}

#[tokio::test]
async fn flooder_of_an_hour_buys_a_sixth_of_the_texts() {
    let none = SenderLimits { rate: 0, ..SenderLimits::default() };
    let before = texts_of_an_hour(none).await;
    assert_eq!(before, 7200, "an answer and an echo to each of 3600 texts");
    // A burst of 20 and 10 a minute, each with its two texts, and one notice.
    let bought = texts_of_an_hour(SenderLimits::default()).await;
    assert!((1238..=1241).contains(&bought), "{bought}");
}
