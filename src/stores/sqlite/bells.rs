//! Who waits to hear of something. A bell holds no work: a ring that nobody hears costs patience.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::step::News;
use crate::contracts::storage::Queue;

/// A bell for each queue, and one for each feed while somebody follows it.
#[derive(Default)]
pub(super) struct Bells {
    queues: Mutex<HashMap<Queue, Arc<Notify>>>,
    feeds: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Bells {
    /// A ring that comes while nobody waits is heard by the next who does.
    pub(super) fn of(&self, queue: &Queue) -> Arc<Notify> {
        Arc::clone(lock(&self.queues).entry(queue.clone()).or_default())
    }

    pub(super) fn tell(&self, news: News) {
        match news {
            News::Ready(queue) => lock(&self.queues).entry(queue).or_default().notify_one(),
            News::FeedEntry(feed) => {
                if let Some(bell) = lock(&self.feeds).get(&feed) {
                    bell.notify_waiters();
                }
            }
        }
    }

    pub(super) fn follow<'b>(&'b self, feed: &'b str) -> Follower<'b> {
        let bell = Arc::clone(lock(&self.feeds).entry(feed.to_owned()).or_default());
        Follower { bells: self, feed, bell }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panics")
}

/// Somebody who follows a feed; with the last of them its bell goes.
pub(super) struct Follower<'b> {
    bells: &'b Bells,
    feed: &'b str,
    bell: Arc<Notify>,
}

impl Follower<'_> {
    /// Hears of every line from now on.
    pub(super) fn listen(&self) -> Notified<'_> {
        self.bell.notified()
    }
}

impl Drop for Follower<'_> {
    fn drop(&mut self) {
        let mut feeds = lock(&self.bells.feeds);
        // The list's and our own.
        if Arc::strong_count(&self.bell) == 2 {
            feeds.remove(self.feed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_has_a_bell_as_long_as_somebody_follows_it() {
        let bells = Bells::default();
        let one = bells.follow("news");
        let two = bells.follow("news");
        drop(one);
        assert_eq!(lock(&bells.feeds).len(), 1);
        drop(two);
        assert_eq!(lock(&bells.feeds).len(), 0);
    }
}
