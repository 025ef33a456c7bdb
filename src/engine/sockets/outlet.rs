//! Outlet: the bounded queue of what is to be written to one socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::published::PublishedLine;
use crate::contracts::transport::socket::CloseCode;

/// Longest reason of a close frame, in bytes.
const MAX_REASON: usize = 123;

/// End of a socket: the code and the reason of its close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    pub code: CloseCode,
    pub reason: String,
}

impl Closing {
    /// Creates a close frame. Its reason is cut to the length that a frame can carry (RFC 6455 section
    /// 5.5).
    pub fn new(code: CloseCode, reason: &str) -> Self {
        let reason = &reason[..reason.floor_char_boundary(MAX_REASON)];
        Self { code, reason: reason.to_owned() }
    }
}

/// Next thing to write to a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A text frame.
    Text(bytes::Bytes),
    /// The last frame.
    Close(Closing),
}

/// Item of an outlet's queue.
pub(super) enum Item {
    Line(Arc<PublishedLine>),
    /// A resumed socket is up to date, with or without a gap.
    Ready {
        is_complete: bool,
    },
}

/// Items that an idle socket keeps memory for: a burst of lines must not cost memory afterwards.
const KEPT_CAPACITY: usize = 4;

/// Bounded queue between the hub and a socket. It holds pointers to lines, which all sockets share.
pub(super) struct Outlet {
    max_backlog: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Item>,
    /// Items at the front of the queue that a resumed socket has missed. They are as many as the
    /// window has, and do not count as its backlog.
    replayed: usize,
    closing: Option<Closing>,
}

impl State {
    fn clear(&mut self) {
        self.queue = VecDeque::new();
        self.replayed = 0;
    }
}

impl Outlet {
    pub(super) fn new(max_backlog: usize) -> Self {
        Self { max_backlog, state: Mutex::default(), changed: Notify::new() }
    }

    /// Appends a line. A reader that is too far behind is closed instead; it resumes after the last
    /// line that it got, so what is dropped here reaches it then.
    pub(super) fn push(&self, line: Arc<PublishedLine>) {
        let mut state = self.state();
        if state.closing.is_some() {
            return;
        }
        if state.queue.len() - state.replayed < self.max_backlog {
            state.queue.push_back(Item::Line(line));
        } else {
            state.clear();
            let reason = "reads too slowly; resume";
            state.closing = Some(Closing::new(CloseCode::TRY_AGAIN, reason));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Appends what a socket has missed, with a notice of it when it has resumed.
    pub(super) fn resume(&self, missed: Vec<Arc<PublishedLine>>, is_complete: Option<bool>) {
        let mut state = self.state();
        if state.closing.is_some() {
            return;
        }
        let ready = is_complete.map(|is_complete| Item::Ready { is_complete });
        state.queue.extend(ready.into_iter().chain(missed.into_iter().map(Item::Line)));
        state.replayed = state.queue.len();
        drop(state);
        self.changed.notify_one();
    }

    /// Closes the socket after what is queued. The first reason counts.
    pub(super) fn close(&self, closing: Closing) {
        self.state().closing.get_or_insert(closing);
        self.changed.notify_one();
    }

    /// Takes the next item; the reason of the close when there is none. Nothing is lost when the
    /// future is dropped.
    pub(super) async fn next(&self) -> Result<Item, Closing> {
        loop {
            {
                let mut state = self.state();
                if let Some(item) = state.queue.pop_front() {
                    state.replayed = state.replayed.saturating_sub(1);
                    if state.queue.is_empty() {
                        state.queue.shrink_to(KEPT_CAPACITY);
                    }
                    return Ok(item);
                }
                if let Some(closing) = &state.closing {
                    return Err(closing.clone());
                }
            }
            self.changed.notified().await;
        }
    }

    /// Returns whether everything has been taken, and nothing was dropped.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        state.queue.is_empty() && state.closing.is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
