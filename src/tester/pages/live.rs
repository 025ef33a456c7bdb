//! What happens on the board, as it happens: a stream of server-sent events.

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
use super::hub::{Feed, News, View, json, record_event};
use super::refused::{Refused, in_time};
use crate::contracts::storage::FeedCursor;
use crate::tester::{Record, in_force, standing};

/// Proxies close what is silent for a minute or half of one.
const SILENCE: Duration = Duration::from_secs(15);

/// Forget what you have. Without an id a browser would come back to where it was before.
const RESET: &[u8] = b"event: reset\nid:\ndata: {}\n\n";

pub(super) async fn watch(
    request: HttpRequest,
    state: Data<TesterState>,
) -> Result<HttpResponse, Refused> {
    let last = request.headers().get(HeaderName::from_static("last-event-id"));
    let last = last.and_then(|place| place.to_str().ok()).map(FeedCursor::new);
    let view = in_time(state.hub.join()).await?;
    let viewer = Viewer::new(view, last.as_ref(), state.stop.clone());
    let events = stream::unfold(viewer, async |mut viewer| {
        let piece = viewer.step().await?;
        Some((Ok::<_, Infallible>(piece), viewer))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // Some proxies hold back what they pass on unless they are told not to.
        .insert_header(("x-accel-buffering", "no"))
        // A connection that is kept for another call would keep a process that stops.
        .force_close()
        .streaming(Box::pin(events)))
}

/// Somebody who looks.
struct Viewer {
    /// What comes before all others.
    greeting: Option<Bytes>,
    past: IntoIter<(FeedCursor, Record)>,
    ready: Option<Bytes>,
    seen: HashSet<(Feed, FeedCursor)>,
    news: Receiver<News>,
    stop: CancellationToken,
    is_lost: bool,
}

impl Viewer {
    /// Somebody who has seen everything up to `last`, if that is still there.
    fn new(view: View, last: Option<&FeedCursor>, stop: CancellationToken) -> Self {
        let newest = view.records.last().map(|(place, _)| place.clone());
        let troubles = json(&in_force(view.injected));
        let id = newest.map_or_else(String::new, |place| format!("id: {}\n", place.as_str()));
        let ready = format!("event: ready\n{id}data: {troubles}\n\n");
        let known = last.and_then(|last| view.records.iter().position(|(place, _)| place == last));
        let mut records = view.records;
        let (greeting, past) = match known {
            Some(at) => (None, records.split_off(at + 1)),
            None => (Some(Bytes::from_static(RESET)), standing(records)),
        };
        Self {
            greeting,
            past: past.into_iter(),
            ready: Some(ready.into()),
            seen: view.seen,
            news: view.news,
            stop,
            is_lost: false,
        }
    }

    /// What they are told next; nothing when that was all.
    async fn step(&mut self) -> Option<Bytes> {
        if self.is_lost || self.stop.is_cancelled() {
            return None;
        }
        if let Some(greeting) = self.greeting.take() {
            return Some(greeting);
        }
        if let Some((place, record)) = self.past.next() {
            return Some(record_event(&place, &record));
        }
        if let Some(ready) = self.ready.take() {
            return Some(ready);
        }
        let stop = self.stop.clone();
        let news = tokio::time::timeout(SILENCE, self.next_news());
        match stop.run_until_cancelled(news).await? {
            Err(_) => Some(Bytes::from_static(b":\n\n")),
            Ok(Ok(event)) => Some(event),
            Ok(Err(RecvError::Closed)) => None,
            Ok(Err(RecvError::Lagged(_))) => {
                self.is_lost = true;
                Some(Bytes::from_static(RESET))
            }
        }
    }

    async fn next_news(&mut self) -> Result<Bytes, RecvError> {
        loop {
            let News { feed, place, event } = self.news.recv().await?;
            if !self.seen.remove(&(feed, place)) {
                return Ok(event);
            }
        }
    }
}
