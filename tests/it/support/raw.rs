//! Raw bytes over TCP, for requests that no HTTP client would make.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

/// Sends bytes, and returns the response until the server closes the connection or is silent.
pub(crate) async fn exchange(port: u16, bytes: Vec<u8>, silence: Duration) -> Vec<u8> {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("web listens");
        stream.set_read_timeout(Some(silence)).unwrap();
        // A server may refuse a request before it has read all of it.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut piece) {
            answer.extend_from_slice(&piece[..length]);
        }
        answer
    })
    .await
    .unwrap()
}
