//! Opt-outs before every send: nothing reaches a person who has opted out, by whatever path.

use std::sync::Arc;

use chrono::DateTime;
use crosswire::contracts::storage::Partition;
use crosswire::contracts::transport::SendError;
use crosswire::model::address::{Address, Group};
use crosswire::model::consent::{OptOutSource, opt_in, opt_out, opt_out_key};
use crosswire::model::message::submission::{End, Tally};
use crosswire::model::message::{Mail, MessageId, Outbound};
use crosswire::model::state::Write;

use super::fakes::FakeTransport;
use super::groups;
use super::world::{World, recipient, text, until_idle};
use crate::storage::fixture::{Fixture, LONG, commit};

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
    let at_home = (1..=1000).find(|n| groups().partition(&recipient(*n, LINE), 64) == 0).unwrap();
    let away = (1..=1000).find(|n| groups().partition(&recipient(*n, LINE), 64) != 0).unwrap();
    let (at_home, away) = (recipient(at_home, LINE), recipient(away, LINE));
    let mut writes = stop(&at_home);
    writes.extend(stop(&away));
    let outbox = [text(at_home, "at home"), text(away, "the store is asked elsewhere")];
    world.commit(writes, &outbox).await;
    until_idle(&world.consumer()).await;
    assert_eq!(world.texts(), ["the store is asked elsewhere"]);
}

/// Returns the wakes that wait in a partition, each with the group that it is for.
async fn woken(world: &World, number: u16) -> Vec<(Group, String)> {
    let partition = Partition { number, ..world.f.partition.clone() };
    let f = Fixture { storage: Arc::clone(&world.f.storage), partition };
    let mut woken = Vec::new();
    while let Some(claim) = f.try_claim(&f.inbound(), LONG).await {
        let Ok(Mail::Wake(wake)) = serde_json::from_str(&claim.payload) else {
            panic!("{} is no wake", claim.id)
        };
        assert_eq!(wake.group, claim.group);
        woken.push((claim.group.clone(), wake.name));
        f.complete(claim, commit()).await;
    }
    woken
}

#[tokio::test]
async fn mailbox_of_a_person_who_has_opted_out_is_told_that_nothing_reaches_them() {
    let world = World::new(FakeTransport::default());
    world.commit(stop(&person()), &[text(person(), "hello")]).await;
    until_idle(&world.consumer()).await;
    let told = (groups().group(&person()), "undeliverable".to_owned());
    assert_eq!(woken(&world, 0).await, [told]);
}

#[tokio::test]
async fn refusal_is_told_to_the_recipients_own_partition() {
    let away = (1..=1000).find(|n| groups().partition(&recipient(*n, LINE), 64) != 0).unwrap();
    let to = recipient(away, LINE);
    let home = groups().partition(&to, 64);
    let refusal = SendError::Recipient { code: 21610, reason: "opted out".to_owned() };
    let mut world = World::new(FakeTransport::failing([refusal]));
    world.partitions = 64;
    world.commit(Vec::new(), &[text(to.clone(), "hello")]).await;
    until_idle(&world.consumer()).await;
    let partition = Partition { number: home, ..world.f.partition.clone() };
    let key = [opt_out_key(&groups(), &to).as_str().to_owned()];
    let known = world.f.storage.values(&partition, &key).await.unwrap().remove(0);
    assert!(known.is_some_and(|known| known.contains("21610")));
    assert_eq!(world.f.value(&key[0]).await, None);
    let told = (groups().group(&to), "undeliverable".to_owned());
    assert_eq!(woken(&world, home).await, std::slice::from_ref(&told));
    assert_eq!(woken(&world, 0).await, []);
    // The next one is not tried, and the mailbox is told again.
    world.commit(Vec::new(), &[text(to, "hello?")]).await;
    until_idle(&world.consumer()).await;
    assert_eq!(world.texts(), Vec::<String>::new());
    assert_eq!(woken(&world, home).await, [told]);
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
