//! Delivery reports: the recorded state of an outbound message never goes back.

use chrono::TimeDelta;
use crosswire::contracts::storage::Commit;
use crosswire::model::event::{Detail, EventKind, Facts};
use crosswire::model::message::MessageId;

use std::time::Duration;

use crate::storage::fixture::{Fixture, LONG, commit, now};

async fn report(f: &Fixture, outbound: &str, kind: EventKind) {
    let outbound = Some(MessageId::new(outbound));
    let detail = Detail { outbound, ..Detail::default() };
    let facts = Facts::new(MessageId::new("m1"), &[kind], detail, 1000);
    f.storage.record(&f.partition, facts).await.unwrap();
}

pub(crate) async fn state_of_an_outbound_message_only_moves_forward(f: Fixture) {
    use EventKind::{Delivered, Failed, Sent};
    for (outbound, reported, recorded) in [
        ("o1", [Sent, Sent, Delivered], &[Sent, Delivered][..]),
        ("o2", [Delivered, Sent, Delivered], &[Delivered]),
        ("o3", [Failed, Sent, Delivered], &[Failed]),
        ("o4", [Sent, Delivered, Failed], &[Sent, Delivered]),
    ] {
        let before = f.kinds("m1").await.len();
        for kind in reported {
            report(&f, outbound, kind).await;
        }
        assert_eq!(f.kinds("m1").await[before..], *recorded, "{reported:?}");
    }
}

/// Facts of a report of an outbound message, with the provider's id of it.
pub(crate) fn named(outbound: &str, provider_id: &str, kinds: &[EventKind]) -> Facts {
    let detail = Detail {
        outbound: Some(MessageId::new(outbound)),
        provider_id: Some(provider_id.to_owned()),
        ..Detail::default()
    };
    Facts::new(MessageId::new("m1"), kinds, detail, 1000)
}

async fn noted(f: &Fixture, outbound: &str) -> Option<String> {
    f.storage.provider_id(&f.partition, &MessageId::new(outbound)).await.unwrap()
}

pub(crate) async fn provider_id_of_a_reported_message_is_noted(f: Fixture) {
    assert_eq!(noted(&f, "o1").await, None);
    f.storage.record(&f.partition, named("o1", "SM1", &[])).await.unwrap();
    assert_eq!(noted(&f, "o1").await.as_deref(), Some("SM1"));
    assert_eq!(f.kinds("m1").await, [], "a report of no new state is recorded nowhere");
    f.storage.record(&f.partition, named("o2", "SM2", &[EventKind::Sent])).await.unwrap();
    assert_eq!(noted(&f, "o2").await.as_deref(), Some("SM2"));
    assert_eq!(f.kinds("m1").await, [EventKind::Sent]);
}

pub(crate) async fn provider_id_of_a_message_that_is_known_to_be_sent_is_not_noted(f: Fixture) {
    f.push("alice", "m1").await;
    let claim = f.claim().await;
    f.complete(claim, Commit { provider_id: Some("SM1".to_owned()), ..commit() }).await;
    f.storage.record(&f.partition, named("o1", "SM1", &[EventKind::Delivered])).await.unwrap();
    assert_eq!(noted(&f, "o1").await, None);
}

pub(crate) async fn turn_is_taken_once_per_interval(f: Fixture) {
    let take = |work: &'static str, every| f.storage.take_turn(&f.partition, work, every);
    assert!(take("one", LONG).await.unwrap());
    assert!(!take("one", LONG).await.unwrap());
    assert!(take("other", Duration::ZERO).await.unwrap());
    let start = now();
    while now() - start < TimeDelta::milliseconds(3) {
        tokio::task::yield_now().await;
    }
    assert!(take("other", LONG).await.unwrap());
}

pub(crate) async fn states_of_different_outbound_messages_are_independent(f: Fixture) {
    report(&f, "o1", EventKind::Delivered).await;
    report(&f, "o2", EventKind::Sent).await;
    assert_eq!(f.kinds("m1").await, [EventKind::Delivered, EventKind::Sent]);
}
