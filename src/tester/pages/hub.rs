//! Tells everybody who looks what happens on the board. However many look, one task of the process
//! follows the board, and none does while nobody looks.

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
use crate::tester::{Board, Injected, Record};

/// How long a look at the board waits for something to happen: so much later it is noticed that
/// nobody looks any more.
const PATIENCE: Duration = Duration::from_secs(1);
/// How soon the store is asked again when it is away.
const PAUSE: Duration = Duration::from_millis(500);
/// How far behind a viewer may fall. More would be kept in memory for whoever does not read.
const BEHIND: usize = 512;

/// The two things that happen on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Feed {
    Records,
    Troubles,
}

/// Something that has happened, in the words that every viewer is told it in.
#[derive(Clone, Debug)]
pub(super) struct News {
    pub(super) feed: Feed,
    pub(super) place: FeedCursor,
    pub(super) event: Bytes,
}

/// What stood on the board when somebody began to look, and what has happened since.
pub(super) struct View {
    pub(super) records: Vec<(FeedCursor, Record)>,
    pub(super) injected: Vec<Injected>,
    /// What of the news is old.
    pub(super) seen: HashSet<(Feed, FeedCursor)>,
    pub(super) news: Receiver<News>,
}

pub struct Hub {
    board: Arc<Board>,
    stop: CancellationToken,
    runtime: Handle,
    /// Where those who look now listen.
    told: Mutex<Option<Sender<News>>>,
}

impl Hub {
    /// Must be called inside the runtime that outlives every viewer.
    pub fn new(board: Arc<Board>, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self { board, stop, runtime: Handle::current(), told: Mutex::default() })
    }

    /// Begins to look. Nothing happens between what stands there and the first of the news.
    pub(super) async fn join(&self) -> Result<View, StorageError> {
        let mut told = self.told.lock().await;
        let company = told.as_ref().map(|told| (told.clone(), told.subscribe()));
        // With nobody else there, its followers may be about to end.
        let company = company.filter(|(sender, _)| sender.receiver_count() > 1);
        let records = self.board.read(None, Duration::ZERO).await?;
        let injected = self.board.injected(None, Duration::ZERO).await?;
        let news = if let Some((_, news)) = company {
            news
        } else {
            let (sender, news) = channel(BEHIND);
            self.follow(&sender, Feed::Records, records.last().map(|(place, _)| place));
            self.follow(&sender, Feed::Troubles, injected.last().map(|(place, _)| place));
            *told = Some(sender);
            news
        };
        let seen = records.iter().map(|(place, _)| (Feed::Records, place.clone()));
        let known = injected.iter().map(|(place, _)| (Feed::Troubles, place.clone()));
        let seen = seen.chain(known).collect();
        let injected = injected.into_iter().map(|(_, injected)| injected).collect();
        Ok(View { records, injected, seen, news })
    }

    fn follow(&self, told: &Sender<News>, feed: Feed, after: Option<&FeedCursor>) {
        let board = Arc::clone(&self.board);
        let follower = Follower { board, told: told.clone(), feed, after: after.cloned() };
        self.runtime.spawn(follower.run(self.stop.clone()));
    }
}

/// Reads one feed of the board as it grows.
struct Follower {
    board: Arc<Board>,
    told: Sender<News>,
    feed: Feed,
    after: Option<FeedCursor>,
}

impl Follower {
    /// Until nobody looks any more.
    async fn run(mut self, stop: CancellationToken) {
        while self.told.receiver_count() > 0 && !stop.is_cancelled() {
            if let Err(error) = self.step().await {
                warn!(%error, "the tester's page is not told what happens; trying again");
                stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            }
        }
    }

    async fn step(&mut self) -> Result<(), StorageError> {
        for (place, event) in self.read().await? {
            self.after = Some(place.clone());
            // Whoever has left is not told.
            let _ = self.told.send(News { feed: self.feed, place, event });
        }
        Ok(())
    }

    async fn read(&self) -> Result<Vec<(FeedCursor, Bytes)>, StorageError> {
        let after = self.after.as_ref();
        Ok(match self.feed {
            Feed::Records => events(self.board.read(after, PATIENCE).await?, record_event),
            Feed::Troubles => events(self.board.injected(after, PATIENCE).await?, trouble_event),
        })
    }
}

fn events<T>(
    of: Vec<(FeedCursor, T)>,
    event: fn(&FeedCursor, &T) -> Bytes,
) -> Vec<(FeedCursor, Bytes)> {
    let event = |(place, what)| {
        let event = event(&place, &what);
        (place, event)
    };
    of.into_iter().map(event).collect()
}

/// A record, as an event of a stream.
pub(super) fn record_event(place: &FeedCursor, record: &Record) -> Bytes {
    format!("id: {}\ndata: {}\n\n", place.as_str(), json(record)).into()
}

fn trouble_event(_: &FeedCursor, injected: &Injected) -> Bytes {
    format!("event: trouble\ndata: {}\n\n", json(injected)).into()
}

/// On one line: JSON writes a line break as two letters.
pub(super) fn json(of: &impl Serialize) -> String {
    serde_json::to_string(of).expect("it is strings throughout")
}
