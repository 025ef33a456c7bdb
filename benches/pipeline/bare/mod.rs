//! Comparison: a process that does the least that an answer, a relay or a send can cost. It is this
//! program again.

mod server;

use std::process::Command;
use std::time::Duration;

pub(crate) use self::server::serve;

use crate::http::Connection;
use crate::load::Load;
use crate::provider::Provider;
use crate::support::{Running, free_port, process_cpu, wait_for_port};

pub(crate) struct Bare {
    port: u16,
    process: Running,
}

impl Bare {
    pub(crate) async fn start(provider: &Provider) -> Self {
        let port = free_port();
        let mut command = Command::new(std::env::current_exe().unwrap());
        let process = Running::start(command.args(["bare", &port.to_string(), &provider.url()]));
        wait_for_port(port).await;
        Self { port, process }
    }

    pub(crate) fn cpu(&self) -> Duration {
        process_cpu(self.process.id())
    }

    /// Load for the server that answers as `web` does, and does nothing else.
    pub(crate) fn echo(&self) -> Load {
        Load::new(self.port, "/echo")
    }

    /// Load for the server that sends each text on at once, and stores nothing.
    pub(crate) fn relay(&self) -> Load {
        Load::new(self.port, "/relay")
    }

    /// Sends a message several times, and returns the microseconds of CPU time for each.
    pub(crate) async fn send(&self, way: &str, body: &[u8], count: usize) -> f64 {
        let mut request = format!(
            "POST /{way}/{count} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        let mut connection = Connection::open(self.port).await;
        let before = self.cpu();
        connection.send(&request).await;
        self.cpu().saturating_sub(before).as_secs_f64() * 1e6 / count as f64
    }
}
