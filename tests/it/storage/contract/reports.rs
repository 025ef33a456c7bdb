//! Delivery reports: the recorded state of an outbound message never goes back.

use crosswire::model::event::{Detail, EventKind, Facts};
use crosswire::model::message::MessageId;

use crate::storage::fixture::Fixture;

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

pub(crate) async fn states_of_different_outbound_messages_are_independent(f: Fixture) {
    report(&f, "o1", EventKind::Delivered).await;
    report(&f, "o2", EventKind::Sent).await;
    assert_eq!(f.kinds("m1").await, [EventKind::Delivered, EventKind::Sent]);
}
