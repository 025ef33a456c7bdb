//! Signals that stop a process.

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::ROULETTE;
use crate::support::{Deployment, PATIENCE, Setup, poll};

/// Begins a request whose body never arrives, so that a stop waits for it.
async fn request_in_hand(deployment: &Deployment) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", deployment.port())).await.unwrap();
    let head = "POST /queue/roulette HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\
                Expect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    stream
}

#[tokio::test]
async fn second_signal_ends_process_at_once() {
    for (second, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let deployment = Setup::new(ROULETTE).start().await;
        let stream = request_in_hand(&deployment).await;
        deployment.signal_web(Signal::SIGTERM);
        let stopping = || deployment.logs().contains("finishing the work in hand").then_some(());
        poll(PATIENCE, stopping).expect("the first signal is logged");
        deployment.signal_web(second);
        let status = deployment.wait_for_web(PATIENCE).expect("web has ended");
        assert_eq!(status.code(), Some(code), "{}", deployment.logs());
        assert!(deployment.logs().contains("second signal"), "{}", deployment.logs());
        drop(stream);
    }
}
