//! Fan-out of the board to all open pages. One task per feed follows the board while pages are
//! open, however many, and none otherwise.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use serde::Serialize;
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::contracts::storage::{FeedCursor, StorageError};
use crate::tester::{Board, BoardEntry, InjectedFault};

/// Time that one read of the board waits for an entry. The followers notice only after it that the
/// last page was closed.
const READ_PATIENCE: Duration = Duration::from_secs(1);
/// Pause after a failed read of the board.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// Maximum number of updates that a page may lag behind. It bounds the memory for pages that do not
/// read.
const MAX_LAG: usize = 512;

/// The feeds of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum BoardFeed {
    Entries,
    Faults,
}

/// A new entry of a feed, encoded once for all pages.
#[derive(Clone, Debug)]
pub(super) struct FeedUpdate {
    pub(super) feed: BoardFeed,
    pub(super) cursor: FeedCursor,
    pub(super) event: Bytes,
}

/// The board at the time of a subscription, and all updates from then on.
pub(super) struct Subscription {
    pub(super) entries: Vec<(FeedCursor, BoardEntry)>,
    pub(super) faults: Vec<InjectedFault>,
    /// Entries above that may come again as updates.
    pub(super) seen: HashSet<(BoardFeed, FeedCursor)>,
    pub(super) updates: Receiver<FeedUpdate>,
}

/// Distributes the updates of the board.
pub struct Hub {
    board: Arc<Board>,
    stop: CancellationToken,
    runtime: Handle,
    /// Channel to the open pages, while there are any.
    updates: Mutex<Option<Sender<FeedUpdate>>>,
}

impl Hub {
    /// Makes a hub whose tasks run on the current runtime, which must outlive every page.
    pub fn new(board: Arc<Board>, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self { board, stop, runtime: Handle::current(), updates: Mutex::default() })
    }

    /// Subscribes a page. No update between the entries and the first update is lost.
    pub(super) async fn subscribe(&self) -> Result<Subscription, StorageError> {
        let mut channel_slot = self.updates.lock().await;
        let running = channel_slot.as_ref().map(|sender| (sender.clone(), sender.subscribe()));
        // Without another subscriber the followers may be about to end.
        let running = running.filter(|(sender, _)| sender.receiver_count() > 1);
        let entries = self.board.read(None, Duration::ZERO).await?;
        let faults = self.board.faults(None, Duration::ZERO).await?;
        let updates = if let Some((_, updates)) = running {
            updates
        } else {
            let (sender, updates) = channel(MAX_LAG);
            self.follow(&sender, BoardFeed::Entries, entries.last().map(|(cursor, _)| cursor));
            self.follow(&sender, BoardFeed::Faults, faults.last().map(|(cursor, _)| cursor));
            *channel_slot = Some(sender);
            updates
        };
        let seen_entries = entries.iter().map(|(cursor, _)| (BoardFeed::Entries, cursor.clone()));
        let seen_faults = faults.iter().map(|(cursor, _)| (BoardFeed::Faults, cursor.clone()));
        let seen = seen_entries.chain(seen_faults).collect();
        let faults = faults.into_iter().map(|(_, injected)| injected).collect();
        Ok(Subscription { entries, faults, seen, updates })
    }

    fn follow(&self, updates: &Sender<FeedUpdate>, feed: BoardFeed, after: Option<&FeedCursor>) {
        let board = Arc::clone(&self.board);
        let follower = Follower { board, updates: updates.clone(), feed, after: after.cloned() };
        self.runtime.spawn(follower.run(self.stop.clone()));
    }
}

/// Reads one feed of the board as it grows.
struct Follower {
    board: Arc<Board>,
    updates: Sender<FeedUpdate>,
    feed: BoardFeed,
    after: Option<FeedCursor>,
}

impl Follower {
    /// Runs until the last page is closed or the process stops.
    async fn run(mut self, stop: CancellationToken) {
        while self.updates.receiver_count() > 0 && !stop.is_cancelled() {
            if let Err(error) = self.step().await {
                warn!(%error, "tester page updates interrupted; retrying");
                stop.run_until_cancelled(tokio::time::sleep(RETRY_PAUSE)).await;
            }
        }
    }

    async fn step(&mut self) -> Result<(), StorageError> {
        for (cursor, event) in self.read().await? {
            self.after = Some(cursor.clone());
            // An error means that the last page was closed, which ends the loop in `run`.
            let _ = self.updates.send(FeedUpdate { feed: self.feed, cursor, event });
        }
        Ok(())
    }

    async fn read(&self) -> Result<Vec<(FeedCursor, Bytes)>, StorageError> {
        let after = self.after.as_ref();
        Ok(match self.feed {
            BoardFeed::Entries => encode(self.board.read(after, READ_PATIENCE).await?, entry_event),
            BoardFeed::Faults => {
                encode(self.board.faults(after, READ_PATIENCE).await?, fault_event)
            }
        })
    }
}

fn encode<T>(
    items: Vec<(FeedCursor, T)>,
    event: fn(&FeedCursor, &T) -> Bytes,
) -> Vec<(FeedCursor, Bytes)> {
    let encode_one = |(cursor, item)| {
        let event = event(&cursor, &item);
        (cursor, event)
    };
    items.into_iter().map(encode_one).collect()
}

/// Encodes a board entry as a server-sent event.
pub(super) fn entry_event(cursor: &FeedCursor, entry: &BoardEntry) -> Bytes {
    format!("id: {}\ndata: {}\n\n", cursor.as_str(), to_json_line(entry)).into()
}

fn fault_event(_: &FeedCursor, injected: &InjectedFault) -> Bytes {
    format!("event: fault\ndata: {}\n\n", to_json_line(injected)).into()
}

/// Encodes a value as JSON on one line, as server-sent events require.
pub(super) fn to_json_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("all keys are strings")
}
