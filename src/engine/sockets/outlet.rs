//! Outlet: the bounded queue of what is to be written to one socket.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::window::{Missed, PublishedLine};
use crate::contracts::transport::socket::CloseCode;

/// End of a socket: the code and the reason of its close frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    pub code: CloseCode,
    pub reason: String,
}

impl Closing {
    pub fn new(code: CloseCode, reason: &str) -> Self {
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

/// Bounded queue between the hub and a socket. It holds pointers to lines, which all sockets share.
pub(super) struct Outlet {
    max_backlog: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Item>,
    closing: Option<Closing>,
}

impl Outlet {
    pub(super) fn new(max_backlog: usize) -> Self {
        Self { max_backlog, state: Mutex::default(), changed: Notify::new() }
    }

    /// Appends a line. A reader that is too far behind is closed instead; it resumes after its last
    /// line.
    pub(super) fn push(&self, line: Arc<PublishedLine>) {
        let is_full = {
            let mut state = self.state();
            let is_full = state.queue.len() >= self.max_backlog;
            if !is_full && state.closing.is_none() {
                state.queue.push_back(Item::Line(line));
            }
            is_full
        };
        if is_full {
            self.state().queue.clear();
            self.close(Closing::new(CloseCode::TRY_AGAIN, "reads too slowly; resume"));
        }
        self.changed.notify_one();
    }

    /// Appends what a resumed socket has missed. It is as long as the window at most, of pointers.
    pub(super) fn resume(&self, missed: Missed) {
        let mut state = self.state();
        state.queue.push_back(Item::Ready { is_complete: missed.is_complete });
        state.queue.extend(missed.lines.into_iter().map(Item::Line));
        drop(state);
        self.changed.notify_one();
    }

    /// Closes the socket after what is queued. The first reason counts.
    pub(super) fn close(&self, closing: Closing) {
        self.state().closing.get_or_insert(closing);
        self.changed.notify_one();
    }

    /// Takes the next item; the reason of the close when there is none.
    pub(super) async fn next(&self) -> Result<Item, Closing> {
        loop {
            {
                let mut state = self.state();
                if let Some(item) = state.queue.pop_front() {
                    return Ok(item);
                }
                if let Some(closing) = &state.closing {
                    return Err(closing.clone());
                }
            }
            self.changed.notified().await;
        }
    }

    /// Returns whether everything has been taken.
    pub(super) fn is_idle(&self) -> bool {
        self.state().queue.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
