//! Settlements that a worker and a dispatcher return for a claim, without a store.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use crosswire::contracts::storage::{Claim, QueueKind};
use crosswire::contracts::transport::{SendError, SentReceipt, Transports};
use crosswire::engine::dispatcher::{Dispatcher, DispatcherParts};
use crosswire::engine::gate::Gate;
use crosswire::engine::settlement::{Settlement, Work};
use crosswire::engine::worker::Worker;
use crosswire::model::address::Address;
use crosswire::model::event::EventKind;
use crosswire::model::message::Outbound;
use crosswire::model::topic::OnAmbiguous;

use super::fakes::{
    FakeTransport, NoStore, claim, clock, lease, outbound_claim, sending, topic_name,
};
use super::worker::{APOLOGY, Deed, mail, parts};
use super::{groups, person};
use crate::storage::fixture::LONG;

/// Settlement of a worker whose handler does this on its third attempt of at most `max_attempts`.
async fn worked(max_attempts: u32, deed: Deed) -> Settlement {
    let (parts, runs) = parts(topic_name(), Arc::new(NoStore::default()), max_attempts, deed);
    let claim = Claim { failures: 2, ..claim(QueueKind::Inbound, mail(topic_name())) };
    let settlement = Worker::new(parts).work(&claim, &lease(&claim)).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    settlement
}

fn text(payload: &str) -> String {
    serde_json::from_str::<Outbound>(payload).unwrap().text.reveal().to_owned()
}

#[tokio::test]
async fn handled_message_is_completed_with_its_reply() {
    let Settlement::Complete(commit) = worked(5, |_, _| Ok(())).await else {
        panic!("a handled message is completed")
    };
    assert_eq!(text(&commit.outbox[0].payload), "half a word");
    assert_eq!(commit.facts.unwrap().facts[0].kind, EventKind::Handled);
}

#[tokio::test]
async fn failed_message_is_retried_with_a_delay() {
    let settlement = worked(5, |_, _| Err(anyhow::anyhow!("no luck"))).await;
    let Settlement::Retry(retry) = settlement else { panic!("a failed message is retried") };
    assert_eq!((retry.after, retry.failed), (Duration::from_secs(15), true));
    assert_eq!(retry.facts.unwrap().detail.reason.as_deref(), Some("no luck"));
}

#[tokio::test]
async fn last_failure_buries_the_message_and_apologises() {
    let settlement = worked(3, |_, _| Err(anyhow::anyhow!("no luck"))).await;
    let Settlement::Bury(burial) = settlement else { panic!("a hopeless message is buried") };
    assert_eq!(burial.reason, "no luck");
    assert_eq!(text(&burial.outbox[0].payload), APOLOGY);
}

#[tokio::test]
async fn poison_message_is_buried_without_a_run() {
    let deed: Deed = |_, _| panic!("must not run");
    let (parts, runs) = parts(topic_name(), Arc::new(NoStore::default()), 5, deed);
    let claim = Claim { attempt: 6, isolated: 4, ..claim(QueueKind::Inbound, mail(topic_name())) };
    let settlement = Worker::new(parts).work(&claim, &lease(&claim)).await.unwrap();
    assert!(matches!(settlement, Settlement::Bury(_)), "{settlement:?}");
    assert_eq!(runs.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn unreadable_message_is_buried() {
    let (parts, _) = parts(topic_name(), Arc::new(NoStore::default()), 5, |_, _| Ok(()));
    let claim = claim(QueueKind::Inbound, "{}".to_owned());
    let settlement = Worker::new(parts).work(&claim, &lease(&claim)).await.unwrap();
    assert!(matches!(settlement, Settlement::Bury(_)), "{settlement:?}");
}

fn somebody_else() -> Address {
    Address::new("twilio", "+14155550102", crate::support::LINE)
}

struct Sender {
    dispatcher: Dispatcher,
    gate: Arc<Gate>,
}

impl Sender {
    fn new(transport: FakeTransport, on_ambiguous: OnAmbiguous, records: NoStore) -> Self {
        Self::of_partitions(1, transport, on_ambiguous, records)
    }

    fn of_partitions(
        partitions: u16,
        transport: FakeTransport,
        on_ambiguous: OnAmbiguous,
        records: NoStore,
    ) -> Self {
        let gate = Gate::new(topic_name(), groups(), clock());
        let records = Arc::new(records);
        let parts = DispatcherParts {
            records: Arc::clone(&records) as _,
            state: Arc::clone(&records) as _,
            queues: super::intake::store().storage as _,
            rates: records,
            partitions,
            gate: Arc::clone(&gate),
            topic: topic_name(),
            transports: Transports::default().with("twilio", Arc::new(transport)),
            sending: sending(on_ambiguous),
            max_records: 1000,
            events: super::no_events(),
            groups: groups(),
            clock: clock(),
            figures: Arc::default(),
        };
        Self { dispatcher: Dispatcher::new(parts), gate }
    }

    fn failing(error: SendError, on_ambiguous: OnAmbiguous) -> Self {
        Self::new(FakeTransport::failing([error]), on_ambiguous, NoStore::default())
    }

    async fn work(&self, claim: &Claim) -> Settlement {
        self.dispatcher.work(claim, &lease(claim)).await.unwrap()
    }
}

/// Settlement of a first attempt that fails with this error.
async fn after(error: SendError) -> Settlement {
    Sender::failing(error, OnAmbiguous::Reconcile).work(&outbound_claim(person())).await
}

#[tokio::test]
async fn sent_message_is_completed_with_the_providers_id() {
    let sender = Sender::new(FakeTransport::default(), OnAmbiguous::Reconcile, NoStore::default());
    let Settlement::Complete(commit) = sender.work(&outbound_claim(person())).await else {
        panic!("a sent message is completed")
    };
    assert!(commit.provider_id.is_some());
    assert_eq!(commit.facts.unwrap().facts[0].kind, EventKind::Sent);
}

#[tokio::test]
async fn unsent_message_is_retried_as_a_failure() {
    let settlement = after(SendError::NotSent("refused".to_owned())).await;
    let Settlement::Retry(retry) = settlement else { panic!("{settlement:?}") };
    assert!(retry.failed && !retry.outcome_unknown);
}

#[tokio::test]
async fn unsent_message_is_buried_after_its_last_attempt() {
    let error = SendError::NotSent("refused".to_owned());
    let claim = Claim { failures: 2, ..outbound_claim(person()) };
    let settlement = Sender::failing(error, OnAmbiguous::Reconcile).work(&claim).await;
    assert!(matches!(settlement, Settlement::Bury(_)), "{settlement:?}");
}

#[tokio::test]
async fn rejected_line_or_account_is_believed_when_a_second_recipient_confirms_it() {
    for error in [
        SendError::Line { code: 21606, reason: "not yours".to_owned() },
        SendError::Account { code: 20003, reason: "suspended".to_owned() },
    ] {
        let transport = FakeTransport::failing([error.clone(), error]);
        let sender = Sender::new(transport, OnAmbiguous::Reconcile, NoStore::default());
        let settlement = sender.work(&outbound_claim(person())).await;
        let Settlement::Retry(retry) = settlement else { panic!("{settlement:?}") };
        assert!(retry.failed && !retry.outcome_unknown, "it may be the recipient's fault");
        assert_eq!(sender.gate.closed().len(), 0);
        let settlement = sender.work(&outbound_claim(somebody_else())).await;
        let Settlement::Retry(retry) = settlement else { panic!("{settlement:?}") };
        assert!(!retry.failed && !retry.outcome_unknown, "it is no failure of the message");
        assert_eq!(sender.gate.closed().len(), 1);
    }
}

#[tokio::test]
async fn recipient_whose_messages_are_rejected_alone_fails_in_the_end() {
    let error = SendError::Account { code: 20003, reason: "suspended".to_owned() };
    let sender = Sender::failing(error, OnAmbiguous::Reconcile);
    let claim = Claim { failures: 2, ..outbound_claim(person()) };
    let settlement = sender.work(&claim).await;
    assert!(matches!(settlement, Settlement::Bury(_)), "{settlement:?}");
    assert_eq!(sender.gate.closed(), []);
}

#[tokio::test]
async fn unreachable_recipient_ends_the_message_with_a_wake() {
    let settlement = after(SendError::Recipient { code: 21610, reason: "stop".to_owned() }).await;
    let Settlement::Complete(commit) = settlement else { panic!("{settlement:?}") };
    assert_eq!(commit.wakes[0].0.group, groups().group(&person()));
}

#[tokio::test]
async fn refused_content_buries_the_message() {
    let settlement = after(SendError::Message { code: 21617, reason: "long".to_owned() }).await;
    assert!(matches!(settlement, Settlement::Bury(_)), "{settlement:?}");
}

#[tokio::test]
async fn ambiguous_send_is_settled_as_configured() {
    for on_ambiguous in [OnAmbiguous::Reconcile, OnAmbiguous::Retry, OnAmbiguous::GiveUp] {
        let error = SendError::Ambiguous("no answer".to_owned());
        let sender = Sender::failing(error, on_ambiguous);
        match (on_ambiguous, sender.work(&outbound_claim(person())).await) {
            (OnAmbiguous::Reconcile, Settlement::Retry(retry)) => {
                assert!(retry.outcome_unknown && !retry.failed);
                assert_eq!(retry.after, Duration::from_millis(500));
            }
            (OnAmbiguous::Retry, Settlement::Retry(retry)) => {
                assert!(retry.failed && !retry.outcome_unknown);
            }
            (OnAmbiguous::GiveUp, Settlement::Bury(_)) => {}
            (_, settlement) => panic!("{on_ambiguous:?}: {settlement:?}"),
        }
        assert_eq!(sender.gate.closed(), [], "an unknown outcome says nothing about the line");
    }
}

/// Claim of a message whose outcome has been unknown for so long.
fn unknown_for(seconds: i64) -> Claim {
    let since = Some(DateTime::UNIX_EPOCH - TimeDelta::seconds(seconds));
    Claim { outcome_unknown_since: since, ..outbound_claim(person()) }
}

#[tokio::test]
async fn report_settles_a_message_of_unknown_outcome_before_any_list() {
    for on_ambiguous in [OnAmbiguous::Reconcile, OnAmbiguous::GiveUp] {
        let records = NoStore { reported: Some("P9".to_owned()), ..NoStore::default() };
        // A transport without a list, whose message would be buried.
        let sender = Sender::new(FakeTransport::default(), on_ambiguous, records);
        let settlement = sender.work(&unknown_for(0)).await;
        let Settlement::Complete(commit) = settlement else { panic!("{settlement:?}") };
        assert_eq!(commit.provider_id.as_deref(), Some("P9"));
        assert_eq!(commit.facts.unwrap().facts[0].kind, EventKind::Sent);
    }
}

#[tokio::test]
async fn report_is_looked_for_more_and_more_rarely_until_the_list_is_asked() {
    let listed = || FakeTransport::listing(Vec::new());
    let sender = Sender::new(listed(), OnAmbiguous::Reconcile, NoStore::default());
    for (elapsed, after) in [(0, 500), (1, 1_000), (8, 8_000), (20, 10_000), (29, 1_000)] {
        let Settlement::Retry(retry) = sender.work(&unknown_for(elapsed)).await else {
            panic!("the message waits for its report")
        };
        assert!(retry.outcome_unknown && !retry.failed);
        let waited = format!("waited {}", 1_000 * elapsed + after);
        let waits = (Duration::from_millis(after.cast_unsigned()), Some(waited.as_str()));
        assert_eq!((retry.after, retry.note.as_deref()), waits, "{elapsed}");
    }
    let Settlement::Retry(retry) = sender.work(&unknown_for(30)).await else {
        panic!("the list is asked twice")
    };
    assert_eq!((retry.after, retry.note.as_deref()), (Duration::from_secs(30), Some("1")));
}

#[tokio::test]
async fn list_is_asked_in_time_whatever_the_clock_of_the_store_says() {
    for ahead in [3_600, 0, -3_600] {
        let (transport, asked) = FakeTransport::listing_to(Vec::new());
        let sender = Sender::new(transport, OnAmbiguous::Reconcile, NoStore::default());
        // As it is left by the send.
        let (mut claim, mut waited) = (unknown_for(-ahead), Duration::from_millis(500));
        claim.note = Some("waited 500".to_owned());
        while asked.lock().unwrap().is_none() {
            let Settlement::Retry(retry) = sender.work(&claim).await else {
                panic!("the message is looked for")
            };
            waited += retry.after;
            assert!(waited < LONG, "the list is never asked");
            claim.note = retry.note;
        }
        assert_eq!(waited, 2 * sending(OnAmbiguous::Reconcile).settle, "the list is read twice");
        let sent_at = DateTime::UNIX_EPOCH;
        assert!(
            asked.lock().unwrap().unwrap()
                < sent_at - TimeDelta::hours(1) + TimeDelta::seconds(ahead)
        );
    }
}

#[tokio::test]
async fn message_that_left_from_another_partition_is_another_one() {
    let transport = FakeTransport::listing(vec![SentReceipt::new("P1")]);
    let known_sent = vec!["P1".to_owned()];
    let records = NoStore { known_sent, known_in: 1, ..NoStore::default() };
    let sender = Sender::of_partitions(2, transport, OnAmbiguous::Reconcile, records);
    let settlement = sender.work(&unknown_for(60)).await;
    assert!(matches!(settlement, Settlement::Retry(_)), "{settlement:?}");
}

#[tokio::test]
async fn listed_message_is_completed_unless_it_is_another_of_ours() {
    let claim = unknown_for(60);
    let listed = vec![SentReceipt::new("P1")];
    for (known_sent, is_found) in [(vec![], true), (vec!["P1".to_owned()], false)] {
        let transport = FakeTransport::listing(listed.clone());
        let records = NoStore { known_sent, ..NoStore::default() };
        let sender = Sender::new(transport, OnAmbiguous::Reconcile, records);
        let settlement = sender.work(&claim).await;
        assert_eq!(matches!(settlement, Settlement::Complete(_)), is_found, "{settlement:?}");
    }
}

#[tokio::test]
async fn unavailable_store_is_an_error_and_no_settlement() {
    let claim = unknown_for(60);
    let listed = vec![SentReceipt::new("P1")];
    let transport = FakeTransport::listing(listed);
    let records = NoStore { is_away: true, ..NoStore::default() };
    let sender = Sender::new(transport, OnAmbiguous::Reconcile, records);
    sender.dispatcher.work(&claim, &lease(&claim)).await.unwrap_err();
}

#[tokio::test]
async fn closed_line_releases_a_claim_that_slipped_through() {
    let error = SendError::Account { code: 20003, reason: "suspended".to_owned() };
    let transport = FakeTransport::failing([error.clone(), error]);
    let sender = Sender::new(transport, OnAmbiguous::Reconcile, NoStore::default());
    sender.work(&outbound_claim(person())).await;
    sender.work(&outbound_claim(somebody_else())).await;
    assert_eq!(sender.work(&outbound_claim(person())).await, Settlement::Release);
}

#[tokio::test]
async fn message_of_an_unknown_transport_is_released_and_its_transport_closed() {
    let sender = Sender::new(FakeTransport::default(), OnAmbiguous::Reconcile, NoStore::default());
    let mut elsewhere = person();
    elsewhere.transport = "kannel".to_owned();
    assert_eq!(sender.work(&outbound_claim(elsewhere)).await, Settlement::Release);
    assert_eq!(sender.gate.closed(), [groups().transport("kannel")]);
}

#[tokio::test]
async fn expiring_lease_releases_the_message_unsent() {
    let sender = Sender::new(FakeTransport::default(), OnAmbiguous::Reconcile, NoStore::default());
    let claim = outbound_claim(person());
    let leases = crosswire::engine::leases::Leases::new(clock());
    let short = leases.hold(&claim, Duration::from_secs(1), Duration::ZERO);
    assert_eq!(sender.dispatcher.work(&claim, &short).await.unwrap(), Settlement::Release);
}
