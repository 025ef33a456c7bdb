//! Opt-outs before every send: nothing reaches a person who has opted out, by whatever path.

use chrono::DateTime;
use crosswire::model::address::{Address, Group};
use crosswire::model::consent::{OptOutSource, opt_in, opt_out};
use crosswire::model::message::submission::{End, Tally};
use crosswire::model::message::{MessageId, Outbound};
use crosswire::model::state::Write;

use super::fakes::FakeTransport;
use super::groups;
use super::world::{World, recipient, text, until_idle};

const LINE: &str = "+15005550006";
const OTHER_LINE: &str = "+15005550007";

fn person() -> Address {
    recipient(1, LINE)
}

fn stop(address: &Address) -> Vec<Write> {
    opt_out(&groups(), address, DateTime::UNIX_EPOCH, OptOutSource::Message)
}

fn consent_text(to: Address) -> Outbound {
    let mut outbound = text(to, "you are out");
    outbound.is_consent = true;
    outbound
}

#[tokio::test]
async fn nothing_is_sent_to_a_person_who_opted_out_but_the_answer_to_it() {
    let world = World::new(FakeTransport::default());
    world.commit(stop(&person()), &[consent_text(person()), text(person(), "hello")]).await;
    world.commit(Vec::new(), &[text(recipient(2, LINE), "hello, other")]).await;
    until_idle(&world.consumer()).await;
    let mut texts = world.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["hello, other", "you are out"]);
    let rejected = ("rejected".to_owned(), Some("the recipient has opted out".to_owned()));
    assert!(world.recorded().await.contains(&rejected), "{:?}", world.recorded().await);
    assert_eq!(world.depth().await.pending, 0);
    assert_eq!(world.depth().await.dead, 0, "it is no dead letter");
}

#[tokio::test]
async fn opt_in_ends_an_opt_out() {
    let world = World::new(FakeTransport::default());
    world.commit(stop(&person()), &[]).await;
    world.commit(opt_in(&groups(), &person()), &[text(person(), "welcome back")]).await;
    until_idle(&world.consumer()).await;
    assert_eq!(world.texts(), ["welcome back"]);
}

#[tokio::test]
async fn opt_out_holds_on_its_line_and_on_all_where_the_transport_shares_them() {
    for is_shared in [false, true] {
        let transport = FakeTransport { shares_opt_outs: is_shared, ..FakeTransport::default() };
        let world = World::new(transport);
        world.commit(stop(&person()), &[text(recipient(1, OTHER_LINE), "from the other")]).await;
        until_idle(&world.consumer()).await;
        assert_eq!(world.texts().is_empty(), is_shared);
    }
}

#[tokio::test]
async fn opt_in_on_one_line_opens_all_where_the_transport_shares_them() {
    for is_shared in [false, true] {
        let transport = FakeTransport { shares_opt_outs: is_shared, ..FakeTransport::default() };
        let world = World::new(transport);
        world.commit(stop(&person()), &[]).await;
        let back = opt_in(&groups(), &recipient(1, OTHER_LINE));
        world.commit(back, &[text(person(), "from the first")]).await;
        until_idle(&world.consumer()).await;
        assert_eq!(!world.texts().is_empty(), is_shared);
    }
}

#[tokio::test]
async fn opt_out_holds_for_messages_from_another_partition() {
    let mut world = World::new(FakeTransport::default());
    world.partitions = 64;
    // The opt-out is in the person's own partition, the message in the first one.
    let at_home = (1..).find(|n| groups().partition(&recipient(*n, LINE), 64) == 0).unwrap();
    let away = (1..).find(|n| groups().partition(&recipient(*n, LINE), 64) != 0).unwrap();
    let (at_home, away) = (recipient(at_home, LINE), recipient(away, LINE));
    let mut writes = stop(&at_home);
    writes.extend(stop(&away));
    let outbox = [text(at_home, "at home"), text(away, "the store is asked elsewhere")];
    world.commit(writes, &outbox).await;
    until_idle(&world.consumer()).await;
    assert_eq!(world.texts(), ["the store is asked elsewhere"]);
}

#[tokio::test]
async fn message_that_is_not_sent_leaves_its_batch_and_the_bulk_window() {
    let world = World::new(FakeTransport::default());
    let batch = MessageId::new("t.batch.0");
    let mut bulk = text(person(), "news");
    bulk.tally = Some(Box::new(Tally { batch: Some(batch.clone()), is_bulk: true }));
    world.commit(stop(&person()), &[bulk]).await;
    until_idle(&world.consumer()).await;
    assert_eq!(world.texts(), Vec::<String>::new());
    assert_eq!(world.f.total(&End::Failed.counter(&batch)).await, 1);
    assert_eq!(world.f.total("bulk:unsettled").await, -1);
}

#[tokio::test]
async fn opt_out_is_known_under_the_outbound_group_that_claims_bring_along() {
    let world = World::new(FakeTransport::default());
    world.commit(stop(&person()), &[text(person(), "hello")]).await;
    let claim = world.f.claim_outbox().await;
    let own = groups().group(&person()).on_line(&groups().line(&person()));
    assert_eq!(claim.group, Group::from_id(own.as_str()));
    assert!(claim.state.is_some(), "no read is needed");
}
