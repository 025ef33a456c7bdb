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
use crosswire::model::message::{Incoming, MessageId, Outbound};
use std::time::Duration;

use super::groups;
use super::intake::{call, message, pipeline, store};
use crate::storage::fixture::Fixture;

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

fn incoming(id: &str) -> Incoming {
    let sender = Address::new("twilio", "+14155550101", crate::support::LINE);
    Incoming::new(MessageId::new(id), sender, "hello")
}

struct Swept {
    f: Fixture,
    lists: Arc<Lists>,
    intake: Arc<Intake>,
    clock: Arc<ManualClock>,
    sweeper: Sweeper,
}

fn swept() -> Swept {
    let (f, lists) = (store(), Arc::new(Lists::default()));
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let transport = Arc::clone(&lists);
    let pipeline = Pipeline { transport, ..pipeline(&f, "twilio", || message("twilio")) };
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
    let overlap = start - TimeDelta::minutes(2);
    assert_eq!(*swept.lists.asked.lock().unwrap(), [start - TimeDelta::hours(1), overlap, overlap]);
}
