//! Single messages: order, time, cancellation, opt-outs and idempotency keys.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::contracts::storage::{Partition, Queue, QueueKind};
use crosswire::engine::processes::levels::entered_at;
use crosswire::engine::submissions::{BatchDraft, BatchMessage, Draft, Status, SubmitError};
use crosswire::model::event::EventKind;
use crosswire::model::message::submission::Priority;
use rstest::rstest;

use super::house::{ALICE, BOB, House, key};

fn to(number: &str, text: &str) -> (String, String) {
    (number.to_owned(), text.to_owned())
}

#[rstest]
#[case::embedded(House::embedded("partitions = 3"))]
#[case::redis(House::on_redis("partitions = 3").await)]
#[tokio::test]
async fn submitted_message_is_sent_once_and_recorded_under_its_id(#[case] house: House) {
    let id = house.send("+1 415 555-0101", "hello").await;
    assert_eq!(house.status(&id).await.status, Status::Queued);
    house.drain().await;
    assert_eq!(house.sent(), [to(ALICE, "hello")]);
    assert_eq!(house.status(&id).await.status, Status::Sent);
    let expected = [
        EventKind::Received,
        EventKind::Queued,
        EventKind::Handled,
        EventKind::Sent,
        EventKind::Recorded,
    ];
    assert_eq!(house.kinds(&id).await, expected);
}

#[tokio::test]
async fn submission_and_batch_have_an_age_while_they_wait() {
    let house = House::embedded("");
    let inbound_and_outbox = async || {
        let mut ages = Vec::new();
        for kind in QueueKind::ALL {
            let queue = Queue { partition: Partition::first(&house.topic), kind };
            let heads = house.storage.heads(&queue, 9).await.unwrap();
            let entered = heads.iter().map(|head| entered_at(&head.id, &head.payload));
            let age = |at: Option<DateTime<Utc>>| (house.now() - at.unwrap()).num_seconds();
            ages.push(entered.map(age).collect::<Vec<_>>());
        }
        ages
    };
    house.send(ALICE, "hello").await;
    house.advance(Duration::from_secs(90));
    assert_eq!(inbound_and_outbox().await, [vec![90], vec![]]);
    let message = BatchMessage { to: BOB.into(), text: None, media: Vec::new() };
    let batch = BatchDraft {
        topic: house.topic.to_string(),
        text: "hello".into(),
        transport: None,
        line: None,
        priority: Priority::Normal,
        messages: vec![message],
    };
    house.submitter.send_batch(&batch, None).await.unwrap();
    house.advance(Duration::from_secs(9));
    let mut ages = inbound_and_outbox().await.remove(0);
    ages.sort_unstable();
    assert_eq!(ages, [9, 99]);
}

#[tokio::test]
async fn submission_keeps_its_place_among_the_messages_of_its_recipient() {
    let house = House::embedded("");
    house.write(ALICE, "echo one").await;
    house.send(ALICE, "two").await;
    house.write(ALICE, "echo three").await;
    house.drain().await;
    assert_eq!(house.sent(), ["one", "two", "three"].map(|text| to(ALICE, text)));
}

#[tokio::test]
async fn message_for_a_later_time_is_sent_at_that_time() {
    let house = House::embedded("");
    let at = house.now() + TimeDelta::hours(2);
    let draft = Draft { at: Some(at), ..house.draft(ALICE, "later") };
    let id = house.submitter.send(&draft, None).await.unwrap();
    house.settle().await;
    let found = house.status(&id).await;
    assert_eq!((found.status, found.at), (Status::Scheduled, Some(at)));
    house.advance(Duration::from_mins(119));
    house.settle().await;
    assert_eq!(house.sent(), []);
    house.advance(Duration::from_mins(1));
    house.settle().await;
    assert_eq!(house.sent(), [to(ALICE, "later")]);
    assert_eq!(house.status(&id).await.status, Status::Sent);
}

#[tokio::test]
async fn scheduled_message_is_cancelled_until_its_time() {
    let house = House::embedded("");
    let at = Some(house.now() + TimeDelta::hours(2));
    let draft = Draft { at, ..house.draft(ALICE, "later") };
    let id = house.submitter.send(&draft, None).await.unwrap();
    house.settle().await;
    let parsed = id.as_str().parse().unwrap();
    house.submitter.cancel(&parsed).await.unwrap();
    house.settle().await;
    assert_eq!(house.status(&id).await.status, Status::Cancelled);
    house.advance(Duration::from_hours(3));
    house.settle().await;
    assert_eq!(house.sent(), []);
    let again = house.submitter.cancel(&parsed).await;
    assert_eq!(again, Err(SubmitError::TooLate(Status::Cancelled)));
}

#[tokio::test]
async fn cancellation_that_overtakes_its_message_holds() {
    let house = House::embedded("");
    // The mailbox of bulk messages and that of the cancellation are worked on in any order.
    let draft = Draft { priority: Priority::Bulk, ..house.draft(ALICE, "bulk") };
    let id = house.submitter.send(&draft, None).await.unwrap();
    house.submitter.cancel(&id.as_str().parse().unwrap()).await.unwrap();
    house.settle().await;
    let kinds = house.kinds(&id).await;
    let is_cancelled = kinds.contains(&EventKind::Cancelled);
    assert_eq!(house.sent().is_empty(), is_cancelled, "{kinds:?}");
    assert_ne!(kinds.contains(&EventKind::Handled), is_cancelled, "{kinds:?}");
}

#[tokio::test]
async fn sent_message_cannot_be_cancelled() {
    let house = House::embedded("");
    let id = house.send(ALICE, "hello").await;
    house.settle().await;
    let late = house.submitter.cancel(&id.as_str().parse().unwrap()).await;
    assert_eq!(late, Err(SubmitError::TooLate(Status::Sent)));
}

#[tokio::test]
async fn nothing_is_sent_to_somebody_who_has_opted_out() {
    let house = House::embedded("");
    house.write(ALICE, "STOP").await;
    let id = house.send(ALICE, "news").await;
    house.send(BOB, "news").await;
    house.settle().await;
    assert_eq!(house.sent(), [to(BOB, "news")]);
    let found = house.status(&id).await;
    assert_eq!(found.status, Status::Rejected);
    let reason = found.events.last().and_then(|event| event.reason.as_deref());
    assert_eq!(reason, Some("the recipient has opted out"));
    house.write(ALICE, "Start").await;
    house.send(ALICE, "more news").await;
    house.settle().await;
    assert_eq!(house.sent().last(), Some(&to(ALICE, "more news")));
}

#[tokio::test]
async fn opt_out_before_its_time_stops_a_scheduled_message() {
    let house = House::embedded("");
    let at = Some(house.now() + TimeDelta::hours(2));
    let draft = Draft { at, ..house.draft(ALICE, "later") };
    let id = house.submitter.send(&draft, None).await.unwrap();
    house.settle().await;
    house.write(ALICE, "stop").await;
    house.advance(Duration::from_hours(3));
    house.settle().await;
    assert_eq!(house.sent(), []);
    assert_eq!(house.status(&id).await.status, Status::Rejected);
}

#[tokio::test]
async fn verdict_of_the_provider_is_an_opt_out() {
    let house = House::embedded("");
    let refused = house.send(ALICE, "opted out").await;
    house.settle().await;
    assert_eq!(house.status(&refused).await.status, Status::Failed);
    let id = house.send(ALICE, "news").await;
    house.settle().await;
    assert_eq!(house.status(&id).await.status, Status::Rejected);
}

#[rstest]
#[case::embedded(House::embedded("partitions = 3"))]
#[case::redis(House::on_redis("partitions = 3").await)]
#[tokio::test]
async fn repeated_request_is_sent_once_under_its_key(#[case] house: House) {
    let draft = house.draft(ALICE, "invoice 7");
    let first = house.submitter.send(&draft, Some(&key("7"))).await.unwrap();
    house.drain().await;
    let second = house.submitter.send(&draft, Some(&key("7"))).await.unwrap();
    house.drain().await;
    assert_eq!(first, second);
    assert_eq!(house.sent().len(), 1);
    let other = house.submitter.send(&draft, Some(&key("8"))).await.unwrap();
    assert_ne!(first, other);
    // Another recipient has another partition, perhaps; the key is refused all the same.
    for changed in [house.draft(BOB, "invoice 7"), house.draft(ALICE, "invoice 8")] {
        let reused = house.submitter.send(&changed, Some(&key("7"))).await;
        assert_eq!(reused, Err(SubmitError::KeyReused));
    }
}

#[tokio::test]
async fn requests_at_the_same_instant_are_one_under_their_key() {
    let house = House::on_redis("").await;
    let draft = house.draft(ALICE, "once");
    let key = key("1");
    let requests = (0..20).map(|_| house.submitter.send(&draft, Some(&key)));
    let ids = futures_util::future::join_all(requests).await;
    let first = ids[0].clone().unwrap();
    assert!(ids.iter().all(|id| id.as_ref() == Ok(&first)), "{ids:?}");
    house.drain().await;
    assert_eq!(house.sent().len(), 1);
}

#[rstest]
#[case::national("0171 123456", "hello", "to: write the number in E.164")]
#[case::short_code("12345", "hello", "to: write the number in E.164")]
#[case::empty("", "hello", "to: write 1 to 128 characters")]
#[case::control("+1415555\u{0}0101", "hello", "to: write 1 to 128 characters")]
#[case::no_content(ALICE, "", "text: write a text")]
#[tokio::test]
async fn invalid_message_is_refused_with_its_field(
    #[case] number: &str,
    #[case] text: &str,
    #[case] sentence: &str,
) {
    let house = House::embedded("");
    let error = house.submitter.send(&house.draft(number, text), None).await.unwrap_err();
    assert!(error.to_string().starts_with(sentence), "{error}");
}

#[tokio::test]
async fn mailbox_has_its_limit() {
    let house = House::embedded("max_group_depth = 2");
    house.send(ALICE, "1").await;
    house.send(ALICE, "2").await;
    let third = house.submitter.send(&house.draft(ALICE, "3"), None).await;
    assert_eq!(third, Err(SubmitError::MailboxFull));
    house.send(BOB, "1").await;
}

#[tokio::test]
async fn message_that_the_provider_refuses_has_failed() {
    let house = House::embedded("");
    let id = house.send(ALICE, "refuse this").await;
    house.settle().await;
    let found = house.status(&id).await;
    assert_eq!(found.status, Status::Failed);
    assert!(!format!("{found:?}").contains("refuse this"), "{found:?}");
    assert!(!format!("{found:?}").contains("555"), "{found:?}");
}
