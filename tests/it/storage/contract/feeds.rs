//! Feeds: logs that any process may read and follow.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::{FeedCursor, FeedEntry, FeedLimits, StorageError};

use crate::storage::fixture::Fixture;

/// Timeout far above the delay of a published line.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Limits that no test reaches.
const LIMITS: FeedLimits = FeedLimits::lines(1_000_000);

fn texts(lines: &[FeedEntry]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// Returns the name of a feed that no other test uses.
fn feed(f: &Fixture) -> String {
    format!("{}", f.partition)
}

async fn read(f: &Fixture, after: Option<&FeedCursor>) -> Vec<FeedEntry> {
    f.storage.follow(&feed(f), after, Duration::ZERO).await.unwrap()
}

pub(crate) async fn feed_is_read_in_order_from_any_cursor(f: Fixture) {
    assert_eq!(read(&f, None).await, []);
    for line in ["one", "two 🙂", "three"] {
        f.storage.publish(&feed(&f), line, LIMITS).await.unwrap();
    }
    let lines = read(&f, None).await;
    assert_eq!(texts(&lines), ["one", "two 🙂", "three"]);
    assert_eq!(texts(&read(&f, Some(&lines[0].place)).await), ["two 🙂", "three"]);
    assert_eq!(read(&f, Some(&lines[2].place)).await, []);
    assert_eq!(f.storage.follow("another", None, Duration::ZERO).await.unwrap(), []);
}

pub(crate) async fn follower_receives_a_line_when_it_is_published(f: Fixture) {
    f.storage.publish(&feed(&f), "old", LIMITS).await.unwrap();
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
        f.storage.publish(&feed(&f), &n.to_string(), FeedLimits::lines(20)).await.unwrap();
    }
    let lines = read(&f, None).await;
    // Redis trims whole stream nodes of up to 100 entries.
    assert!((20..=20 + 110).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines.last().unwrap().text, "299");
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
