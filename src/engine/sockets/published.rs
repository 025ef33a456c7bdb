//! Line of the live feed, with its forms for clients.

use std::sync::OnceLock;

use bytes::Bytes;

use crate::contracts::storage::FeedCursor;
use crate::contracts::transport::socket::{Line, ServerFrame, SocketProtocol};

/// Line of the live feed. It is encoded once for all sockets of a protocol.
pub(super) struct PublishedLine {
    pub(super) cursor: FeedCursor,
    pub(super) line: Line,
    with_hello: OnceLock<Option<Bytes>>,
    without_hello: OnceLock<Option<Bytes>>,
}

impl PublishedLine {
    pub(super) fn new(cursor: FeedCursor, line: Line) -> Self {
        let (with_hello, without_hello) = Default::default();
        Self { cursor, line, with_hello, without_hello }
    }

    /// Returns the frame for clients of a protocol; `None` when it has no form of this line.
    pub(super) fn encoded(&self, protocol: &dyn SocketProtocol) -> Option<Bytes> {
        let form = if protocol.has_hello() { &self.with_hello } else { &self.without_hello };
        let encode = || {
            let (cursor, line) = (self.cursor.as_str(), &self.line);
            protocol.encode(&ServerFrame::Line { cursor, line }).map(Bytes::from)
        };
        form.get_or_init(encode).clone()
    }
}
