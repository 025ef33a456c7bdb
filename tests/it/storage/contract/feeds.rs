//! Feeds: logs that any process may read and follow.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::encoding::FOLLOW_LIMIT;
use crosswire::contracts::storage::{FeedCursor, FeedEntry, FeedLimits, StorageError};
use futures_util::future::join_all;

use crate::storage::fixture::{Fixture, LONG};

/// Timeout far above the delay of a published line.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Number of followers at once.
const FOLLOWERS: usize = 10;
/// Limits that no test reaches.
const LIMITS: FeedLimits = FeedLimits::lines(1_000_000);

fn texts(lines: &[FeedEntry]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// Returns the name of a feed that no other test uses.
fn feed(f: &Fixture) -> String {
    format!("{}", f.partition)
}

async fn publish(f: &Fixture, line: &str, limits: FeedLimits) -> FeedCursor {
    f.storage.publish(&feed(f), line, limits).await.unwrap()
}

async fn read(f: &Fixture, after: Option<&FeedCursor>) -> Vec<FeedEntry> {
    f.storage.follow(&feed(f), after, Duration::ZERO).await.unwrap()
}

pub(crate) async fn feed_is_read_in_order_from_any_cursor(f: Fixture) {
    assert_eq!(read(&f, None).await, []);
    for line in ["one", "two 🙂", "three"] {
        publish(&f, line, LIMITS).await;
    }
    let lines = read(&f, None).await;
    assert_eq!(texts(&lines), ["one", "two 🙂", "three"]);
    assert_eq!(texts(&read(&f, Some(&lines[0].place)).await), ["two 🙂", "three"]);
    assert_eq!(read(&f, Some(&lines[2].place)).await, []);
    assert_eq!(f.storage.follow("another", None, Duration::ZERO).await.unwrap(), []);
}

pub(crate) async fn follower_receives_a_line_when_it_is_published(f: Fixture) {
    publish(&f, "old", LIMITS).await;
    let old = read(&f, None).await;
    let (start, name) = (Instant::now(), feed(&f));
    let following = f.storage.follow(&name, Some(&old[0].place), TIMEOUT);
    let (followed, published) = tokio::join!(following, f.storage.publish(&name, "new", LIMITS));
    published.unwrap();
    let mut lines = followed.unwrap();
    if lines.is_empty() {
        // An early return is allowed, as long as no line is skipped.
        lines = f.storage.follow(&name, Some(&old[0].place), TIMEOUT).await.unwrap();
    }
    assert_eq!(texts(&lines), ["new"]);
    assert!(start.elapsed() < TIMEOUT / 2, "{:?}", start.elapsed());
}

pub(crate) async fn following_a_silent_feed_returns_after_its_timeout(f: Fixture) {
    let start = Instant::now();
    let name = feed(&f);
    let lines = f.storage.follow(&name, None, Duration::from_millis(50)).await.unwrap();
    assert_eq!(lines, []);
    assert!(start.elapsed() < TIMEOUT, "{:?}", start.elapsed());
}

pub(crate) async fn feed_is_trimmed_to_about_its_limit(f: Fixture) {
    for n in 0..300 {
        publish(&f, &n.to_string(), FeedLimits::lines(20)).await;
    }
    let lines = read(&f, None).await;
    // Redis trims whole stream nodes of up to 100 entries.
    assert!((20..=20 + 110).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines.last().unwrap().text, "299");
}

pub(crate) async fn publication_returns_the_position_of_its_line(f: Fixture) {
    let one = publish(&f, "one", LIMITS).await;
    assert_eq!(texts(&read(&f, Some(&one)).await), [""; 0]);
    let two = publish(&f, "two", LIMITS).await;
    let places: Vec<_> = read(&f, None).await.into_iter().map(|line| line.place).collect();
    assert_eq!(places, [one.clone(), two]);
    assert_eq!(texts(&read(&f, Some(&one)).await), ["two"]);
}

pub(crate) async fn long_feed_is_read_in_several_calls(f: Fixture) {
    let count = usize::try_from(FOLLOW_LIMIT).unwrap() + 7;
    let lines: Vec<_> = (0..count).map(|n| n.to_string()).collect();
    for some in lines.chunks(250) {
        join_all(some.iter().map(|line| publish(&f, line, LIMITS))).await;
    }
    let first = read(&f, None).await;
    assert_eq!(first.len(), count - 7);
    let follows = f.storage.follow(&feed(&f), Some(&first[0].place), TIMEOUT).await.unwrap();
    assert_eq!(follows.len(), count - 7);
    let rest = read(&f, Some(&first.last().unwrap().place)).await;
    assert_eq!(rest.len(), 7);
}

pub(crate) async fn line_beyond_its_age_is_removed_by_the_next_publication(f: Fixture) {
    let limits = LIMITS.within(Duration::from_millis(500));
    let start = Instant::now();
    publish(&f, "first", limits).await;
    loop {
        publish(&f, "next", limits).await;
        let lines = read(&f, None).await;
        // On a slow machine the last line may be beyond its age, too.
        if lines.first().is_some_and(|line| line.text == "next") {
            assert!(start.elapsed() >= Duration::from_millis(490), "removed too early");
            return;
        }
        assert!(start.elapsed() < TIMEOUT, "{} lines are left", lines.len());
    }
}

pub(crate) async fn feed_ends_at_the_age_of_its_last_line(f: Fixture) {
    let limits = LIMITS.within(Duration::from_millis(30));
    let last = publish(&f, "last", limits).await;
    let start = Instant::now();
    while !read(&f, None).await.is_empty() {
        assert!(start.elapsed() < TIMEOUT, "the feed does not end");
        tokio::task::yield_now().await;
    }
    publish(&f, "new", LIMITS.within(LONG)).await;
    assert_eq!(texts(&read(&f, None).await), ["new"]);
    assert_eq!(texts(&read(&f, Some(&last)).await), ["new"], "an old cursor precedes new lines");
}

pub(crate) async fn line_reaches_every_waiting_follower(f: Fixture) {
    let old = publish(&f, "old", LIMITS).await;
    let start = Instant::now();
    let follow = async |_| loop {
        assert!(start.elapsed() < TIMEOUT, "no line arrives");
        let lines = f.storage.follow(&feed(&f), Some(&old), TIMEOUT).await.unwrap();
        if !lines.is_empty() {
            return lines;
        }
    };
    let following = join_all((0..FOLLOWERS).map(follow));
    let (followed, _) = tokio::join!(following, publish(&f, "new", LIMITS));
    for lines in followed {
        assert_eq!(texts(&lines), ["new"]);
    }
    assert!(start.elapsed() < TIMEOUT / 2, "{:?}", start.elapsed());
}

pub(crate) async fn waiting_followers_delay_no_other_call(f: Fixture) {
    let patience = Duration::from_secs(1);
    let (name, old) = (feed(&f), publish(&f, "old", LIMITS).await);
    let start = Instant::now();
    let silent = (0..FOLLOWERS).map(|_| f.storage.follow(&name, Some(&old), patience));
    let behind = f.storage.follow(&name, None, TIMEOUT);
    let others = async { tokio::join!(behind, f.push("alice", "m1")) };
    let (silent, (behind, _)) = tokio::join!(join_all(silent), others);
    assert!(silent.into_iter().all(|lines| lines.unwrap().is_empty()));
    assert_eq!(texts(&behind.unwrap()), ["old"]);
    // One after the other, they would take ten times their patience.
    assert!(start.elapsed() < 5 * patience, "{:?}", start.elapsed());
}

pub(crate) async fn invalid_feed_cursor_is_refused(f: Fixture) {
    for invalid in ["", "x", "1-x", "-", "+"] {
        let cursor = FeedCursor::new(invalid);
        for timeout in [Duration::ZERO, Duration::from_millis(1)] {
            let followed = f.storage.follow(&feed(&f), Some(&cursor), timeout).await;
            assert!(matches!(followed, Err(StorageError::Corrupt(_))), "{invalid:?}");
        }
    }
}
