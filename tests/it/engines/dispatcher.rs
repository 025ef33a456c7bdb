//! Messages that the provider throttles, or answers in no clear way, on a real Redis.

use std::iter::repeat_n;
use std::sync::Arc;
use std::time::Duration;

use crosswire::contracts::transport::Transports;
use crosswire::engine::consumer::Consumer;
use crosswire::engine::dispatcher::{Dispatcher, DispatcherParts};
use crosswire::engine::gate::Gate;
use crosswire::model::clock::SystemClock;
use crosswire::model::topic::{OnAmbiguous, Sending};
use crosswire::transports::twilio::{NAME, Twilio, TwilioConfig, TwilioOptions};

use super::{consumer, groups, owe, topic, until_empty};
use crate::storage::fixture::Fixture;
use crate::support::twilio::{Account, Behaviour, FakeTwilio, Faults};

const MOMENT: Duration = Duration::from_millis(1);

struct Provider {
    fake: FakeTwilio,
    account: Account,
}

fn provider() -> Provider {
    let account = Account { sid: format!("AC{}", "0".repeat(32)), token: "12345".to_owned() };
    Provider { fake: FakeTwilio::start(account.clone()), account }
}

fn sends(f: &Fixture, provider: &Provider, on_ambiguous: OnAmbiguous) -> Arc<Consumer> {
    let timeout = Duration::from_millis(500);
    let transport = Twilio::new(TwilioConfig {
        account_sid: provider.account.sid.clone(),
        auth_token: Some(provider.account.token.as_str().into()),
        auth_token_secondary: None,
        api_key: None,
        api_secret: None,
        from_number: None,
        messaging_service_sid: None,
        api_base: provider.fake.url(),
        status_callback: None,
        connect_timeout: timeout,
        timeout,
        options: TwilioOptions::default(),
    });
    let sending = Sending {
        concurrency: 1,
        lease: Duration::from_secs(10),
        connect_timeout: timeout,
        timeout,
        max_attempts: 2,
        on_ambiguous,
        settle: MOMENT,
        ..Sending::default()
    };
    let topic = f.partition.topic.clone();
    let gate = Gate::new(topic.clone(), groups(), Arc::new(SystemClock));
    let parts = DispatcherParts {
        records: Arc::clone(&f.storage) as _,
        state: Arc::clone(&f.storage) as _,
        queues: Arc::clone(&f.storage) as _,
        rates: Arc::clone(&f.storage) as _,
        partitions: 1,
        gate: Arc::clone(&gate),
        topic,
        transports: Transports::default().with(NAME, Arc::new(transport.unwrap())),
        sending,
        max_records: 1000,
        events: super::no_events(),
        groups: groups(),
        clock: Arc::new(SystemClock),
        figures: Arc::default(),
    };
    consumer(f, f.outbox(), Some(gate), Dispatcher::new(parts))
}

/// Reasons of the dead letters, newest first.
async fn buried(f: &Fixture) -> Vec<String> {
    let letters = f.dead_letters(&f.outbox()).await;
    letters.into_iter().map(|letter| letter.reason).collect()
}

#[tokio::test]
async fn message_found_in_the_providers_list_is_not_sent_again() {
    let (f, provider) = (topic().await, provider());
    provider.fake.inject(Faults::script([Behaviour::AcceptThenFail(502)]));
    owe(&f, "once").await;
    until_empty(&f, &f.outbox(), &sends(&f, &provider, OnAmbiguous::Reconcile)).await;
    assert_eq!((provider.fake.count(), provider.fake.attempts()), (1, 1));
    assert_eq!(buried(&f).await, Vec::<String>::new());
}

#[tokio::test]
async fn ambiguous_message_that_stays_absent_is_buried() {
    let (f, provider) = (topic().await, provider());
    let failure = Behaviour::Fail { status: 500, code: None };
    provider.fake.inject(Faults::script(repeat_n(failure, 10)));
    owe(&f, "never").await;
    until_empty(&f, &f.outbox(), &sends(&f, &provider, OnAmbiguous::Reconcile)).await;
    assert_eq!((provider.fake.count(), provider.fake.attempts()), (0, 2));
    assert_eq!(buried(&f).await, ["the outcome of sending stayed unknown too many times"]);
}

#[tokio::test]
async fn give_up_never_sends_twice() {
    let (f, provider) = (topic().await, provider());
    provider.fake.inject(Faults::script([Behaviour::AcceptThenDrop]));
    owe(&f, "at most once").await;
    until_empty(&f, &f.outbox(), &sends(&f, &provider, OnAmbiguous::GiveUp)).await;
    assert_eq!((provider.fake.count(), provider.fake.attempts()), (1, 1));
    assert_eq!(buried(&f).await.len(), 1);
}

#[tokio::test]
async fn retry_of_an_ambiguous_send_is_bounded() {
    let (f, provider) = (topic().await, provider());
    provider.fake.inject(Faults::script([Behaviour::AcceptThenDrop, Behaviour::AcceptThenDrop]));
    owe(&f, "at least once").await;
    until_empty(&f, &f.outbox(), &sends(&f, &provider, OnAmbiguous::Retry)).await;
    assert_eq!((provider.fake.count(), provider.fake.attempts()), (2, 2));
    assert_eq!(buried(&f).await.len(), 1);
}

#[tokio::test]
async fn throttling_is_no_failure_of_the_message() {
    let (f, provider) = (topic().await, provider());
    let throttled = Behaviour::Throttle { retry_after: None };
    provider.fake.inject(Faults::script(repeat_n(throttled, 3)));
    owe(&f, "later").await;
    until_empty(&f, &f.outbox(), &sends(&f, &provider, OnAmbiguous::Reconcile)).await;
    assert_eq!((provider.fake.count(), provider.fake.attempts()), (1, 4));
}
