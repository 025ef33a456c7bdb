//! Hostile clients, all at once, while another client keeps talking in time.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::sleep;

use crate::support::{ClientSocket, Deployment, Setup};

const TOPICS: &str = r#"
    [profiles.prod]
    max_connections = 1200
    max_connections_per_address = 1200

    [topics.echo]
    handler = "echo"
    transport = "websocket"
    accept_response = ""

    [topics.echo.websocket]
    max_sockets = 1100
    max_sockets_per_address = 1100
    address_rate = 1000
    ping = "1s"
    hello_timeout = "2s"
"#;

/// Longest round trip of the client that is not hostile, on a machine that other tests share.
const IN_TIME: Duration = Duration::from_secs(5);

/// Says this many things, and waits for the answer to each.
async fn talk(deployment: &Deployment, count: usize) {
    let (mut socket, _) = ClientSocket::hello(deployment.port(), "/ws/echo", json!({})).await;
    for number in 0..count {
        let began = Instant::now();
        let said = number.to_string();
        socket.say(&said, &format!("echo {said}")).await;
        let frames = socket.jsons(2).await;
        assert!(frames.iter().any(|frame| frame["text"] == said.as_str()), "{frames:?}");
        assert!(began.elapsed() < IN_TIME, "answer {number} took {:?}", began.elapsed());
        sleep(Duration::from_millis(200)).await;
    }
}

/// Opens a socket, sends bytes, and returns the close code.
async fn attack(deployment: &Deployment, bytes: &[u8]) -> u16 {
    let mut socket = ClientSocket::open(deployment.port(), "/ws/echo").await;
    socket.send_raw(bytes).await;
    socket.closed().await
}

/// A text frame of ten million bytes, with a mask of zeros.
fn huge_frame() -> Vec<u8> {
    let mut frame = vec![0x81, 0xff];
    frame.extend(10_000_000u64.to_be_bytes());
    frame.resize(10_000_014, 0);
    frame
}

/// Fragments without a last one: a first of one byte, then empty ones.
fn endless_fragments() -> Vec<u8> {
    let mut frames = vec![0x01, 0x81, 0, 0, 0, 0, b'{'];
    frames.extend([0x00, 0x80, 0, 0, 0, 0].repeat(10_000));
    frames
}

async fn flood(deployment: &Deployment) -> u16 {
    let (mut socket, _) = ClientSocket::hello(deployment.port(), "/ws/echo", json!({})).await;
    let message = br#"{"type":"message","text":"ping"}"#;
    let mut frame = vec![0x81, 0x80 | u8::try_from(message.len()).unwrap(), 0, 0, 0, 0];
    frame.extend(message);
    socket.send_raw(&frame.repeat(1000)).await;
    socket.closed().await
}

#[tokio::test]
async fn hostile_clients_are_closed_and_disturb_no_other() {
    let deployment = Setup::new(TOPICS).start().await;
    let attacks = async {
        for _ in 0..3 {
            assert!(matches!(attack(&deployment, &huge_frame()).await, 1009 | 0));
            assert_eq!(attack(&deployment, &endless_fragments()).await, 4408);
            assert_eq!(attack(&deployment, &[0x81, 0x81, 0, 0, 0, 0, 0xff]).await, 1007);
            assert_eq!(flood(&deployment).await, 1008);
        }
    };
    tokio::join!(talk(&deployment, 30), attacks);
}

#[tokio::test]
async fn thousand_idle_sockets_disturb_no_other() {
    let deployment = Setup::new(TOPICS).start().await;
    let idle = |_| ClientSocket::hello(deployment.port(), "/ws/echo", json!({}));
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.extend(join_all((0..50).map(idle)).await);
    }
    talk(&deployment, 20).await;
    assert_eq!(sockets.len(), 1000);
}

#[tokio::test]
async fn names_and_texts_of_any_characters_come_back_as_they_are() {
    let deployment = Setup::new(TOPICS).start().await;
    let text =
        "<script>alert(1)</script> \u{202e}txet\u{2066} \u{0} \u{1f469}\u{200d}\u{1f4bb} \"'&";
    let hello = json!({"name": text, "type\u{0}": text});
    let (mut socket, _) = ClientSocket::hello(deployment.port(), "/ws/echo", hello).await;
    socket.say(text, &format!("echo {text}")).await;
    let frames = socket.jsons(2).await;
    assert!(frames.iter().any(|frame| frame["type"] == "message" && frame["text"] == text));
    assert!(frames.iter().any(|frame| frame["ref"] == text), "{frames:?}");
}
