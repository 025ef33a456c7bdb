//! Notifications of callers that wait. They carry no work: a missed one only costs time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::transaction::Notification;
use crate::contracts::storage::Queue;

/// A notifier for each queue, and one for each feed while it is followed.
#[derive(Default)]
pub(super) struct Notifiers {
    queues: Mutex<HashMap<Queue, Arc<Notify>>>,
    feeds: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Notifiers {
    /// Returns the notifier of a queue. A notification without a waiter reaches the next one.
    pub(super) fn queue(&self, queue: &Queue) -> Arc<Notify> {
        Arc::clone(lock(&self.queues).entry(queue.clone()).or_default())
    }

    pub(super) fn notify(&self, notification: Notification) {
        match notification {
            Notification::Ready(queue) => {
                lock(&self.queues).entry(queue).or_default().notify_one();
            }
            Notification::FeedEntry(feed) => {
                if let Some(notifier) = lock(&self.feeds).get(&feed) {
                    notifier.notify_waiters();
                }
            }
        }
    }

    pub(super) fn subscribe<'n>(&'n self, feed: &'n str) -> FeedSubscription<'n> {
        let notifier = Arc::clone(lock(&self.feeds).entry(feed.to_owned()).or_default());
        FeedSubscription { notifiers: self, feed, notifier }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

/// A subscription to a feed. The notifier of the feed is removed with the last of them.
pub(super) struct FeedSubscription<'n> {
    notifiers: &'n Notifiers,
    feed: &'n str,
    notifier: Arc<Notify>,
}

impl FeedSubscription<'_> {
    pub(super) fn next_entry(&self) -> Notified<'_> {
        self.notifier.notified()
    }
}

impl Drop for FeedSubscription<'_> {
    fn drop(&mut self) {
        let mut feeds = lock(&self.notifiers.feeds);
        // One reference is the map's, the other our own.
        if Arc::strong_count(&self.notifier) == 2 {
            feeds.remove(self.feed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feed_notifier_lives_as_long_as_its_last_subscription() {
        let notifiers = Notifiers::default();
        let one = notifiers.subscribe("news");
        let two = notifiers.subscribe("news");
        drop(one);
        assert_eq!(lock(&notifiers.feeds).len(), 1);
        drop(two);
        assert_eq!(lock(&notifiers.feeds).len(), 0);
    }
}
