//! Hub: follows the live feed of a topic, and hands each line to the sockets that it is for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::outlet::Closing;
use super::subscriptions::{NewSocket, Subscriptions};
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
    state: Mutex<State>,
    /// The lines that were published before the start have been read.
    is_loaded: watch::Sender<bool>,
    /// Held while the feed is read, so that its lines are taken in once and in order.
    reading: tokio::sync::Mutex<()>,
}

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
        let (window, subscriptions) = (Window::default(), Subscriptions::new(max_room));
        let state = Mutex::new(State { window, subscriptions });
        let (is_loaded, reading) = (watch::Sender::new(false), tokio::sync::Mutex::default());
        Self { feed: Line::feed(topic), feeds, clock, state, is_loaded, reading }
    }

    /// Takes in the next lines of the feed, and returns their number. Waits for one when there is
    /// none, at most for `patience`.
    ///
    /// # Errors
    /// The store is unavailable; the next step goes on at the same line.
    pub async fn step(&self, patience: Duration) -> Result<usize, StorageError> {
        let _reading = self.reading.lock().await;
        let after = self.state().window.read_up_to().cloned();
        // The first read must not wait, because a socket waits for it.
        let patience = if *self.is_loaded.borrow() { patience } else { Duration::ZERO };
        let entries = self.feeds.follow(&self.feed, after.as_ref(), patience).await?;
        let count = entries.len();
        let now = self.clock.uptime();
        let mut state = self.state();
        let State { window, subscriptions } = &mut *state;
        for entry in entries {
            if let Some(line) = window.push(entry.place, &entry.text, now) {
                subscriptions.deliver(&line, window);
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
        let mut is_away = false;
        loop {
            match stop.run_until_cancelled(self.step(PATIENCE)).await {
                None => return,
                Some(Ok(_)) => is_away = false,
                Some(Err(error)) => {
                    if !is_away {
                        warn!(feed = self.feed, %error, "live feed interrupted; retrying");
                    }
                    is_away = true;
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

    /// Returns the position behind the last line, for a connection that has every line up to it.
    pub(super) fn position(&self, connection: &str) -> Option<FeedCursor> {
        // Both under one lock: a line between them would be skipped by a resume.
        let state = self.state();
        state.subscriptions.is_up_to_date(connection).then(|| state.window.newest())
    }

    /// Returns the rooms that a connection is subscribed to.
    pub(super) fn rooms(&self, connection: &str) -> Vec<String> {
        self.state().subscriptions.rooms(connection)
    }

    /// Adds a socket, and returns its position.
    pub(super) fn insert(&self, socket: NewSocket<'_>) -> FeedCursor {
        let State { window, subscriptions } = &mut *self.state();
        subscriptions.insert(socket, window, self.clock.uptime())
    }

    pub(super) fn remove(&self, connection: &str) {
        self.state().subscriptions.remove(connection);
    }

    /// Closes every socket.
    pub(super) fn close_all(&self, closing: &Closing) {
        self.state().subscriptions.close_all(closing);
    }

    /// Closes the sockets whose `Ready` and `Attach` lines have not come in time.
    pub(super) fn close_waiting(&self) {
        self.state().subscriptions.close_waiting(self.clock.uptime());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
