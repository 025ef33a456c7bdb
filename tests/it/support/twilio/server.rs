//! Port of the fake, its connections, and the handling of requests.

use std::collections::HashMap;
use std::io::BufReader;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::api::{self, Call};
use super::http::{self, Reply, Request};
use super::journal::{Journal, Message};
use super::magic::Refusal;
use super::reports::{Delivery, Reporter};
use super::{Account, Behaviour, Faults};

/// State that all connections share.
pub(super) struct Shared {
    account: Account,
    journal: Journal,
    faults: Mutex<Faults>,
    reporter: Reporter,
    /// The medium of every inbound message.
    medium: Mutex<Vec<u8>>,
    connections: Connections,
    stopped: (Mutex<bool>, Condvar),
}

impl Shared {
    pub(super) fn new(account: Account) -> Self {
        Self {
            reporter: Reporter::start(account.clone()),
            account,
            journal: Journal::new(),
            faults: Mutex::new(Faults::none()),
            medium: Mutex::default(),
            connections: Connections::default(),
            stopped: Default::default(),
        }
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(super) fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *self.faults.lock().unwrap() = faults;
    }

    pub(super) fn set_medium(&self, medium: &[u8]) {
        medium.clone_into(&mut self.medium.lock().unwrap());
    }

    pub(super) fn set_delivery(&self, delivery: Delivery) {
        self.reporter.set_delivery(delivery);
    }

    /// Response to a request; none when the connection is to be closed instead.
    fn answer(&self, request: &Request) -> Option<Reply> {
        if request.method == "POST" {
            self.journal.attempt();
        }
        if request.method == "GET" && request.path.contains("/Media/") {
            return Some(Reply::file(self.medium.lock().unwrap().clone()));
        }
        match api::parse(&self.account, request) {
            Err(refusal) => Some(refusal.reply()),
            Ok(Call::List(query)) => Some(api::list(&self.account, &self.journal, &query)),
            Ok(Call::Create(message)) => {
                let behaviour = self.faults.lock().unwrap().next();
                self.behave(&behaviour, *message)
            }
        }
    }

    fn behave(&self, behaviour: &Behaviour, message: Message) -> Option<Reply> {
        match behaviour {
            Behaviour::Accept => Some(self.accept(message)),
            Behaviour::Throttle { retry_after } => {
                let reply = Refusal { status: 429, code: 20429 }.reply();
                Some(match retry_after {
                    Some(seconds) => reply.header("Retry-After", seconds.to_string()),
                    None => reply,
                })
            }
            Behaviour::Fail { status, code: Some(code) } => {
                Some(Refusal { status: *status, code: *code }.reply())
            }
            Behaviour::Fail { status, code: None } => Some(Reply::page(*status)),
            Behaviour::Drop => None,
            Behaviour::Hang(time) => self.hang(*time),
            Behaviour::AcceptThenDrop => {
                self.accept(message);
                None
            }
            Behaviour::AcceptThenFail(status) => {
                self.accept(message);
                Some(Reply::page(*status))
            }
            Behaviour::AcceptThenHang(time) => {
                self.accept(message);
                self.hang(*time)
            }
        }
    }

    fn accept(&self, message: Message) -> Reply {
        let reply = api::created(&self.account, &message);
        self.reporter.enqueue(&message);
        self.journal.accept(message);
        reply
    }

    fn hang(&self, time: Duration) -> Option<Reply> {
        let (stopped, changed) = &self.stopped;
        let _ = changed.wait_timeout_while(stopped.lock().unwrap(), time, |stopped| !*stopped);
        None
    }

    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Ok(mut writer) = stream.try_clone() else { return };
        let mut reader = BufReader::new(stream);
        while let Ok(Some(request)) = http::read(&mut reader) {
            let Some(reply) = self.answer(&request) else { break };
            if reply.write(&mut writer).is_err() {
                break;
            }
        }
        let _ = writer.shutdown(Shutdown::Both);
    }
}

/// Open connections, so that they can be cut.
#[derive(Default)]
struct Connections {
    open: Mutex<HashMap<u64, TcpStream>>,
    next: AtomicU64,
}

impl Connections {
    fn add(&self, stream: &TcpStream) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        if let Ok(stream) = stream.try_clone() {
            self.open.lock().unwrap().insert(id, stream);
        }
        id
    }

    fn remove(&self, id: u64) {
        self.open.lock().unwrap().remove(&id);
    }

    fn cut(&self) {
        for stream in self.open.lock().unwrap().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Port that can be closed and opened again.
pub(super) struct Server {
    port: u16,
    shared: Arc<Shared>,
    listener: Mutex<Option<ListenerThread>>,
}

/// Thread that accepts connections.
struct ListenerThread {
    closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(shared: Arc<Shared>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = ListenerThread::start(listener, &shared);
        Self { port, shared, listener: Mutex::new(Some(thread)) }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn open(&self, shared: &Arc<Shared>) {
        let mut thread = self.listener.lock().unwrap();
        if thread.is_none() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).unwrap();
            *thread = Some(ListenerThread::start(listener, shared));
        }
    }

    pub(super) fn close(&self) {
        if let Some(thread) = self.listener.lock().unwrap().take() {
            thread.stop(self.port);
        }
        self.shared.connections.cut();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.shared.stopped.0.lock().unwrap() = true;
        self.shared.stopped.1.notify_all();
        self.close();
    }
}

impl ListenerThread {
    fn start(listener: TcpListener, shared: &Arc<Shared>) -> Self {
        let closing = Arc::new(AtomicBool::new(false));
        let (shared, closed) = (Arc::clone(shared), Arc::clone(&closing));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if closed.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let id = shared.connections.add(&stream);
                    shared.serve(stream);
                    shared.connections.remove(id);
                });
            }
        });
        Self { closing, thread }
    }

    /// Stops the thread by a connection, which wakes it, and releases the port.
    fn stop(self, port: u16) {
        self.closing.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let _ = self.thread.join();
    }
}
