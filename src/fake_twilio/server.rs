//! The server: a port that can be closed and opened again, and the ways to drive it from Rust.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use anyhow::Context as _;

use super::caller::{Caller, Threads};
use super::delivery::Callbacks;
use super::fault::{Delays, Faults};
use super::inbound::{self, InboundText};
use super::journal::{Journal, WebhookOutcome};
use super::routes;
use super::settings::Settings;
use super::state::State;

/// A server in this process, until it is dropped.
pub struct FakeTwilio {
    state: Arc<State>,
    port: u16,
    listening: Mutex<Option<Listening>>,
    _threads: Threads,
}

/// Thread of an open port.
struct Listening {
    handle: ServerHandle,
    thread: JoinHandle<()>,
}

impl FakeTwilio {
    pub fn start(settings: Settings) -> anyhow::Result<Self> {
        let listener = bind(settings.port)
            .with_context(|| format!("cannot listen on port {}; choose another", settings.port))?;
        let port = listener.local_addr()?.port();
        let (caller, threads) = Caller::start(&settings.account)?;
        let state = Arc::new(State::new(settings, caller));
        let listening = Listening::start(listener, &state)?;
        Ok(Self { state, port, listening: Mutex::new(Some(listening)), _threads: threads })
    }

    /// Value for `TWILIO_API_BASE`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn journal(&self) -> &Journal {
        &self.state.journal
    }

    /// Sets the faults of all further requests to send.
    pub fn inject(&self, faults: Faults) {
        self.state.set_faults(faults);
    }

    pub fn delay(&self, delays: Delays) {
        self.state.set_delays(delays);
    }

    /// Sets the status callbacks of all further messages.
    pub fn report(&self, callbacks: impl Into<Callbacks>) {
        self.state.set_callbacks(callbacks.into());
    }

    /// Takes a text from a phone, and returns when the webhook of its line has answered.
    pub async fn receive(&self, text: InboundText) -> WebhookOutcome {
        inbound::receive(&self.state, text).await
    }

    /// Returns the webhook of each number of the account.
    pub fn webhooks(&self) -> Vec<(String, String)> {
        let lines = self.state.lines();
        lines.iter().map(|line| (line.number.clone(), line.sms_url.clone())).collect()
    }

    /// Sets the webhook of every number of the account.
    pub fn set_webhook(&self, url: &str) {
        self.state.lines().iter_mut().for_each(|line| url.clone_into(&mut line.sms_url));
    }

    /// Closes the port and all connections.
    pub fn refuse_connections(&self) {
        if let Some(listening) = self.listening().take() {
            listening.stop();
        }
    }

    /// Opens the same port again.
    pub fn accept_connections(&self) -> anyhow::Result<()> {
        let mut listening = self.listening();
        if listening.is_none() {
            *listening = Some(Listening::start(bind(self.port)?, &self.state)?);
        }
        Ok(())
    }

    fn listening(&self) -> MutexGuard<'_, Option<Listening>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FakeTwilio {
    fn drop(&mut self) {
        self.refuse_connections();
    }
}

impl Listening {
    /// Serves a port on a thread of its own, so that it goes on whatever blocks the caller's.
    fn start(listener: TcpListener, state: &Arc<State>) -> anyhow::Result<Self> {
        let (started, handle) = mpsc::channel();
        let state = Data::new(Arc::clone(state));
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new().configure(|config| routes::configure(config, &state))
                });
                let server = server.on_connect(routes::keep).workers(2).disable_signals();
                let running = server.listen(listener).map(HttpServer::run);
                let _ = started.send(running.as_ref().map(Server::handle).map_err(io_error));
                if let Ok(running) = running {
                    let _ = running.await;
                }
            });
        });
        let handle = handle.recv().context("the server's thread ended")??;
        Ok(Self { handle, thread })
    }

    /// Closes the port, and waits until it is free.
    fn stop(self) {
        // The command is sent at once; its future only waits for the end, as the thread's does.
        drop(self.handle.stop(false));
        let _ = self.thread.join();
    }
}

fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

fn io_error(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}
