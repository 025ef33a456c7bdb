//! Batches: progress, the window of bulk messages, opt-outs and keys.

use crosswire::engine::submissions::{BatchDraft, BatchMessage, Progress, SubmitError};
use crosswire::model::message::MessageId;
use crosswire::model::message::submission::{BULK_UNSETTLED, Priority};
use rstest::rstest;

use super::house::{ALICE, House, key};

/// Batch to so many numbers.
fn batch(house: &House, count: usize) -> BatchDraft {
    let number = |index: usize| format!("+1415555{:04}", 1000 + index);
    let message = |index| BatchMessage { to: number(index).into(), text: None, media: Vec::new() };
    BatchDraft {
        topic: house.topic.to_string(),
        text: "news".into(),
        transport: None,
        line: None,
        priority: Priority::Bulk,
        messages: (0..count).map(message).collect(),
    }
}

async fn progress(house: &House, id: &MessageId) -> Progress {
    house.submitter.progress(&id.as_str().parse().unwrap()).await.unwrap()
}

#[rstest]
#[case::embedded(House::embedded("partitions = 3"))]
#[case::redis(House::on_redis("partitions = 3").await)]
#[tokio::test]
async fn every_message_of_a_batch_is_sent_once_and_counted(#[case] house: House) {
    let mut draft = batch(&house, 1234);
    draft.messages[7].text = Some("refuse this".into());
    let id = house.submitter.send_batch(&draft, None).await.unwrap();
    let before = progress(&house, &id).await;
    assert_eq!((before.total, before.waiting), (1234, 1234));
    house.drain().await;
    let after = progress(&house, &id).await;
    assert_eq!((after.sent, after.failed, after.rejected, after.waiting), (1233, 1, 0, 0));
    let mut numbers: Vec<String> = house.sent().into_iter().map(|(to, _)| to).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 1233);
    for partition in 0..3 {
        let topic = house.topic.clone();
        let partition = crosswire::contracts::storage::Partition { topic, number: partition };
        assert_eq!(house.storage.total(&partition, BULK_UNSETTLED).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn urgent_message_overtakes_a_batch_that_was_there_first() {
    let house = House::embedded("");
    house.submitter.send_batch(&batch(&house, 5000), None).await.unwrap();
    house.handle().await;
    house.send(ALICE, "urgent").await;
    house.drain().await;
    let place = house.sent().iter().position(|(_, text)| text == "urgent").unwrap();
    assert!(place <= 600, "it was sent as number {place}");
    assert_eq!(house.sent().len(), 5001);
}

#[tokio::test]
async fn message_to_somebody_who_has_opted_out_is_rejected() {
    let house = House::embedded("");
    house.write("+14155551003", "stop").await;
    let id = house.submitter.send_batch(&batch(&house, 10), None).await.unwrap();
    house.drain().await;
    let after = progress(&house, &id).await;
    assert_eq!((after.sent, after.rejected, after.waiting), (9, 1, 0));
}

#[tokio::test]
async fn repeated_batch_is_sent_once_under_its_key() {
    let house = House::embedded("partitions = 2");
    let draft = batch(&house, 250);
    let first = house.submitter.send_batch(&draft, Some(&key("b"))).await.unwrap();
    house.drain().await;
    let second = house.submitter.send_batch(&draft, Some(&key("b"))).await.unwrap();
    house.drain().await;
    assert_eq!(first, second);
    assert_eq!(house.sent().len(), 250);
    let other = house.submitter.send_batch(&batch(&house, 251), Some(&key("b"))).await;
    assert_eq!(other, Err(SubmitError::KeyReused));
}

#[rstest]
#[case(0)]
#[case(10_001)]
#[tokio::test]
async fn batch_has_its_limits(#[case] count: usize) {
    let house = House::embedded("");
    let error = house.submitter.send_batch(&batch(&house, count), None).await.unwrap_err();
    assert_eq!(error.to_string(), "messages: write 1 to 10000 messages");
}

#[tokio::test]
async fn error_in_a_batch_names_its_message_and_nothing_is_taken() {
    let house = House::embedded("");
    let mut draft = batch(&house, 300);
    draft.messages[250].to = "0171".into();
    let error = house.submitter.send_batch(&draft, None).await.unwrap_err();
    assert!(error.to_string().starts_with("messages[250].to: write the number"), "{error}");
    house.drain().await;
    assert_eq!(house.sent(), []);
}
