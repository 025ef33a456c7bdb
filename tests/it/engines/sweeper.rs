//! Sweeper: messages in the provider's list that no call has brought.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::Storage;
use crosswire::contracts::transport::{
    ReceiveError, Received, SendError, SentReceipt, Transport, WebhookRequest,
};
use crosswire::engine::intake::Intake;
use crosswire::engine::sweeper::Sweeper;
use crosswire::engine::topic::Pipeline;
use crosswire::model::address::Address;
use crosswire::model::clock::{Clock, ManualClock, SystemClock};
use crosswire::model::consent::opt_out_key;
use crosswire::model::message::{Incoming, Mail, MessageId, Outbound};
use crosswire::model::topic::SenderLimits;
use std::time::Duration;

use super::groups;
use super::intake::{call, message, pipeline, store};
use crate::storage::fixture::{Fixture, LONG, commit};

/// Transport with a list of messages, which notes since when it was asked.
#[derive(Default)]
struct Lists {
    listed: Mutex<Vec<Incoming>>,
    asked: Mutex<Vec<DateTime<Utc>>>,
    is_away: Mutex<bool>,
}

impl Transport for Lists {
    fn receive(&self, _: &WebhookRequest) -> Result<Received, ReceiveError> {
        Ok(message("twilio"))
    }

    async fn send(&self, _: &Outbound) -> Result<SentReceipt, SendError> {
        Err(SendError::NotSent("this one only receives".to_owned()))
    }

    fn sends_in_answer(&self) -> bool {
        true
    }

    fn sweep_interval(&self) -> Option<Duration> {
        // Over at once, so that each step of a test is a turn.
        Some(Duration::from_millis(1))
    }

    async fn missed(&self, since: DateTime<Utc>) -> Result<Option<Vec<Incoming>>, SendError> {
        self.asked.lock().unwrap().push(since);
        if *self.is_away.lock().unwrap() {
            return Err(SendError::NotSent("away".to_owned()));
        }
        Ok(Some(self.listed.lock().unwrap().clone()))
    }
}

fn sender() -> Address {
    Address::new("twilio", "+14155550101", crate::support::LINE)
}

fn incoming(id: &str) -> Incoming {
    said(id, "hello")
}

fn said(id: &str, text: &str) -> Incoming {
    Incoming::new(MessageId::new(id), sender(), text)
}

struct Swept {
    f: Fixture,
    lists: Arc<Lists>,
    intake: Arc<Intake>,
    clock: Arc<ManualClock>,
    sweeper: Sweeper,
}

fn swept() -> Swept {
    swept_by(|pipeline| pipeline)
}

fn swept_by(change: impl FnOnce(Pipeline) -> Pipeline) -> Swept {
    let (f, lists) = (store(), Arc::new(Lists::default()));
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let transport = Arc::clone(&lists);
    let pipeline = Pipeline { transport, ..pipeline(&f, "twilio", || message("twilio")) };
    let pipeline = change(pipeline);
    let shared: Arc<dyn Clock> = Arc::clone(&clock) as _;
    let storage: Arc<dyn Storage> = Arc::clone(&f.storage);
    let intake = Intake::new(Arc::clone(&storage), groups(), Arc::clone(&shared), vec![pipeline]);
    let intake = Arc::new(intake);
    let sweeper = Sweeper::all(&intake, &storage, &shared).pop().unwrap();
    Swept { f, lists, intake, clock, sweeper }
}

impl Swept {
    /// Steps when the turn is free again.
    async fn step(&mut self) -> usize {
        let before = self.lists.asked.lock().unwrap().len();
        loop {
            let taken = self.sweeper.step().await;
            if self.lists.asked.lock().unwrap().len() > before {
                return taken;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn pending(&self) -> u64 {
        self.f.storage.depth(&self.f.inbound()).await.unwrap().pending
    }
}

#[tokio::test]
async fn only_messages_that_no_call_has_brought_are_taken_in_once() {
    let mut swept = swept();
    // The call brings the message 1.
    swept.intake.receive(swept.f.partition.topic.as_str(), call()).await.unwrap();
    *swept.lists.listed.lock().unwrap() = vec![incoming("1"), incoming("2")];
    assert_eq!(swept.step().await, 1);
    assert_eq!(swept.step().await, 0);
    assert_eq!(swept.pending().await, 2);
}

#[tokio::test]
async fn each_reading_reaches_back_behind_the_last_that_succeeded() {
    let mut swept = swept();
    let start = swept.clock.now();
    swept.step().await;
    swept.clock.advance(Duration::from_mins(1));
    *swept.lists.is_away.lock().unwrap() = true;
    swept.step().await;
    swept.clock.advance(Duration::from_mins(30));
    *swept.lists.is_away.lock().unwrap() = false;
    swept.step().await;
    let overlap = TimeDelta::minutes(2);
    // The store keeps the time, for a process that is new.
    let storage: Arc<dyn Storage> = Arc::clone(&swept.f.storage);
    let shared: Arc<dyn Clock> = Arc::clone(&swept.clock) as _;
    swept.sweeper = Sweeper::all(&swept.intake, &storage, &shared).pop().unwrap();
    let last = swept.clock.now();
    swept.clock.advance(Duration::from_hours(1));
    swept.step().await;
    swept.clock.advance(Duration::from_hours(72));
    swept.step().await;
    let furthest = swept.clock.now() - TimeDelta::hours(24);
    let asked: Vec<_> =
        swept.lists.asked.lock().unwrap().iter().map(DateTime::timestamp_millis).collect();
    let first = start - overlap;
    let expected = [first, first, first, last - overlap, furthest];
    assert_eq!(asked, expected.map(|at| at.timestamp_millis()));
}

#[tokio::test]
async fn waiting_messages_count_from_their_own_time_and_have_no_rate() {
    let mut swept = swept_by(|mut pipeline| {
        pipeline.limits.senders = SenderLimits { rate: 1, burst: 1, are_explicit: true };
        pipeline
    });
    let now = swept.clock.now();
    let sent_at = DateTime::from_timestamp(now.timestamp() - 3600, 0).unwrap();
    let mut listed: Vec<_> = ["1", "2", "3"].map(incoming).into();
    listed[0].sent_at = Some(sent_at);
    listed[1].sent_at = Some(now + TimeDelta::hours(1));
    *swept.lists.listed.lock().unwrap() = listed;
    assert_eq!(swept.step().await, 3);
    let mut times = Vec::new();
    for _ in 0..3 {
        let claim = swept.f.claim().await;
        let Mail::Message(message) = serde_json::from_str(&claim.payload).unwrap() else {
            panic!("a message was listed")
        };
        assert!(message.is_missed, "its wait is none of ours");
        times.push(message.received_at.timestamp());
        swept.f.complete(claim, commit()).await;
    }
    assert_eq!(times, [sent_at.timestamp(), now.timestamp(), now.timestamp()]);
}

#[tokio::test]
async fn opt_out_of_the_list_counts_and_an_opt_in_of_it_does_not() {
    let key = opt_out_key(&groups(), &sender());
    for (id, text) in [("2", "START"), ("3", "yes")] {
        let mut swept = swept();
        *swept.lists.listed.lock().unwrap() = vec![said("1", "STOP"), said(id, text)];
        assert_eq!(swept.step().await, 1, "{text}");
        assert!(swept.f.value(key.as_str()).await.is_some(), "{text}");
        assert_eq!(swept.pending().await, 1, "{text}");
    }
}

#[tokio::test]
async fn texts_for_messages_of_the_list_leave_as_messages() {
    let mut swept = swept_by(|mut pipeline| {
        pipeline.replies.accept_response = "Thanks.".to_owned();
        pipeline.replies.send_on_accept = false;
        pipeline
    });
    *swept.lists.listed.lock().unwrap() = vec![incoming("8"), said("9", "keyword")];
    assert_eq!(swept.step().await, 1);
    let accepted = swept.f.claim_outbox().await;
    assert!(accepted.payload.contains("Thanks."));
    swept.f.complete(accepted, commit()).await;
    swept.f.complete(swept.f.claim().await, commit()).await;
    let rejected = swept.f.claim().await;
    assert!(rejected.payload.contains("No keywords, please."));
    // The answer of a call is enough.
    swept.intake.receive(swept.f.partition.topic.as_str(), call()).await.unwrap();
    assert!(swept.f.try_claim(&swept.f.outbox(), LONG).await.is_none());
}
