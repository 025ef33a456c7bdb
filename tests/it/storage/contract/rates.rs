//! Rates: lines have a pace, days have budgets, and texts do not repeat themselves.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::{Admission, Admitted, Bucket, Budget, Repeat, Spending};

use crate::storage::fixture::{Fixture, LONG};

/// A bucket of one segment that fills in an hour, so that no test is too slow for it.
fn bucket(key: &str) -> Bucket {
    Bucket { key: key.to_owned(), interval: LONG, capacity: LONG, reserve: Duration::ZERO }
}

fn paced(bucket: Bucket, cost: u32) -> Admission {
    Admission { cost, bucket: Some(bucket), ..Admission::default() }
}

fn counted(budgets: &[(&str, u64)], cost: u32) -> Admission {
    let budget = |(scope, segments): &(&str, u64)| Budget {
        scope: (*scope).to_owned(),
        segments: *segments,
    };
    Admission { cost, budgets: budgets.iter().map(budget).collect(), ..Admission::default() }
}

fn said(value: &str, id: &str, window: Duration) -> Admission {
    let [key, value, id] = ["person", value, id].map(str::to_owned);
    let repeat = Some(Repeat { key, value, id, limit: 2, window });
    Admission { cost: 1, repeat, ..Admission::default() }
}

async fn admit(f: &Fixture, admission: &Admission) -> Admitted {
    f.storage.admit(&f.partition.topic, admission).await.unwrap()
}

async fn spending(f: &Fixture, scope: &str) -> Spending {
    f.storage.spending(&f.partition.topic, scope).await.unwrap()
}

fn is_admitted(admitted: Admitted) -> bool {
    matches!(admitted, Admitted::Yes { .. })
}

pub(crate) async fn bucket_admits_at_its_rate(f: Fixture) {
    let first = admit(&f, &paced(bucket("line"), 1)).await;
    let Admitted::Yes { next, .. } = first else { panic!("{first:?}") };
    assert!(next <= LONG && next > LONG / 2, "{next:?}");
    let second = admit(&f, &paced(bucket("line"), 1)).await;
    let Admitted::Later(wait) = second else { panic!("{second:?}") };
    assert!(wait <= next && wait > LONG / 2, "{wait:?}");
    let quick = Duration::from_millis(20);
    let quick = Bucket { interval: quick, capacity: quick, ..bucket("quick") };
    let start = Instant::now();
    for _ in 0..5 {
        while !is_admitted(admit(&f, &paced(quick.clone(), 1)).await) {
            tokio::task::yield_now().await;
        }
    }
    assert!(start.elapsed() >= Duration::from_millis(75), "four intervals, by two clocks");
    let burst = Bucket { interval: LONG / 4, ..bucket("burst") };
    for _ in 0..4 {
        assert!(is_admitted(admit(&f, &paced(burst.clone(), 1)).await));
    }
    assert!(!is_admitted(admit(&f, &paced(burst, 1)).await));
}

pub(crate) async fn large_message_is_admitted_by_a_full_bucket_and_owes_the_rest(f: Fixture) {
    assert!(is_admitted(admit(&f, &paced(bucket("line"), 3)).await));
    let Admitted::Later(wait) = admit(&f, &paced(bucket("line"), 3)).await else {
        panic!("the bucket owes three segments")
    };
    assert!(wait > 2 * LONG && wait <= 3 * LONG, "{wait:?}");
}

pub(crate) async fn reserve_leaves_the_bucket_to_others(f: Fixture) {
    let bucket = Bucket { interval: LONG / 4, ..bucket("line") };
    let bulk = Bucket { reserve: LONG / 2, ..bucket.clone() };
    assert!(is_admitted(admit(&f, &paced(bulk.clone(), 1)).await));
    assert!(is_admitted(admit(&f, &paced(bulk.clone(), 1)).await));
    assert!(!is_admitted(admit(&f, &paced(bulk, 1)).await), "half of it is left");
    assert!(is_admitted(admit(&f, &paced(bucket.clone(), 1)).await));
    assert!(is_admitted(admit(&f, &paced(bucket, 1)).await));
}

pub(crate) async fn buckets_are_independent(f: Fixture) {
    assert!(is_admitted(admit(&f, &paced(bucket("one"), 1)).await));
    assert!(is_admitted(admit(&f, &paced(bucket("other"), 1)).await));
}

pub(crate) async fn bucket_of_another_rate_delays_no_line(f: Fixture) {
    assert!(is_admitted(admit(&f, &paced(bucket("line"), 1)).await));
    let quick = Duration::from_millis(1);
    let quick = Bucket { interval: quick, capacity: quick, ..bucket("line") };
    let start = Instant::now();
    while !is_admitted(admit(&f, &paced(quick.clone(), 1)).await) {
        assert!(start.elapsed() < Duration::from_secs(10), "the line waits for the former rate");
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn budget_stops_at_its_limit_until_it_is_raised(f: Fixture) {
    for _ in 0..2 {
        assert!(is_admitted(admit(&f, &counted(&[("", 5)], 2)).await));
    }
    let Admitted::Spent { budget: 0, ends_in } = admit(&f, &counted(&[("", 5)], 2)).await else {
        panic!("four of five are spent")
    };
    assert!(ends_in <= Duration::from_hours(24) && ends_in > Duration::ZERO, "{ends_in:?}");
    assert!(is_admitted(admit(&f, &counted(&[("", 5)], 1)).await), "one is left");
    f.storage.raise(&f.partition.topic, "", 4).await.unwrap();
    assert_eq!(spending(&f, "").await, Spending { spent: 5, added: 4 });
    assert!(is_admitted(admit(&f, &counted(&[("", 5)], 4)).await));
    assert!(!is_admitted(admit(&f, &counted(&[("", 5)], 1)).await));
}

pub(crate) async fn message_counts_for_all_of_its_budgets_or_for_none(f: Fixture) {
    assert!(is_admitted(admit(&f, &counted(&[("", 9), ("+44", 1)], 1)).await));
    let refused = admit(&f, &counted(&[("", 9), ("+44", 1)], 1)).await;
    assert!(matches!(refused, Admitted::Spent { budget: 1, .. }), "{refused:?}");
    assert_eq!(spending(&f, "").await.spent, 1);
    assert_eq!(spending(&f, "+44").await.spent, 1);
    assert!(is_admitted(admit(&f, &counted(&[("", 9)], 1)).await));
}

pub(crate) async fn message_that_is_held_back_spends_nothing(f: Fixture) {
    let both = Admission { bucket: Some(bucket("line")), ..counted(&[("", 9)], 1) };
    assert!(is_admitted(admit(&f, &both).await));
    assert!(!is_admitted(admit(&f, &both).await));
    assert_eq!(spending(&f, "").await.spent, 1, "its line is not ready");
    let spent = Admission { bucket: Some(bucket("other")), ..counted(&[("", 1)], 1) };
    assert!(!is_admitted(admit(&f, &spent).await));
    assert!(is_admitted(admit(&f, &paced(bucket("other"), 1)).await), "the bucket is full");
}

pub(crate) async fn refund_takes_back_what_was_spent(f: Fixture) {
    let admission = counted(&[("", 2), ("+44", 2)], 2);
    let admitted = admit(&f, &admission).await;
    let Admitted::Yes { day, .. } = admitted else { panic!("{admitted:?}") };
    let (topic, budgets) = (&f.partition.topic, &admission.budgets);
    f.storage.refund(topic, budgets, 2, day - 1).await.unwrap();
    assert_eq!(spending(&f, "").await.spent, 2, "it was admitted on another day");
    for _ in 0..2 {
        f.storage.refund(topic, budgets, 2, day).await.unwrap();
        assert_eq!(spending(&f, "").await.spent, 0);
    }
    assert!(is_admitted(admit(&f, &admission).await));
    assert!(!is_admitted(admit(&f, &admission).await), "nothing is left from the second refund");
}

pub(crate) async fn message_dearer_than_a_day_is_the_only_one_of_it(f: Fixture) {
    assert!(is_admitted(admit(&f, &counted(&[("", 3)], 8)).await));
    assert_eq!(spending(&f, "").await.spent, 8);
    assert!(!is_admitted(admit(&f, &counted(&[("", 3)], 1)).await));
    assert!(!is_admitted(admit(&f, &counted(&[("+1", 0)], 1)).await), "a budget of nothing");
}

pub(crate) async fn equal_texts_are_counted_once_per_message(f: Fixture) {
    for id in ["o1", "o1", "o1", "o2", "o2"] {
        assert!(is_admitted(admit(&f, &said("again", id, LONG)).await));
    }
    assert_eq!(admit(&f, &said("again", "o3", LONG)).await, Admitted::Repeated);
    assert!(is_admitted(admit(&f, &said("again", "o2", LONG)).await), "it was admitted before");
    assert_eq!(admit(&f, &said("again", "o4", LONG)).await, Admitted::Repeated);
}

pub(crate) async fn equal_texts_are_counted_whatever_comes_in_between(f: Fixture) {
    for (value, id) in [("one", "o1"), ("other", "o2"), ("one", "o3"), ("other", "o4")] {
        assert!(is_admitted(admit(&f, &said(value, id, LONG)).await));
    }
    for (value, id) in [("one", "o5"), ("other", "o6")] {
        assert_eq!(admit(&f, &said(value, id, LONG)).await, Admitted::Repeated);
    }
    assert!(is_admitted(admit(&f, &said("third", "o7", LONG)).await));
}

pub(crate) async fn repetition_ends_with_its_window(f: Fixture) {
    let short = Duration::from_millis(5);
    for id in ["o1", "o2"] {
        assert!(is_admitted(admit(&f, &said("short", id, short)).await));
    }
    let start = Instant::now();
    while admit(&f, &said("short", "o3", short)).await == Admitted::Repeated {
        assert!(start.elapsed() < Duration::from_secs(10), "the window does not end");
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn rates_belong_to_their_topic(f: Fixture) {
    let other = format!("{}x", f.partition.topic).parse().unwrap();
    for topic in [&f.partition.topic, &other] {
        for admission in [paced(bucket("line"), 1), counted(&[("", 1)], 1), said("a", "o1", LONG)] {
            assert!(is_admitted(f.storage.admit(topic, &admission).await.unwrap()));
        }
    }
}
