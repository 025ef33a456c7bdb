//! Hub: follows the live feed of a topic, and hands each line to the sockets that it is for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::outlet::{Closing, Outlet};
use super::registry::Subscriptions;
use super::window::Window;
use crate::contracts::storage::encoding::FOLLOW_LIMIT;
use crate::contracts::storage::{FeedCursor, Feeds, StorageError};
use crate::contracts::transport::socket::Line;
use crate::model::clock::Clock;
use crate::model::topic::TopicName;

/// Longest wait of one read of the feed.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pause after a failed read of the feed.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Lines and sockets of one topic in one web process.
pub struct Hub {
    feed: String,
    feeds: Arc<dyn Feeds>,
    clock: Arc<dyn Clock>,
    max_room: usize,
    state: Mutex<State>,
    /// The lines that were published before the start have been read.
    is_loaded: watch::Sender<bool>,
    /// Held while the feed is read, so that its lines are taken in once and in order.
    reading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    window: Window,
    subscriptions: Subscriptions,
}

impl Hub {
    pub(super) fn new(
        topic: &TopicName,
        feeds: Arc<dyn Feeds>,
        clock: Arc<dyn Clock>,
        max_room: usize,
    ) -> Self {
        let (state, reading) = Default::default();
        let is_loaded = watch::Sender::new(false);
        Self { feed: Line::feed(topic), feeds, clock, max_room, state, is_loaded, reading }
    }

    /// Takes in the next lines of the feed, and returns their number. Waits for one when there is
    /// none, at most for `patience`.
    ///
    /// # Errors
    /// The store is unavailable; the next step goes on at the same line.
    pub async fn step(&self, patience: Duration) -> Result<usize, StorageError> {
        let _reading = self.reading.lock().await;
        let after = self.newest();
        // The first read must not wait, because a socket waits for it.
        let patience = if *self.is_loaded.borrow() { patience } else { Duration::ZERO };
        let entries = self.feeds.follow(&self.feed, after.as_ref(), patience).await?;
        let count = entries.len();
        let now = self.clock.uptime();
        let mut state = self.state();
        let State { window, subscriptions } = &mut *state;
        for entry in entries {
            // A line of another version is not for the clients of this one.
            let Ok(line) = serde_json::from_str::<Line>(&entry.text) else {
                window.skip(entry.place);
                continue;
            };
            if let Some(line) = window.push(entry.place, line, now) {
                subscriptions.deliver(&line, window, self.max_room);
            }
        }
        window.trim(now);
        drop(state);
        if count < FOLLOW_LIMIT as usize {
            self.is_loaded.send_replace(true);
        }
        Ok(count)
    }

    /// Follows the feed until a stop.
    pub async fn run(&self, stop: CancellationToken) {
        loop {
            match stop.run_until_cancelled(self.step(PATIENCE)).await {
                None => return,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    warn!(feed = self.feed, %error, "live feed interrupted; retrying");
                    stop.run_until_cancelled(tokio::time::sleep(RETRY_PAUSE)).await;
                }
            }
        }
    }

    /// Returns when the lines that were published before the start have been read.
    pub(super) async fn loaded(&self) {
        // The sender lives as long as the hub.
        let _ = self.is_loaded.subscribe().wait_for(|is_loaded| *is_loaded).await;
    }

    /// Returns the number of open sockets.
    pub fn sockets(&self) -> usize {
        self.state().subscriptions.len()
    }

    /// Returns the position behind the last line.
    pub(super) fn newest(&self) -> Option<FeedCursor> {
        self.state().window.newest().cloned()
    }

    /// Returns the rooms that a connection is subscribed to.
    pub(super) fn rooms(&self, connection: &str) -> Vec<String> {
        self.state().subscriptions.rooms(connection)
    }

    pub(super) fn insert(
        &self,
        connection: &Arc<str>,
        session: &str,
        outlet: Arc<Outlet>,
        last: Option<FeedCursor>,
    ) {
        self.state().subscriptions.insert(connection, session, outlet, last);
    }

    pub(super) fn remove(&self, connection: &str) {
        self.state().subscriptions.remove(connection);
    }

    /// Closes every socket.
    pub(super) fn close_all(&self, closing: &Closing) {
        self.state().subscriptions.close_all(closing);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
