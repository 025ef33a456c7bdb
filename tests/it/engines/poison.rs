//! Recipients to whom no message can be sent, beside others, whom they do not delay.

use std::time::Duration;

use crosswire::contracts::transport::SendError;
use crosswire::model::message::Outbound;
use rstest::rstest;

use super::fakes::FakeTransport;
use super::world::{World, recipient, text, until_idle};

const LINE: &str = "+15005550006";
const POISONED: u32 = 30;
const INNOCENT: u32 = 100;

fn line() -> SendError {
    SendError::Line { code: 21606, reason: "not yours".to_owned() }
}

fn account() -> SendError {
    SendError::Account { code: 30002, reason: "suspended".to_owned() }
}

fn unsent() -> SendError {
    SendError::NotSent("20503: the service is unavailable".to_owned())
}

/// Order of the messages in the outbox.
#[derive(Clone, Copy, Debug)]
enum Order {
    /// A poisoned recipient after every third innocent one.
    Mixed,
    /// All poisoned recipients in front.
    PoisonFirst,
}

fn outbox(order: Order) -> Vec<Outbound> {
    let poisoned = (0..POISONED).map(|number| text(recipient(number, LINE), "poisoned"));
    let innocent = (0..INNOCENT).map(|number| text(recipient(1000 + number, LINE), "innocent"));
    match order {
        Order::PoisonFirst => poisoned.chain(innocent).collect(),
        Order::Mixed => {
            let (mut poisoned, mut mixed) = (poisoned, Vec::new());
            for (number, outbound) in innocent.enumerate() {
                mixed.push(outbound);
                mixed.extend((number % 3 == 2).then(|| poisoned.next()).flatten());
            }
            mixed.into_iter().chain(poisoned).collect()
        }
    }
}

/// Sends a message to each of 30 poisoned and 100 innocent people, and returns the time that the last
/// innocent one waited.
async fn last_innocent(world: &World, order: Order) -> Duration {
    world.commit(Vec::new(), &outbox(order)).await;
    let consumer = world.consumer();
    let step = Duration::from_millis(100);
    for steps in 0..6_000 {
        until_idle(&consumer).await;
        if world.texts().iter().filter(|text| *text == "innocent").count() == INNOCENT as usize {
            return step * steps;
        }
        world.clock.advance(step);
    }
    panic!("innocent messages wait for ever");
}

fn world(error: &SendError) -> World {
    let transport = FakeTransport::default();
    let poisoned = (0..POISONED).map(|number| recipient(number, LINE));
    let poisoned = poisoned.map(|to| (to.identity.reveal().to_owned(), error.clone()));
    transport.unreachable.lock().unwrap().extend(poisoned);
    World::new(transport)
}

#[rstest]
#[tokio::test]
async fn poisoned_recipients_delay_nobody_on_a_line_that_works(
    #[values(line(), account(), unsent())] error: SendError,
    #[values(Order::Mixed, Order::PoisonFirst)] order: Order,
) {
    let world = world(&error);
    world.commit(Vec::new(), &[text(recipient(999, LINE), "the line works")]).await;
    until_idle(&world.consumer()).await;
    let consumer = world.consumer();
    world.commit(Vec::new(), &[text(recipient(998, LINE), "the line works")]).await;
    until_idle(&consumer).await;
    world.commit(Vec::new(), &outbox(order)).await;
    until_idle(&consumer).await;
    let sent = world.texts().iter().filter(|text| *text == "innocent").count();
    println!("{error}, {order:?}: {sent} of {INNOCENT} innocent messages sent at once");
    assert_eq!(sent, INNOCENT as usize);
}

#[rstest]
#[tokio::test]
async fn poisoned_recipients_hold_a_line_that_nobody_knows_for_seconds_only(
    #[values(line(), account(), unsent())] error: SendError,
    #[values(Order::Mixed, Order::PoisonFirst)] order: Order,
) {
    let waited = last_innocent(&world(&error), order).await;
    println!("{error}, {order:?}: the last of {INNOCENT} innocent messages waited {waited:?}");
    assert!(waited <= Duration::from_secs(16), "{waited:?}");
}

#[tokio::test]
async fn poisoned_messages_end_among_the_dead_letters() {
    let world = world(&line());
    last_innocent(&world, Order::Mixed).await;
    let consumer = world.consumer();
    for number in 0..20 {
        world.clock.advance(Duration::from_secs(30));
        world.commit(Vec::new(), &[text(recipient(2000 + number, LINE), "innocent")]).await;
        until_idle(&consumer).await;
    }
    let depth = world.depth().await;
    assert_eq!((depth.pending, depth.dead), (0, u64::from(POISONED)));
}
