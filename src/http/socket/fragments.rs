//! Messages of a client that arrive in fragments (RFC 6455 section 5.4).

use std::time::Duration;

use actix_ws::Item;
use tokio::time::Instant;

use crate::contracts::transport::socket::CloseCode;
use crate::engine::sockets::Closing;

/// Time from the first fragment of a message to the last one.
const MAX_AGE: Duration = Duration::from_secs(30);

/// Message that has not been received whole yet, within limits of length and time.
pub(super) struct Fragments {
    max_length: usize,
    received: Vec<u8>,
    /// Deadline of the last fragment, while there is a message.
    due: Option<Instant>,
}

impl Fragments {
    pub(super) fn new(max_length: usize) -> Self {
        Self { max_length, received: Vec::new(), due: None }
    }

    /// Returns the time by which the message has to be complete, while there is one.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Takes a fragment, and returns the message after its last one.
    ///
    /// # Errors
    /// The close frame: the message is too long, too slow, binary, or not in UTF-8.
    pub(super) fn push(&mut self, fragment: Item, now: Instant) -> Result<Option<String>, Closing> {
        let (bytes, is_last) = match fragment {
            Item::FirstText(bytes) => {
                self.due = Some(now + MAX_AGE);
                (bytes, false)
            }
            Item::FirstBinary(_) => return Err(binary()),
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        if self.due.is_some_and(|due| now >= due) {
            return Err(late());
        }
        if self.received.len() + bytes.len() > self.max_length {
            return Err(too_long(self.max_length));
        }
        self.received.extend_from_slice(&bytes);
        if !is_last {
            return Ok(None);
        }
        self.due = None;
        String::from_utf8(std::mem::take(&mut self.received)).map(Some).map_err(|_| not_utf8())
    }
}

/// Close frame of a message whose last fragment does not come.
pub(super) fn late() -> Closing {
    Closing::new(CloseCode::TIMED_OUT, "a message in fragments took too long; send it at once")
}

pub(super) fn too_long(max: usize) -> Closing {
    Closing::new(CloseCode::TOO_LONG, &format!("too long; a message has {max} bytes at the most"))
}

pub(super) fn binary() -> Closing {
    Closing::new(CloseCode::UNSUPPORTED, "binary frames are not taken; send text")
}

pub(super) fn not_utf8() -> Closing {
    Closing::new(CloseCode::INVALID_UTF8, "a text frame has to be UTF-8")
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    fn first(text: &'static str) -> Item {
        Item::FirstText(Bytes::from_static(text.as_bytes()))
    }

    fn next(text: &'static str) -> Item {
        Item::Continue(Bytes::from_static(text.as_bytes()))
    }

    fn last(bytes: &'static [u8]) -> Item {
        Item::Last(Bytes::from_static(bytes))
    }

    #[test]
    fn fragments_make_one_message_and_then_another() {
        let (mut fragments, now) = (Fragments::new(4), Instant::now());
        for _ in 0..2 {
            assert_eq!(fragments.push(first("a"), now), Ok(None));
            assert_eq!(fragments.push(next("bc"), now), Ok(None));
            assert_eq!(fragments.push(last("d".as_bytes()), now), Ok(Some("abcd".to_owned())));
            assert_eq!(fragments.due(), None);
        }
    }

    #[test]
    fn character_may_be_split_between_fragments() {
        let (mut fragments, now) = (Fragments::new(9), Instant::now());
        let (head, tail) = "é".as_bytes().split_at(1);
        fragments.push(Item::FirstText(Bytes::from_static(head)), now).unwrap();
        assert_eq!(fragments.push(last(tail), now), Ok(Some("é".to_owned())));
    }

    #[test]
    fn fragments_beyond_a_limit_have_their_close_code() {
        let now = Instant::now();
        let code = |fragment: Item, now: Instant, began: Instant| {
            let mut fragments = Fragments::new(4);
            fragments.push(first("abc"), began).unwrap();
            fragments.push(fragment, now).unwrap_err().code
        };
        assert_eq!(code(next("de"), now, now), CloseCode::TOO_LONG);
        assert_eq!(code(last(b"de"), now, now), CloseCode::TOO_LONG);
        assert_eq!(code(last(b"\xff"), now, now), CloseCode::INVALID_UTF8);
        assert_eq!(code(next(""), now + MAX_AGE, now), CloseCode::TIMED_OUT);
        let binary = Item::FirstBinary(Bytes::new());
        assert_eq!(code(binary, now, now), CloseCode::UNSUPPORTED);
    }
}
