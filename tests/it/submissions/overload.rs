//! Submissions above what can be borne: too many calls in hand, and a backlog that is too old.

use std::time::Duration;

use crosswire::contracts::storage::Pushed;
use crosswire::engine::intake::{Outcome, Refusal};
use crosswire::engine::overload::MAX_IN_HAND;
use crosswire::engine::submissions::{BatchDraft, BatchMessage, Draft, SubmitError};
use crosswire::model::address::Address;
use crosswire::model::message::submission::Priority;
use crosswire::model::message::{Incoming, MessageId};
use rstest::rstest;

use super::house::{ALICE, BOB, House, LINE, key};

const OLD: Duration = Duration::from_secs(61);

/// A house whose oldest message, which this draft has made, waits for too long.
async fn crowded(first: impl FnOnce(&House) -> Draft) -> House {
    let house = House::embedded("max_backlog_age = \"1m\"").limited();
    let first = first(&house);
    house.submitter.send(&first, Some(&key("first"))).await.unwrap();
    house.advance(OLD);
    house.intake.backlog().step().await;
    house
}

fn batch(house: &House) -> BatchDraft {
    BatchDraft {
        topic: house.topic.to_string(),
        text: "hello".into(),
        transport: None,
        line: None,
        priority: Priority::Bulk,
        messages: vec![BatchMessage { to: BOB.into(), text: None, media: Vec::new() }],
    }
}

#[tokio::test]
async fn requests_are_refused_while_the_oldest_message_waits_too_long() {
    let house = crowded(|house| house.draft(ALICE, "first")).await;
    let new = house.draft(BOB, "new");
    for key in [None, Some(key("new"))] {
        let refused = house.submitter.send(&new, key.as_ref()).await;
        assert_eq!(refused, Err(SubmitError::QueueFull));
        let refused = house.submitter.send_batch(&batch(&house), key.as_ref()).await;
        assert_eq!(refused, Err(SubmitError::QueueFull));
    }
    house.settle().await;
    house.intake.backlog().step().await;
    house.submitter.send(&new, Some(&key("new"))).await.unwrap();
    house.submitter.send_batch(&batch(&house), Some(&key("batch"))).await.unwrap();
    house.drain().await;
    assert_eq!(house.sent().len(), 3, "what was refused was not stored: {:?}", house.sent());
}

#[tokio::test]
async fn repetitions_and_cancellations_are_taken_in_whatever_waits() {
    let house = crowded(|house| house.draft(ALICE, "first")).await;
    let first = house.draft(ALICE, "first");
    let id = house.submitter.send(&first, Some(&key("first"))).await.unwrap();
    house.submitter.cancel(&id.as_str().parse().unwrap()).await.unwrap();
    house.drain().await;
    assert_eq!(house.sent().len(), 1, "the cancellation comes too late, and nothing is sent twice");
}

#[rstest]
#[case::bulk(|draft: Draft, _: &House| Draft { priority: Priority::Bulk, ..draft })]
#[case::later(|draft: Draft, house: &House| Draft { at: Some(house.now() + OLD), ..draft })]
#[tokio::test]
async fn message_that_waits_for_its_own_time_or_kind_is_no_backlog(
    #[case] change: fn(Draft, &House) -> Draft,
) {
    let house = crowded(|house| change(house.draft(ALICE, "first"), house)).await;
    house.send(BOB, "new").await;
}

#[tokio::test]
async fn requests_beyond_the_calls_in_hand_are_refused() {
    let house = House::embedded("").limited();
    let limits = house.intake.overload();
    let places: Vec<_> = (0..MAX_IN_HAND).map_while(|_| limits.place(&house.topic)).collect();
    assert_eq!(places.len(), MAX_IN_HAND);
    let draft = house.draft(ALICE, "hello");
    assert_eq!(house.submitter.send(&draft, None).await, Err(SubmitError::Busy));
    let refused = house.submitter.send_batch(&batch(&house), None).await;
    assert_eq!(refused, Err(SubmitError::Busy));
    let written = async || {
        let sender = Address::new("phones", BOB, LINE);
        let incoming = Incoming::new(MessageId::new("SM1"), sender, "hello");
        house.intake.written(house.topic.as_str(), incoming).await.map(|receipt| receipt.outcome)
    };
    assert_eq!(written().await, Err(Refusal::Unavailable));
    drop(places);
    let id = house.submitter.send(&draft, None).await.unwrap();
    assert_eq!(written().await, Ok(Outcome::Pushed(Pushed::Accepted)));
    let places: Vec<_> = (0..MAX_IN_HAND).map_while(|_| limits.place(&house.topic)).collect();
    let cancelled = house.submitter.cancel(&id.as_str().parse().unwrap()).await;
    assert_eq!(cancelled, Err(SubmitError::Busy));
    drop(places);
}
