//! Processes and the store are killed or frozen while clients of two web processes talk: every client
//! comes back, and nothing is lost, doubled or out of order.

use std::time::Duration;

use futures_util::future::{join, join_all};
use futures_util::{SinkExt, StreamExt};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::{Deployment, Setup};

/// Topic with short leases, so that the claims of a killed worker are taken over within seconds.
const TOPIC: &str = r#"
    [topics.devices]
    handler = "devices"
    transport = "websocket"
    accept_response = ""
    lease = "1500ms"
    handler_timeout = "1s"
    max_attempts = 100
    max_group_depth = 1000
    properties = { ids = "random", keep_ids = true, list = false, mailbox = 200 }
    [topics.devices.sending]
    repeats = 0
    connect_timeout = "500ms"
    timeout = "500ms"
    lease = "5500ms"
    max_attempts = 100
    [topics.devices.websocket]
    rate = 1000
    burst = 1000
    address_rate = 10000
    ping = "1s"
"#;

const PAIRS: usize = 10;
/// Time for which everybody talks; the fault comes in the middle.
const TALK: Duration = Duration::from_secs(4);
/// Time for everything to arrive, on a machine that other tests share.
const ARRIVAL: Duration = Duration::from_mins(1);

type Socket = WebSocketStream<TcpStream>;

/// Client that connects again whenever it has lost its socket, to the next port.
struct Peer {
    ports: Vec<u16>,
    at: usize,
    session: Option<String>,
    last: Option<String>,
    /// Id of its device.
    id: watch::Sender<Option<String>>,
    /// Id of the device that it talks to.
    partner: watch::Receiver<Option<String>>,
    /// Messages that are acknowledged.
    acked: usize,
    received: Vec<String>,
    /// Fault that a `welcome` has reported.
    has_gap: bool,
    connections: usize,
}

impl Peer {
    /// Talks until `quiet`, then waits until it has as many messages as the partner has sent.
    async fn run(
        mut self,
        talking: watch::Receiver<bool>,
        sent: watch::Sender<Option<usize>>,
        expected: watch::Receiver<Option<usize>>,
    ) -> Self {
        let deadline = Instant::now() + TALK + ARRIVAL;
        while Instant::now() < deadline {
            if let Some(socket) = self.connect().await {
                self.talk(socket, &talking, &sent, deadline).await;
            }
            let is_done =
                *expected.borrow() == Some(self.received.len()) && sent.borrow().is_some();
            if is_done {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        self
    }

    async fn connect(&mut self) -> Option<Socket> {
        self.at += 1;
        let port = self.ports[self.at % self.ports.len()];
        let opened = timeout(Duration::from_secs(2), async {
            let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            let url = format!("ws://127.0.0.1:{port}/ws/devices");
            client_async(url, stream).await.ok()
        });
        let (mut socket, _) = opened.await.ok()??;
        let mut hello = json!({"type": "hello"});
        for (name, value) in [("session", &self.session), ("last", &self.last)] {
            if let Some(value) = value {
                hello[name] = value.as_str().into();
            }
        }
        socket.send(Message::text(hello.to_string())).await.ok()?;
        self.connections += 1;
        Some(socket)
    }

    /// Sends one message after the other, each until it is acknowledged, and takes in what comes.
    /// Returns when the socket is lost, or all is done.
    async fn talk(
        &mut self,
        mut socket: Socket,
        talking: &watch::Receiver<bool>,
        sent: &watch::Sender<Option<usize>>,
        deadline: Instant,
    ) {
        let mut in_flight = None;
        while Instant::now() < deadline {
            let is_talking = *talking.borrow() || in_flight.is_some();
            if !is_talking {
                sent.send_replace(Some(self.acked));
            }
            let may_send = is_talking && in_flight.is_none() && self.session.is_some();
            let partner = self.partner.borrow().clone().filter(|_| may_send);
            if let Some(to) = partner {
                // The mailbox of a partner who is away holds 200 texts.
                sleep(Duration::from_millis(20)).await;
                let (id, text) = (self.acked.to_string(), format!("text {}", self.acked));
                let message = json!({"type": "message", "to": to, "id": id, "text": text});
                if socket.send(Message::text(message.to_string())).await.is_err() {
                    return;
                }
                in_flight = Some(id);
            }
            match timeout(Duration::from_millis(500), socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    if frame["type"] == "ack" && in_flight.as_deref() == frame["ref"].as_str() {
                        in_flight = None;
                        self.acked += 1;
                    } else if frame["type"] == "error" {
                        // Refused for now: again with the next connection.
                        return;
                    }
                    self.take(&frame);
                }
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return,
                // A socket that owes an answer is tried elsewhere; after the talk, silence ends it.
                Err(_) if in_flight.is_some() || !*talking.borrow() => return,
                Ok(Some(Ok(_))) | Err(_) => {}
            }
        }
    }

    fn take(&mut self, frame: &Value) {
        let string = |name: &str| frame[name].as_str().map(str::to_owned);
        match frame["type"].as_str() {
            Some("welcome") => {
                self.session = string("session");
                self.has_gap |= frame["resumed"] != true;
            }
            Some("devices") => drop(self.id.send_replace(string("you"))),
            Some("message") => self.received.extend(string("body")),
            _ => {}
        }
        self.last = string("id").or(self.last.take());
    }
}

/// Lets pairs talk over these ports while the fault happens, and checks what everybody received.
async fn talk_during(ports: Vec<u16>, fault: impl Future<Output = ()>) {
    let (keep_talking, talking) = watch::channel(true);
    let mut peers = Vec::new();
    for pair in 0..PAIRS {
        let ids = [watch::channel(None), watch::channel(None)];
        let sent = [watch::channel(None), watch::channel(None)];
        for side in 0..2 {
            let peer = Peer {
                ports: ports.clone(),
                at: pair + side,
                session: None,
                last: None,
                id: ids[side].0.clone(),
                partner: ids[1 - side].1.clone(),
                acked: 0,
                received: Vec::new(),
                has_gap: false,
                connections: 0,
            };
            let (own, others) = (sent[side].0.clone(), sent[1 - side].1.clone());
            peers.push(peer.run(talking.clone(), own, others));
        }
    }
    let fault = async {
        sleep(TALK / 2).await;
        fault.await;
        sleep(TALK / 2).await;
        keep_talking.send_replace(false);
    };
    let (peers, ()) = join(join_all(peers), fault).await;
    for pair in peers.chunks(2) {
        for (peer, partner) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            // The acknowledgement of the last message may be lost with its socket.
            let sent = peer.received.len().clamp(partner.acked, partner.acked + 1);
            let expected: Vec<String> = (0..sent).map(|n| format!("text {n}")).collect();
            assert_eq!(peer.received, expected);
            assert!(!peer.has_gap);
            assert!(partner.acked > 5, "{} acknowledged", partner.acked);
        }
    }
}

async fn two_webs() -> (Deployment, Vec<u16>) {
    let deployment = Setup::new(TOPIC).workers(2).own_redis().start().await;
    deployment.start_other_web().await;
    let ports = vec![deployment.port(), deployment.other_port()];
    (deployment, ports)
}

#[tokio::test]
async fn killed_web_process_loses_doubles_and_reorders_no_line_of_a_socket() {
    let (deployment, ports) = two_webs().await;
    talk_during(ports, async {
        deployment.kill_web();
        sleep(Duration::from_secs(2)).await;
        deployment.start_web();
    })
    .await;
}

#[tokio::test]
async fn killed_worker_loses_doubles_and_reorders_no_line_of_a_socket() {
    let (deployment, ports) = two_webs().await;
    talk_during(ports, async {
        deployment.kill_worker(0);
        sleep(Duration::from_secs(1)).await;
        deployment.start_worker(0);
        deployment.kill_worker(1);
        deployment.start_worker(1);
    })
    .await;
}

#[tokio::test]
async fn web_process_frozen_beyond_its_heartbeat_loses_no_line_of_a_socket() {
    let (deployment, ports) = two_webs().await;
    talk_during(ports, async {
        deployment.signal_web(Signal::SIGSTOP);
        sleep(Duration::from_secs(12)).await;
        deployment.signal_web(Signal::SIGCONT);
    })
    .await;
}

#[tokio::test]
async fn frozen_store_loses_no_line_of_a_socket() {
    let (deployment, ports) = two_webs().await;
    talk_during(ports, async {
        deployment.redis().signal(Signal::SIGSTOP);
        sleep(Duration::from_secs(3)).await;
        deployment.redis().signal(Signal::SIGCONT);
    })
    .await;
}

#[tokio::test]
async fn embedded_server_that_is_killed_and_restarted_loses_no_line_of_a_socket() {
    let deployment = Setup::dev(TOPIC).embedded().start().await;
    talk_during(vec![deployment.port()], async {
        deployment.kill_web();
        deployment.start_web();
        deployment.wait_ready().await;
    })
    .await;
}
