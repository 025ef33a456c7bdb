//! Pump: carries the frames between one client and its socket.

use std::error::Error;
use std::pin::pin;
use std::str::Utf8Error;
use std::sync::Arc;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_ws::{CloseReason, Message, MessageStream, ProtocolError, Session};
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::fragments::{self, Fragments};
use super::watch::Watch;
use crate::contracts::transport::socket::CloseCode;
use crate::engine::sockets::{Closing, Opening, Outgoing, Socket, SocketServer};

/// Time for one frame to leave the queue of the web server. It is full while the client does not read.
const WRITE_LIMIT: Duration = Duration::from_secs(10);
/// Time for the last frame to enter that queue.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);
/// Time for a frame of the client to be taken in. It is above the store's own limits.
const RECEIVE_LIMIT: Duration = Duration::from_secs(10);
/// Frames that are written before the client's next one is read.
const MAX_BATCH: usize = 32;

/// Exchange of frames between a client and its socket. Futures that an idle socket does not wait in
/// are boxed, so that they take memory only while they run.
pub(super) struct Pump {
    pub(super) server: Arc<SocketServer>,
    pub(super) session: Session,
    pub(super) frames: MessageStream,
}

/// End of a pump.
enum End {
    /// The client is gone.
    Gone,
    /// The client gets a close frame.
    Close(CloseReason),
}

impl From<Closing> for End {
    /// Makes the close frame. The web server cuts its text to what fits in one.
    fn from(Closing { code, reason }: Closing) -> Self {
        Self::Close(CloseReason { code: code.0.into(), description: Some(reason) })
    }
}

/// Event that a pump waits for.
enum Event {
    Outgoing(Outgoing),
    Frame(Option<Result<Message, ProtocolError>>),
    Alarm,
}

impl Pump {
    /// Runs until the client, the socket or the process ends. The socket is gone before the close
    /// frame is written, so that no slow reader keeps it.
    pub(super) async fn run(mut self, opening: Opening<'_>, stop: CancellationToken) {
        // `run_until_cancelled` would hold the exchange twice, in every socket.
        let end = tokio::select! {
            biased;
            () = stop.cancelled() => {
                Closing::new(CloseCode::AWAY, "the server stops; connect again").into()
            }
            end = self.exchange(opening) => end,
        };
        if let End::Close(reason) = end {
            let _ = timeout(CLOSE_LIMIT, self.session.close(Some(reason))).await;
        }
    }

    async fn exchange(&mut self, opening: Opening<'_>) -> End {
        let server = Arc::clone(&self.server);
        match timeout(RECEIVE_LIMIT, Box::pin(server.open(opening))).await {
            Ok(Ok(socket)) => self.serve(socket).await,
            Ok(Err(closing)) => closing.into(),
            Err(_) => overloaded().into(),
        }
    }

    async fn serve(&mut self, mut socket: Socket) -> End {
        let mut watch = Watch::new(self.server.settings(), Instant::now());
        let mut fragments = Fragments::new(self.server.settings().max_frame);
        let mut alarm = pin!(sleep_until(watch.next()));
        loop {
            if !socket.awaits_hello() {
                watch.greeted();
            }
            let event = tokio::select! {
                outgoing = socket.next() => Event::Outgoing(outgoing),
                frame = self.frames.recv() => Event::Frame(frame),
                () = &mut alarm => Event::Alarm,
            };
            let done = match event {
                Event::Outgoing(outgoing) => self.write(outgoing).await,
                Event::Frame(frame) => {
                    watch.heard();
                    Box::pin(self.read(frame, &mut socket, &mut fragments)).await
                }
                Event::Alarm => Box::pin(self.check(&mut watch, &mut socket, &fragments)).await,
            };
            if let Err(end) = done {
                return end;
            }
            let next = fragments.due().map_or(watch.next(), |due| due.min(watch.next()));
            if alarm.is_elapsed() || next < alarm.deadline() {
                alarm.as_mut().reset(next);
            }
        }
    }

    async fn read(
        &mut self,
        frame: Option<Result<Message, ProtocolError>>,
        socket: &mut Socket,
        fragments: &mut Fragments,
    ) -> Result<(), End> {
        let max_frame = self.server.settings().max_frame;
        let text = match frame {
            None => return Err(End::Gone),
            Some(Err(error)) => return Err(end_of(&error, max_frame)),
            Some(Ok(Message::Text(text))) => String::from(text),
            Some(Ok(Message::Continuation(fragment))) => {
                let whole = fragments.push(fragment, Instant::now())?;
                let Some(text) = whole else { return Ok(()) };
                text
            }
            Some(Ok(Message::Binary(_))) => return Err(fragments::binary().into()),
            Some(Ok(Message::Ping(bytes))) => return self.send(Message::Pong(bytes)).await,
            Some(Ok(Message::Close(given))) => return Err(answer_to(given)),
            Some(Ok(Message::Pong(_) | Message::Nop)) => return Ok(()),
        };
        match timeout(RECEIVE_LIMIT, Box::pin(socket.receive(&text))).await {
            Ok(taken) => taken?,
            Err(_) => return Err(overloaded().into()),
        }
        self.write_ready(socket).await
    }

    /// Writes what is ready. The answers are among it, so that they never outnumber the frames that
    /// are written here.
    async fn write_ready(&mut self, socket: &mut Socket) -> Result<(), End> {
        for _ in 0..MAX_BATCH {
            let Some(outgoing) = socket.next().now_or_never() else { break };
            self.write(outgoing).await?;
        }
        Ok(())
    }

    async fn write(&mut self, outgoing: Outgoing) -> Result<(), End> {
        match outgoing {
            Outgoing::Text(text) => {
                // Frames of this server are written from texts.
                let Ok(text) = text.try_into() else { return Ok(()) };
                self.send(Message::Text(text)).await
            }
            Outgoing::Close(closing) => Err(closing.into()),
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(WRITE_LIMIT, self.session.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(Closing::new(CloseCode::TRY_AGAIN, "reads too slowly; resume").into()),
        }
    }

    async fn check(
        &mut self,
        watch: &mut Watch,
        socket: &mut Socket,
        fragments: &Fragments,
    ) -> Result<(), End> {
        let now = Instant::now();
        if fragments.due().is_some_and(|due| now >= due) {
            return Err(fragments::late().into());
        }
        if watch.check(now)? {
            socket.update_position();
            self.send(Message::Ping(Bytes::new())).await?;
        }
        Ok(())
    }
}

fn overloaded() -> Closing {
    Closing::new(CloseCode::TRY_AGAIN, "the store is away; connect again and resume")
}

/// Returns the close frame that answers a client's: its own code, if it is one that may be sent
/// (RFC 6455 section 7.4).
fn answer_to(given: Option<CloseReason>) -> End {
    let code = given.map_or(CloseCode::NORMAL.0, |given| given.code.into());
    let is_sendable = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
    let code = if is_sendable { code } else { CloseCode::PROTOCOL_ERROR.0 };
    End::Close(CloseReason { code: code.into(), description: None })
}

/// Returns the close frame after frames that cannot be read.
fn end_of(error: &ProtocolError, max_frame: usize) -> End {
    let cause = match error {
        ProtocolError::Overflow => return fragments::too_long(max_frame).into(),
        ProtocolError::Io(error) => error.get_ref(),
        _ => None,
    };
    if let Some(PayloadError::Overflow) = cause.and_then(|cause| cause.downcast_ref()) {
        return fragments::too_long(max_frame).into();
    }
    if cause.is_some_and(<dyn Error + Send + Sync>::is::<PayloadError>) {
        // The connection broke.
        return End::Gone;
    }
    if cause.is_some_and(<dyn Error + Send + Sync>::is::<Utf8Error>) {
        return fragments::not_utf8().into();
    }
    Closing::new(CloseCode::PROTOCOL_ERROR, "not a frame of RFC 6455").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_result<A, B, C, F>(_: impl Fn(A, B, C) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn pump_of_an_idle_socket_takes_less_than_2560_bytes() {
        let run = |pump: Pump, opening: Opening<'static>, stop| pump.run(opening, stop);
        let size = size_of_result(run);
        assert!(size < 2560, "{size}");
    }

    #[test]
    fn close_of_a_client_is_answered_with_its_own_code_if_that_may_be_sent() {
        let answer = |code: u16| match answer_to(Some(reason(code))) {
            End::Close(reason) => u16::from(reason.code),
            End::Gone => 0,
        };
        for (code, expected) in [
            (1000, 1000),
            (1001, 1001),
            (3000, 3000),
            (4409, 4409),
            (1005, 1002),
            (1006, 1002),
            (1015, 1002),
            (5000, 1002),
        ] {
            assert_eq!(answer(code), expected, "{code}");
        }
        assert!(matches!(answer_to(None), End::Close(reason) if u16::from(reason.code) == 1000));
    }

    fn reason(code: u16) -> CloseReason {
        CloseReason { code: code.into(), description: None }
    }
}
