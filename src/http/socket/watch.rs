//! Liveness of a socket's client: when to send it a ping, and when it counts as gone.

use std::time::Duration;

use tokio::time::Instant;

use crate::contracts::transport::socket::{CloseCode, SocketSettings};
use crate::engine::sockets::Closing;

/// Pings without any frame of the client after them, at which it counts as gone.
const MAX_UNANSWERED: u32 = 2;

/// Times of one socket.
pub(super) struct Watch {
    ping: Duration,
    next_ping: Instant,
    unanswered: u32,
    /// Deadline of the hello, until it has come.
    hello_due: Option<Instant>,
}

impl Watch {
    pub(super) fn new(settings: &SocketSettings, now: Instant) -> Self {
        Self {
            ping: settings.ping,
            next_ping: now + settings.ping,
            unanswered: 0,
            hello_due: Some(now + settings.hello_timeout),
        }
    }

    /// Records a frame of the client.
    pub(super) fn heard(&mut self) {
        self.unanswered = 0;
    }

    /// Records that the client has said hello, or need not.
    pub(super) fn greeted(&mut self) {
        self.hello_due = None;
    }

    /// Returns the time of the next [`Watch::check`].
    pub(super) fn next(&self) -> Instant {
        self.hello_due.map_or(self.next_ping, |due| due.min(self.next_ping))
    }

    /// Returns whether to send a ping now.
    ///
    /// # Errors
    /// The close frame of a client that has not done in time what it had to.
    pub(super) fn check(&mut self, now: Instant) -> Result<bool, Closing> {
        if self.hello_due.is_some_and(|due| now >= due) {
            return Err(Closing::new(CloseCode::TIMED_OUT, "no hello in time; send it first"));
        }
        if now < self.next_ping {
            return Ok(false);
        }
        if self.unanswered >= MAX_UNANSWERED {
            return Err(Closing::new(CloseCode::TIMED_OUT, "no answer to pings"));
        }
        self.unanswered += 1;
        self.next_ping = now + self.ping;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contracts::transport::socket::SocketSettings;

    const PING: Duration = Duration::from_secs(15);
    const HELLO: Duration = Duration::from_secs(10);

    fn settings() -> SocketSettings {
        SocketSettings {
            paths: Vec::new(),
            origins: Vec::new(),
            max_frame: 1,
            rate: 1,
            burst: 1,
            address_rate: 1,
            room_rate: 1,
            max_sockets: 1,
            max_sockets_per_address: 1,
            max_sockets_per_room: 1,
            max_backlog: 1,
            ping: PING,
            hello_timeout: HELLO,
            session_ttl: PING,
        }
    }

    fn code(checked: Result<bool, Closing>) -> Option<CloseCode> {
        checked.err().map(|closing| closing.code)
    }

    #[test]
    fn silent_client_is_closed_after_two_pings() {
        let start = Instant::now();
        let mut watch = Watch::new(&settings(), start);
        watch.greeted();
        assert_eq!(watch.check(start + PING / 2), Ok(false));
        for nth in 1..=2 {
            assert_eq!(watch.next(), start + PING * nth);
            assert_eq!(watch.check(start + PING * nth), Ok(true));
        }
        assert_eq!(code(watch.check(start + PING * 3)), Some(CloseCode::TIMED_OUT));
    }

    #[test]
    fn any_frame_is_a_sign_of_life() {
        let start = Instant::now();
        let mut watch = Watch::new(&settings(), start);
        watch.greeted();
        for nth in 1..=9 {
            assert_eq!(watch.check(start + PING * nth), Ok(true), "{nth}");
            watch.heard();
        }
    }

    #[test]
    fn client_without_hello_is_closed_in_time_and_one_with_it_is_not() {
        let start = Instant::now();
        let mut watch = Watch::new(&settings(), start);
        assert_eq!(watch.next(), start + HELLO);
        assert_eq!(code(watch.check(start + HELLO)), Some(CloseCode::TIMED_OUT));
        watch.greeted();
        assert_eq!(watch.check(start + HELLO), Ok(false));
        assert_eq!(watch.next(), start + PING);
    }
}
