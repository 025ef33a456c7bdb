//! The port, its connections, and what is done with each request.

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
use super::{Account, Behaviour, Trouble};

/// What all connections work on.
pub(super) struct Shared {
    account: Account,
    journal: Journal,
    trouble: Mutex<Trouble>,
    reporter: Reporter,
    connections: Connections,
    stopped: (Mutex<bool>, Condvar),
}

impl Shared {
    pub(super) fn new(account: Account) -> Self {
        Self {
            reporter: Reporter::start(account.clone()),
            account,
            journal: Journal::new(),
            trouble: Mutex::new(Trouble::none()),
            connections: Connections::default(),
            stopped: Default::default(),
        }
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    pub(super) fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    pub(super) fn set_trouble(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    pub(super) fn set_delivery(&self, delivery: Delivery) {
        self.reporter.set_delivery(delivery);
    }

    /// The answer to a request; none when the connection is to be closed on it.
    fn answer(&self, request: &Request) -> Option<Reply> {
        if request.method == "POST" {
            self.journal.attempt();
        }
        match api::understand(&self.account, request) {
            Err(refusal) => Some(refusal.reply()),
            Ok(Call::List(query)) => Some(api::list(&self.account, &self.journal, &query)),
            Ok(Call::Create(message)) => {
                let behaviour = self.trouble.lock().unwrap().next();
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
        self.reporter.owe(&message);
        self.journal.accept(message);
        reply
    }

    fn hang(&self, time: Duration) -> Option<Reply> {
        let (stopped, changed) = &self.stopped;
        let _ = changed.wait_timeout_while(stopped.lock().unwrap(), time, |stopped| !*stopped);
        None
    }

    fn converse(&self, stream: TcpStream) {
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

/// Open connections, to be able to cut them off.
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

/// A port that can be closed and opened again.
pub(super) struct Server {
    port: u16,
    shared: Arc<Shared>,
    door: Mutex<Option<Door>>,
}

struct Door {
    closing: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(shared: Arc<Shared>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let door = Mutex::new(Some(Door::open(listener, &shared)));
        Self { port, shared, door }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn open(&self, shared: &Arc<Shared>) {
        let mut door = self.door.lock().unwrap();
        if door.is_none() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).unwrap();
            *door = Some(Door::open(listener, shared));
        }
    }

    pub(super) fn close(&self) {
        if let Some(door) = self.door.lock().unwrap().take() {
            door.close(self.port);
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

impl Door {
    fn open(listener: TcpListener, shared: &Arc<Shared>) -> Self {
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
                    shared.converse(stream);
                    shared.connections.remove(id);
                });
            }
        });
        Self { closing, thread }
    }

    /// A knock wakes the thread, which then sees that it is over and lets go of the port.
    fn close(self, port: u16) {
        self.closing.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let _ = self.thread.join();
    }
}
