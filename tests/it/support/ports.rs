//! Ports for servers of other programs, which cannot choose one themselves.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

/// First port and number of ports that are given to servers. Linux and macOS take the port of an
/// outgoing connection from above 32767: one of these ports is not taken between its choice and the
/// start of the server.
const FIRST: u16 = 15_000;
const COUNT: usize = 16_000;

/// Locks on the ports of this process, each on a file, until the process ends.
static HELD: Mutex<Vec<File>> = Mutex::new(Vec::new());

/// Returns a port that is free, and that no other test gets while this process runs.
pub(crate) fn free_port() -> u16 {
    let dir = std::env::temp_dir().join("crosswire-test-ports");
    std::fs::create_dir_all(&dir).unwrap();
    let mut held = HELD.lock().unwrap();
    let start = std::process::id() as usize * 31 + held.len();
    for offset in 0..COUNT {
        let port = FIRST + u16::try_from((start + offset) % COUNT).unwrap();
        let lock = File::create(dir.join(port.to_string())).unwrap();
        if lock.try_lock().is_ok() && TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            held.push(lock);
            return port;
        }
    }
    panic!("none of the ports from {FIRST} is free");
}
