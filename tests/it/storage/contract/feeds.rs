//! A log that everybody may read, and follow as it grows.

use std::time::{Duration, Instant};

use crosswire::contracts::storage::{FeedCursor, FeedEntry, StorageError};

use crate::storage::fixture::Fixture;

/// Long against a line that is published at once, short against a test's patience.
const PATIENCE: Duration = Duration::from_secs(8);

fn texts(lines: &[FeedEntry]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// A feed that nobody else has.
fn feed(f: &Fixture) -> String {
    format!("{}", f.partition)
}

async fn read(f: &Fixture, after: Option<&FeedCursor>) -> Vec<FeedEntry> {
    f.storage.follow(&feed(f), after, Duration::ZERO).await.unwrap()
}

pub(crate) async fn feed_is_read_in_order_from_any_cursor(f: Fixture) {
    assert_eq!(read(&f, None).await, []);
    for line in ["one", "two 🙂", "three"] {
        f.storage.publish(&feed(&f), line, 100).await.unwrap();
    }
    let lines = read(&f, None).await;
    assert_eq!(texts(&lines), ["one", "two 🙂", "three"]);
    assert_eq!(texts(&read(&f, Some(&lines[0].place)).await), ["two 🙂", "three"]);
    assert_eq!(read(&f, Some(&lines[2].place)).await, []);
    assert_eq!(f.storage.follow("another", None, Duration::ZERO).await.unwrap(), []);
}

pub(crate) async fn follower_receives_a_line_when_it_is_published(f: Fixture) {
    f.storage.publish(&feed(&f), "old", 100).await.unwrap();
    let old = read(&f, None).await;
    let (start, name) = (Instant::now(), feed(&f));
    let following = f.storage.follow(&name, Some(&old[0].place), PATIENCE);
    let (followed, published) = tokio::join!(following, f.storage.publish(&name, "new", 100));
    published.unwrap();
    let mut lines = followed.unwrap();
    if lines.is_empty() {
        // It may return early, as long as nothing is skipped.
        lines = f.storage.follow(&name, Some(&old[0].place), PATIENCE).await.unwrap();
    }
    assert_eq!(texts(&lines), ["new"]);
    assert!(start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());
}

pub(crate) async fn following_a_silent_feed_returns_after_its_timeout(f: Fixture) {
    let start = Instant::now();
    let name = feed(&f);
    let lines = f.storage.follow(&name, None, Duration::from_millis(50)).await.unwrap();
    assert_eq!(lines, []);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

pub(crate) async fn feed_is_trimmed_to_about_its_limit(f: Fixture) {
    for n in 0..300 {
        f.storage.publish(&feed(&f), &n.to_string(), 20).await.unwrap();
    }
    let lines = read(&f, None).await;
    // Redis drops whole nodes of up to a hundred.
    assert!((20..=20 + 110).contains(&lines.len()), "{}", lines.len());
    assert_eq!(lines.last().unwrap().text, "299");
}

pub(crate) async fn invalid_feed_cursor_is_refused(f: Fixture) {
    for nonsense in ["", "x", "1-x", "-", "+"] {
        let place = FeedCursor::new(nonsense);
        for patience in [Duration::ZERO, Duration::from_millis(1)] {
            let followed = f.storage.follow(&feed(&f), Some(&place), patience).await;
            assert!(matches!(followed, Err(StorageError::Corrupt(_))), "{nonsense:?}");
        }
    }
}
