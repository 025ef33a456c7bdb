//! The board as a stream of server-sent events.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;
use std::vec::IntoIter;

use actix_web::http::header::HeaderName;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::TesterState;
use super::error::{PageError, in_time};
use super::hub::{BoardFeed, FeedUpdate, Subscription, entry_event, to_json_line};
use crate::contracts::storage::FeedCursor;
use crate::tester::{BoardEntry, active_faults, uncleared};

/// Interval of comments on a silent stream. Proxies close connections after 30 to 60 silent
/// seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Event that makes the page discard its messages. The empty id makes the browser forget its
/// position.
const RESET: &[u8] = b"event: reset\nid:\ndata: {}\n\n";

/// Streams the board from `Last-Event-ID` on, or from its beginning.
pub(super) async fn stream_events(
    request: HttpRequest,
    state: Data<TesterState>,
) -> Result<HttpResponse, PageError> {
    let last = request.headers().get(HeaderName::from_static("last-event-id"));
    let last = last.and_then(|cursor| cursor.to_str().ok()).map(FeedCursor::new);
    let subscription = in_time(state.hub.subscribe()).await?;
    let stream = LiveStream::new(subscription, last.as_ref(), state.stop.clone());
    let events = stream::unfold(stream, async |mut stream| {
        let event = stream.next().await?;
        Some((Ok::<_, Infallible>(event), stream))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // Turns off the buffering of nginx and of proxies like it.
        .insert_header(("x-accel-buffering", "no"))
        // A kept-alive connection would delay the shutdown of the process.
        .force_close()
        .streaming(Box::pin(events)))
}

/// The stream of one page: past entries, then `ready`, then updates.
struct LiveStream {
    reset: Option<Bytes>,
    past: IntoIter<(FeedCursor, BoardEntry)>,
    ready: Option<Bytes>,
    seen: HashSet<(BoardFeed, FeedCursor)>,
    updates: Receiver<FeedUpdate>,
    stop: CancellationToken,
    /// The page has lagged too far behind and must connect again.
    has_lagged: bool,
}

impl LiveStream {
    /// Starts after the entry `last` while the board still holds it, otherwise with a reset.
    fn new(subscription: Subscription, last: Option<&FeedCursor>, stop: CancellationToken) -> Self {
        let Subscription { mut entries, faults, seen, updates } = subscription;
        let newest = entries.last().map(|(cursor, _)| cursor.clone());
        let faults = to_json_line(&active_faults(faults));
        let id = newest.map_or_else(String::new, |cursor| format!("id: {}\n", cursor.as_str()));
        let ready = format!("event: ready\n{id}data: {faults}\n\n");
        let known = last.and_then(|last| entries.iter().position(|(cursor, _)| cursor == last));
        let (reset, past) = match known {
            Some(at) => (None, entries.split_off(at + 1)),
            None => (Some(Bytes::from_static(RESET)), uncleared(entries)),
        };
        Self {
            reset,
            past: past.into_iter(),
            ready: Some(ready.into()),
            seen,
            updates,
            stop,
            has_lagged: false,
        }
    }

    /// The next event, or `None` at the end of the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if self.has_lagged || self.stop.is_cancelled() {
            return None;
        }
        if let Some(reset) = self.reset.take() {
            return Some(reset);
        }
        if let Some((cursor, entry)) = self.past.next() {
            return Some(entry_event(&cursor, &entry));
        }
        if let Some(ready) = self.ready.take() {
            return Some(ready);
        }
        let stop = self.stop.clone();
        let update = tokio::time::timeout(KEEP_ALIVE, self.next_update());
        match stop.run_until_cancelled(update).await? {
            Err(_) => Some(Bytes::from_static(b":\n\n")),
            Ok(Ok(event)) => Some(event),
            Ok(Err(RecvError::Closed)) => None,
            Ok(Err(RecvError::Lagged(_))) => {
                self.has_lagged = true;
                Some(Bytes::from_static(RESET))
            }
        }
    }

    async fn next_update(&mut self) -> Result<Bytes, RecvError> {
        loop {
            let FeedUpdate { feed, cursor, event } = self.updates.recv().await?;
            if !self.seen.remove(&(feed, cursor)) {
                return Ok(event);
            }
        }
    }
}
