//! Pauses of sending are shared, end by themselves, and belong to one topic.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::{Pause, PauseScope, Storage};
use crosswire::model::address::Identity;
use crosswire::model::topic::TopicName;

use crate::storage::fixture::{Fixture, LONG};

fn pause(line: Option<&str>, remaining: Duration) -> Pause {
    let scope = PauseScope::of_provider("twilio", line.map(Identity::new));
    Pause { scope, remaining, code: 21606, reason: "not yours | 42".to_owned() }
}

async fn pauses(f: &Fixture) -> Vec<Pause> {
    f.storage.pauses(&f.partition.topic).await.unwrap()
}

async fn set(storage: &dyn Storage, topic: &TopicName, pause: &Pause) {
    storage.pause(topic, pause).await.unwrap();
}

pub(crate) async fn pause_is_read_back_with_the_time_that_remains(f: Fixture) {
    let (account, line) = (pause(None, LONG), pause(Some("+15005550006"), LONG));
    set(f.storage.as_ref(), &f.partition.topic, &line).await;
    set(f.storage.as_ref(), &f.partition.topic, &account).await;
    let read = pauses(&f).await;
    assert!(read.iter().all(|pause| pause.remaining <= LONG && pause.remaining > LONG / 2));
    let read: Vec<Pause> =
        read.into_iter().map(|pause| Pause { remaining: LONG, ..pause }).collect();
    assert_eq!(read, [account, line]);
}

pub(crate) async fn later_pause_replaces_an_earlier_one(f: Fixture) {
    set(f.storage.as_ref(), &f.partition.topic, &pause(None, LONG)).await;
    let renewed = Pause { code: 20003, ..pause(None, LONG / 4) };
    set(f.storage.as_ref(), &f.partition.topic, &renewed).await;
    let read = pauses(&f).await;
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].code, 20003);
    assert!(read[0].remaining <= LONG / 4);
}

pub(crate) async fn pause_ends_by_itself(f: Fixture) {
    set(f.storage.as_ref(), &f.partition.topic, &pause(Some("+1"), LONG)).await;
    set(f.storage.as_ref(), &f.partition.topic, &pause(None, Duration::from_millis(5))).await;
    let start = Instant::now();
    while pauses(&f).await.len() > 1 {
        assert!(start.elapsed() < Duration::from_secs(10), "the pause does not end");
        tokio::task::yield_now().await;
    }
    assert_eq!(pauses(&f).await[0].scope, pause(Some("+1"), LONG).scope);
}

pub(crate) async fn resume_ends_a_pause_of_one_scope(f: Fixture) {
    set(f.storage.as_ref(), &f.partition.topic, &pause(None, LONG)).await;
    set(f.storage.as_ref(), &f.partition.topic, &pause(Some("+1"), LONG)).await;
    f.storage.resume(&f.partition.topic, &pause(None, LONG).scope).await.unwrap();
    let read = pauses(&f).await;
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].scope.line, Some(Identity::new("+1")));
}

pub(crate) async fn pause_belongs_to_its_topic(f: Fixture) {
    let other: TopicName = format!("{}x", f.partition.topic).parse().unwrap();
    set(f.storage.as_ref(), &other, &pause(None, LONG)).await;
    assert_eq!(pauses(&f).await, []);
    assert_eq!(f.storage.pauses(&other).await.unwrap().len(), 1);
}
