//! A TCP proxy between the processes and Redis, or their provider, as bad as a network can be.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Condition of the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Link {
    #[default]
    Good,
    /// Bytes arrive late.
    Slow(Duration),
    /// Bytes are held back, and nobody is told, until the link is good again.
    Silent,
    /// Requests arrive, and their replies are lost with their connection.
    Replyless,
    /// Requests arrive, and their replies end in their middle, with their connection.
    Torn,
    /// Every connection is closed, and every new one.
    Cut,
}

/// Proxy on a port of its own, which lives as long as the runtime.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    link: watch::Sender<Link>,
    target: Arc<Mutex<Option<String>>>,
}

impl Proxy {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            link: watch::Sender::new(Link::Good),
            target: Arc::default(),
        };
        tokio::spawn(proxy.clone().accept(listener));
        proxy
    }

    /// Value for `REDIS_URL`.
    pub(super) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Value for `TWILIO_API_BASE`.
    pub(crate) fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn lead_to(&self, address: &str) {
        *self.target.lock().unwrap() = Some(address.to_owned());
    }

    pub(crate) fn set(&self, link: Link) {
        self.link.send_replace(link);
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((client, _)) = listener.accept().await {
            let target = self.target.lock().unwrap().clone();
            let Some(target) = target.filter(|_| *self.link.borrow() != Link::Cut) else {
                continue;
            };
            let link = self.link.subscribe();
            tokio::spawn(async move {
                // A server that is down refuses the connection, and closing the client's tells it.
                if let Ok(server) = TcpStream::connect(target).await {
                    forward(client, server, link).await;
                }
            });
        }
    }
}

/// Forwards both directions until either ends.
async fn forward(client: TcpStream, server: TcpStream, link: watch::Receiver<Link>) {
    let (requests, to_client) = client.into_split();
    let (replies, to_server) = server.into_split();
    tokio::select! {
        () = copy(requests, to_server, link.clone(), false) => {}
        () = copy(replies, to_client, link, true) => {}
    }
}

/// Copies one direction in the condition that the link has when the bytes come.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut link: watch::Receiver<Link>,
    is_reply: bool,
) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            cut = link.wait_for(|link| *link == Link::Cut) => { drop(cut); return }
        };
        let Ok(length @ 1..) = read else { return };
        let condition = *link.borrow_and_update();
        match condition {
            Link::Slow(delay) => tokio::time::sleep(delay).await,
            Link::Silent => {
                if link.wait_for(|link| *link != Link::Silent).await.is_err() {
                    return;
                }
            }
            Link::Torn if is_reply => {
                let _ = to.write_all(&buffer[..length / 2]).await;
                return;
            }
            Link::Replyless if is_reply => return,
            Link::Good | Link::Replyless | Link::Torn => {}
            Link::Cut => return,
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(200);

    /// Starts a server that answers every byte with itself, and a proxy before it.
    async fn before_an_echo() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start().await;
        proxy.lead_to(&listener.local_addr().unwrap().to_string());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
        proxy
    }

    /// Sends a byte, and returns the answer; nothing when the connection ends.
    async fn echo(stream: &mut TcpStream) -> Option<u8> {
        stream.write_all(b"x").await.ok()?;
        stream.read_u8().await.ok()
    }

    #[tokio::test]
    async fn link_is_silent_torn_replyless_or_cut_as_it_is_set() {
        let proxy = before_an_echo().await;
        let open = || TcpStream::connect(proxy.address);
        let mut stream = open().await.unwrap();
        assert_eq!(echo(&mut stream).await, Some(b'x'));
        proxy.set(Link::Silent);
        assert!(timeout(SHORT, echo(&mut stream)).await.is_err());
        proxy.set(Link::Slow(SHORT / 10));
        assert_eq!(stream.read_u8().await.unwrap(), b'x', "it comes late, and comes");
        proxy.set(Link::Torn);
        stream.write_all(b"half").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"ha");
        let mut stream = open().await.unwrap();
        proxy.set(Link::Replyless);
        assert_eq!(echo(&mut stream).await, None);
        proxy.set(Link::Good);
        let mut stream = open().await.unwrap();
        assert_eq!(echo(&mut stream).await, Some(b'x'));
        proxy.set(Link::Cut);
        assert!(stream.read_u8().await.is_err());
        assert_eq!(echo(&mut open().await.unwrap()).await, None);
    }
}
