//! Sending: long texts in parts, the pace of a line, budgets, countries, and texts that repeat themselves.

use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::storage::QueueKind;
use crosswire::contracts::transport::Transports;
use crosswire::contracts::transport::callback::Reference;
use crosswire::engine::consumer::Consumer;
use crosswire::engine::settlement::{Settlement, Work};
use crosswire::engine::worker::Worker;
use crosswire::model::budget::Budgets;
use crosswire::model::clock::Clock;
use crosswire::model::message::Outbound;
use crosswire::model::message::submission::{Priority, Tally};
use crosswire::model::topic::LineRate;

use super::fakes::{FakeTransport, NoStore, claim, lease, topic_name};
use super::world::{World, recipient, text, until_idle};
use super::{groups, person, worker};

const LINE: &str = "+15005550006";
const SECOND: Duration = Duration::from_secs(1);
const A_MINUTE: Duration = Duration::from_mins(1);

fn bulk(number: u32, said: &str) -> Outbound {
    let mut outbound = text(recipient(number, LINE), said);
    outbound.priority = Priority::Bulk;
    outbound.tally = Some(Box::new(Tally { batch: None, is_bulk: true }));
    outbound
}

/// Lets time pass in small steps, and returns the number of messages that were taken.
async fn sent_within(world: &World, consumer: &Consumer, time: Duration) -> usize {
    let (before, step) = (world.texts().len(), Duration::from_millis(50));
    for _ in 0..time.as_millis() / step.as_millis() {
        until_idle(consumer).await;
        world.clock.advance(step);
    }
    world.texts().len() - before
}

#[tokio::test]
async fn long_text_of_any_handler_is_sent_in_parts() {
    let (mut parts, _) = worker::parts(topic_name(), Arc::new(NoStore::default()), 5, |cx, _| {
        cx.reply("one two three four");
        Ok(())
    });
    let transport = FakeTransport { max_length: Some(8), ..FakeTransport::default() };
    parts.transports = Transports::default().with("twilio", Arc::new(transport));
    let claim = claim(QueueKind::Inbound, worker::mail(topic_name()));
    let Settlement::Complete(commit) =
        Worker::new(parts).work(&claim, &lease(&claim)).await.unwrap()
    else {
        panic!("the message is handled")
    };
    let outbox: Vec<Outbound> =
        commit.outbox.iter().map(|it| serde_json::from_str(&it.payload).unwrap()).collect();
    let said: Vec<(&str, bool)> =
        outbox.iter().map(|it| (it.text.reveal(), it.continues)).collect();
    let expected =
        [("half a ", false), ("word", true), ("one two ", false), ("three ", true), ("four", true)];
    assert_eq!(said, expected);
    assert!(outbox.iter().all(|it| it.cause.as_ref().is_some_and(|cause| !cause.only)));
    let mut ids: Vec<_> = outbox.iter().map(|it| it.id.clone()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

#[tokio::test]
async fn part_leaves_a_second_after_the_one_before_it() {
    let world = World::new(FakeTransport::default());
    let mut second = text(recipient(1, LINE), "part two");
    second.continues = true;
    world.commit(Vec::new(), &[text(recipient(1, LINE), "part one"), second]).await;
    let consumer = world.consumer();
    until_idle(&consumer).await;
    assert_eq!(world.texts(), ["part one"]);
    world.clock.advance(Duration::from_millis(999));
    until_idle(&consumer).await;
    assert_eq!(world.texts(), ["part one"]);
    world.clock.advance(Duration::from_millis(1));
    until_idle(&consumer).await;
    assert_eq!(world.texts(), ["part one", "part two"]);
    let recorded = world.recorded().await;
    assert!(recorded.iter().all(|(kind, _)| kind == "sent" || kind == "recorded"), "{recorded:?}");
}

#[tokio::test]
async fn record_has_the_segments_of_a_message() {
    let world = World::new(FakeTransport { segments: 3, ..FakeTransport::default() });
    world.owe(LINE, 1).await;
    until_idle(&world.consumer()).await;
    let events = world.f.storage.events(&world.f.partition, None).await.unwrap();
    let segments: Vec<_> = events.iter().filter_map(|event| event.detail.segments).collect();
    assert_eq!(segments, [3]);
}

#[tokio::test]
async fn line_sends_at_its_rate_with_all_workers_together() {
    let mut world = World::new(FakeTransport { rate: Some(1), ..FakeTransport::default() });
    world.sending.repeats = 0;
    world.owe(LINE, 100).await;
    let (one, other) = (world.consumer(), world.consumer());
    let mut sent = 0;
    for _ in 0..10 {
        sent += sent_within(&world, &one, SECOND).await;
        sent += sent_within(&world, &other, SECOND).await;
    }
    assert!((19..=21).contains(&sent), "{sent} segments in 20 s at one a second");
    assert_eq!(world.depth().await.dead, 0);
    let claim = world.f.claim_outbox().await;
    assert_eq!((claim.failures, claim.attempt), (0, 1), "waiting is no failure");
}

#[tokio::test]
async fn configured_rate_counts_segments() {
    let mut world = World::new(FakeTransport { segments: 2, ..FakeTransport::default() });
    world.sending.rate = LineRate::Every(SECOND / 10);
    world.owe(LINE, 100).await;
    let sent = sent_within(&world, &world.consumer(), 4 * SECOND).await;
    assert!((19..=22).contains(&sent), "{sent} messages of two segments in 4 s at ten a second");
}

#[tokio::test]
async fn replies_leave_before_bulk_messages() {
    let world = World::new(FakeTransport { rate: Some(1), ..FakeTransport::default() });
    let news: Vec<_> = (0..20).map(|number| bulk(number, "news")).collect();
    world.commit(Vec::new(), &news).await;
    let consumer = world.consumer();
    assert!(sent_within(&world, &consumer, 5 * SECOND).await >= 3, "bulk messages leave alone");
    let replies: Vec<_> = (100..105).map(|n| text(recipient(n, LINE), "reply")).collect();
    world.commit(Vec::new(), &replies).await;
    let before = world.texts().len();
    sent_within(&world, &consumer, 7 * SECOND).await;
    let texts = world.texts()[before..].to_vec();
    let last_reply = texts.iter().rposition(|text| text == "reply").unwrap();
    assert!(last_reply <= 5, "one bulk message at most comes first: {texts:?}");
    assert_eq!(texts.iter().filter(|text| *text == "reply").count(), 5);
    assert!(sent_within(&world, &consumer, 20 * SECOND).await >= 12, "and then they go on");
}

#[tokio::test]
async fn spent_budget_keeps_messages_until_midnight_or_more_is_added() {
    let mut world = World::new(FakeTransport { segments: 1, ..FakeTransport::default() });
    world.sending.budgets = Budgets { daily_segments: Some(10), ..Budgets::default() };
    world.owe(LINE, 30).await;
    let consumer = world.consumer();
    until_idle(&consumer).await;
    assert_eq!(world.texts().len(), 10);
    let pauses = world.f.storage.pauses(&world.f.partition.topic).await.unwrap();
    let shown = pauses[0].to_string();
    assert!(shown.contains("budget of 10 segments") && !shown.contains("(0)"), "{shown}");
    assert!(world.recorded().await.iter().any(|(kind, _)| kind == "held"));
    world.clock.advance(10 * A_MINUTE);
    until_idle(&consumer).await;
    assert_eq!(world.texts().len(), 10, "a hard stop");
    world.f.storage.raise(&world.f.partition.topic, "", 5).await.unwrap();
    world.clock.advance(A_MINUTE);
    until_idle(&consumer).await;
    assert_eq!(world.texts().len(), 15);
    world.clock.advance(Duration::from_hours(24));
    for _ in 0..3 {
        until_idle(&consumer).await;
        world.clock.advance(A_MINUTE);
    }
    assert_eq!(world.texts().len(), 25, "the next day");
    let depth = world.depth().await;
    assert_eq!((depth.pending, depth.dead), (5, 0));
}

#[tokio::test]
async fn part_that_waits_for_a_budget_is_recorded_once() {
    let mut world = World::new(FakeTransport { segments: 1, ..FakeTransport::default() });
    let countries = [("+1415".to_owned(), 0)].into_iter().collect();
    world.sending.budgets = Budgets { countries, ..Budgets::default() };
    let mut part = text(recipient(1, LINE), "part two");
    part.continues = true;
    world.commit(Vec::new(), &[part]).await;
    let consumer = world.consumer();
    for _ in 0..10 {
        until_idle(&consumer).await;
        world.clock.advance(A_MINUTE);
    }
    let recorded = world.recorded().await;
    assert_eq!(recorded.iter().filter(|(kind, _)| kind == "held").count(), 1, "{recorded:?}");
}

#[tokio::test]
async fn budget_of_a_country_keeps_its_messages_alone() {
    let mut world = World::new(FakeTransport { segments: 1, ..FakeTransport::default() });
    let countries = [("+1415".to_owned(), 2)].into_iter().collect();
    world.sending.budgets = Budgets { countries, ..Budgets::default() };
    let mut outbox: Vec<_> = (0..5).map(|n| text(recipient(n, LINE), "here")).collect();
    let mut elsewhere = text(recipient(9, LINE), "elsewhere");
    elsewhere.to = crosswire::model::address::Address::new("twilio", "+442079460958", LINE);
    outbox.push(elsewhere);
    world.commit(Vec::new(), &outbox).await;
    let consumer = world.consumer();
    until_idle(&consumer).await;
    assert_eq!(world.texts(), ["here", "here", "elsewhere"]);
    world.f.storage.raise(&world.f.partition.topic, "+1415", 1).await.unwrap();
    world.clock.advance(A_MINUTE);
    until_idle(&consumer).await;
    assert_eq!(world.texts().len(), 4);
}

#[tokio::test]
async fn refused_message_costs_nothing() {
    let transport = FakeTransport { segments: 1, ..FakeTransport::default() };
    let refusal = crosswire::contracts::transport::SendError::NotSent("busy".to_owned());
    let bad = recipient(0, LINE).identity.reveal().to_owned();
    transport.unreachable.lock().unwrap().insert(bad, refusal);
    let mut world = World::new(transport);
    world.sending.budgets = Budgets { daily_segments: Some(10), ..Budgets::default() };
    world.owe(LINE, 3).await;
    until_idle(&world.consumer()).await;
    let spent = world.f.storage.spending(&world.f.partition.topic, "").await.unwrap().spent;
    assert_eq!(spent, 2);
}

#[tokio::test]
async fn refused_country_gets_nothing() {
    let mut world = World::new(FakeTransport::default());
    world.sending.budgets = Budgets { refused: vec!["+1415".to_owned()], ..Budgets::default() };
    world.owe(LINE, 1).await;
    until_idle(&world.consumer()).await;
    assert_eq!(world.texts(), Vec::<String>::new());
    let reason = Some("messages to this country are refused".to_owned());
    assert_eq!(world.recorded().await, [("rejected".to_owned(), reason)]);
}

#[tokio::test]
async fn same_text_ends_with_silence() {
    let world = World::new(FakeTransport::default());
    let consumer = world.consumer();
    let say = async |said: &str| {
        world.commit(Vec::new(), &[text(person(), said)]).await;
        until_idle(&consumer).await;
    };
    for _ in 0..13 {
        say("I am away").await;
    }
    assert_eq!(world.texts().len(), 10);
    let rejected = world.recorded().await.into_iter().filter(|(kind, _)| kind == "rejected");
    assert_eq!(rejected.count(), 3, "and it is recorded");
    say("something else").await;
    say("I am away").await;
    assert_eq!(world.texts().len(), 11, "another text in between changes nothing");
    world.clock.advance(10 * A_MINUTE);
    for _ in 0..13 {
        say("I am away").await;
    }
    assert_eq!(world.texts().len(), 21);
}

#[tokio::test]
async fn sealed_reference_of_a_message_holds_the_time_of_its_hand_over() {
    let world = World::new(FakeTransport::default());
    world.owe(LINE, 1).await;
    world.clock.advance(A_MINUTE);
    until_idle(&world.consumer()).await;
    let sealed = world.transport.sent()[0].reference.clone().unwrap();
    let sent_at = Reference::open(&Reference::key(&groups()), &sealed).unwrap().sent_at.unwrap();
    assert_eq!(sent_at.timestamp_millis(), world.clock.now().timestamp_millis());
}
