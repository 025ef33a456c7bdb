//! Sockets of a web process: the upgrade, the echo of what is said, and every way they end.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{ClientSocket, Deployment, Received, Setup, exchange};

const TOPICS: &str = r#"
    [topics.echo]
    handler = "echo"
    transport = "websocket"
    accept_response = ""

    [topics.echo.validators]
    length = { text = "too long for me", max = 20 }

    [topics.echo.websocket]
    paths = ["/ws"]
    origins = ["https://friend.example"]
    max_frame = 1024
    max_sockets_per_address = 300
    ping = "1s"
    hello_timeout = "1s"

    [topics.plain]
    handler = "echo"
    transport = "websocket"
    accept_response = ""

    [topics.plain.websocket]
    protocol = "text"
    ping = "1s"

    [topics.small]
    handler = "echo"
    transport = "websocket"

    [topics.small.websocket]
    max_sockets_per_address = 1
"#;

async fn start() -> Deployment {
    Setup::new(TOPICS).start().await
}

fn types(frames: &[Value]) -> Vec<&str> {
    let mut types: Vec<_> = frames.iter().filter_map(|frame| frame["type"].as_str()).collect();
    types.sort_unstable();
    types
}

#[tokio::test]
async fn request_that_is_no_upgrade_is_answered_with_what_to_do() {
    let deployment = start().await;
    for path in ["/ws", "/ws/echo", "/ws/plain?token=secret"] {
        let answer = deployment.get(path).await.unwrap();
        assert_eq!(answer.status, 426, "{path}");
        assert!(answer.body.contains("address of a WebSocket"), "{}", answer.body);
    }
    assert_eq!(deployment.call("POST", "/ws").send().await.unwrap().status(), 405);
    for path in ["/ws/nothing", "/ws/echo/more"] {
        assert_eq!(deployment.get(path).await.unwrap().status, 404, "{path}");
        let refused = ClientSocket::open_with(deployment.port(), path, &[]).await;
        assert_eq!(refused.err(), Some(404), "{path}");
    }
    let upgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n";
    let answer = exchange(deployment.port(), upgrade.into(), Duration::from_secs(2)).await;
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn page_of_another_origin_is_refused_before_the_upgrade() {
    let deployment = start().await;
    let port = deployment.port();
    let own = deployment.url("");
    for (origin, expected) in [
        (own.as_str(), None),
        ("https://friend.example", None),
        ("https://friend.example.evil.example", Some(403)),
        ("http://127.0.0.1", Some(403)),
        ("null", Some(403)),
    ] {
        let opened = ClientSocket::open_with(port, "/ws", &[("origin", origin)]).await;
        assert_eq!(opened.err(), expected, "{origin}");
    }
    let forwarded = [("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")];
    assert_eq!(ClientSocket::open_with(port, "/ws", &forwarded).await.err(), Some(403));
}

#[tokio::test]
async fn text_socket_gets_the_text_of_each_answer() {
    let deployment = start().await;
    let mut socket = ClientSocket::open(deployment.port(), "/ws/plain").await;
    for (text, answer) in [("ping", "pong"), ("echo Äpfel", "Äpfel")] {
        socket.send(text).await;
        assert_eq!(socket.receive().await, Received::Text(answer.to_owned()));
    }
}

#[tokio::test]
async fn message_in_fragments_counts_as_one_and_pings_are_answered_between_them() {
    let deployment = start().await;
    let mut socket = ClientSocket::open(deployment.port(), "/ws/plain").await;
    let fragments =
        [frame(0x01, b"echo "), frame(0x89, b"?"), frame(0x00, b"a"), frame(0x80, b"b")];
    socket.send_raw(&fragments.concat()).await;
    assert_eq!(socket.receive().await, Received::Text("ab".to_owned()));
}

#[tokio::test]
async fn message_is_acknowledged_and_a_resend_under_its_id_counts_once() {
    let deployment = start().await;
    let (mut socket, _) = ClientSocket::hello(deployment.port(), "/ws", json!({})).await;
    socket.say("a", "echo one").await;
    assert_eq!(types(&socket.jsons(2).await), ["ack", "message"]);
    socket.say("a", "echo one").await;
    assert_eq!(socket.json().await, json!({"type": "ack", "ref": "a"}));
    socket.say("b", "echo two").await;
    let frames = socket.jsons(2).await;
    assert_eq!(types(&frames), ["ack", "message"], "{frames:?}");
    assert!(frames.iter().any(|frame| frame["text"] == "two"), "{frames:?}");
}

#[tokio::test]
async fn session_comes_back_with_its_token_and_gets_what_it_missed() {
    let deployment = start().await;
    let offer = [("sec-websocket-protocol", "other, crosswire.v1")];
    let offered = ClientSocket::open_with(deployment.port(), "/ws/plain", &offer).await.unwrap();
    assert_eq!(offered.headers["sec-websocket-protocol"], "crosswire.v1");
    let (mut socket, welcome) = ClientSocket::hello(deployment.port(), "/ws", json!({})).await;
    deployment.keep_secret(welcome["session"].as_str().unwrap());
    socket.say("a", "echo one").await;
    let frames = socket.jsons(2).await;
    let last = frames.iter().find_map(|frame| frame["id"].as_str()).unwrap();
    socket.say("b", "echo two").await;
    assert_eq!(types(&socket.jsons(2).await), ["ack", "message"]);
    drop(socket);
    let hello = json!({"session": welcome["session"], "last": last});
    let (mut socket, welcome) = ClientSocket::hello(deployment.port(), "/ws", hello).await;
    assert_eq!(welcome["resumed"], true, "{welcome}");
    assert_eq!(socket.json().await["text"], "two");
}

#[tokio::test]
async fn message_that_is_not_taken_gets_an_error_and_the_socket_stays_open() {
    let deployment = start().await;
    let (mut socket, _) = ClientSocket::hello(deployment.port(), "/ws", json!({})).await;
    socket.say("a", "much longer than 20 characters").await;
    let error = json!({"type": "error", "ref": "a", "code": "rejected", "text": "too long for me"});
    assert_eq!(socket.json().await, error);
    socket.send("no JSON").await;
    let error = socket.json().await;
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("malformed")), "{error}");
    let mut frames = Vec::new();
    for number in 0..30 {
        socket.say(&number.to_string(), "ping").await;
    }
    while !frames.iter().any(|frame: &Value| frame["code"] == "too_fast") {
        frames.push(socket.json().await);
    }
    assert!(frames.iter().any(|frame| frame["type"] == "ack"), "{frames:?}");
}

/// A frame of a client, with a mask of zeros. `head` is its first byte: 0x80 for the last fragment,
/// and the kind.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![head];
    match u16::try_from(payload.len()).unwrap() {
        short @ 0..126 => frame.push(0x80 | u8::try_from(short).unwrap()),
        long => {
            frame.push(0xfe);
            frame.extend(long.to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// The header of a frame that announces 2^62 bytes.
fn endless_frame() -> Vec<u8> {
    [&[0x81, 0xff][..], &(1u64 << 62).to_be_bytes(), &[0; 4], &[b'x'; 4096]].concat()
}

#[rstest]
#[case::frame_that_is_not_masked(vec![0x81, 1, b'a'], 1002)]
#[case::reserved_bits(vec![0xf1, 0x80, 0, 0, 0, 0], 1002)]
#[case::continuation_of_nothing(frame(0x80, b"a"), 1002)]
#[case::binary_frame(frame(0x82, b"a"), 1003)]
#[case::binary_fragment(frame(0x02, b"a"), 1003)]
#[case::bad_utf8(frame(0x81, b"\xff"), 1007)]
#[case::bad_utf8_in_fragments([frame(0x01, b"a"), frame(0x80, b"\xc3")].concat(), 1007)]
#[case::frame_too_long(frame(0x81, &[b'a'; 1025]), 1009)]
#[case::fragments_too_long([frame(0x01, &[b'a'; 1000]), frame(0x00, &[b'a'; 25])].concat(), 1009)]
#[case::frame_without_end(endless_frame(), 1009)]
#[case::message_before_the_hello(frame(0x81, br#"{"type":"message","text":"a"}"#), 4400)]
#[case::hello_that_is_no_json(frame(0x81, b"hello"), 4400)]
#[case::forged_token(frame(0x81, br#"{"type":"hello","session":"e30.AAAA"}"#), 4401)]
#[case::no_hello(Vec::new(), 4408)]
#[case::half_a_hello(frame(0x01, b"{"), 4408)]
#[case::close_of_the_client(frame(0x88, &4001u16.to_be_bytes()), 4001)]
#[case::close_with_a_code_that_is_never_sent(frame(0x88, &1005u16.to_be_bytes()), 1002)]
#[tokio::test]
async fn breach_of_the_protocol_has_its_close_code(#[case] bytes: Vec<u8>, #[case] code: u16) {
    let deployment = start().await;
    let (mut other, _) = ClientSocket::hello(deployment.port(), "/ws", json!({})).await;
    let mut socket = ClientSocket::open(deployment.port(), "/ws").await;
    socket.send_raw(&bytes).await;
    assert_eq!(socket.closed().await, code);
    other.say("a", "ping").await;
    assert_eq!(types(&other.jsons(2).await), ["ack", "message"], "others go on");
}

#[tokio::test]
async fn second_hello_flood_and_second_socket_of_an_address_are_closed() {
    let deployment = start().await;
    let port = deployment.port();
    let (mut socket, _) = ClientSocket::hello(port, "/ws", json!({})).await;
    socket.send(&json!({"type": "hello"}).to_string()).await;
    assert_eq!(socket.closed().await, 4400);
    let (mut socket, _) = ClientSocket::hello(port, "/ws", json!({})).await;
    let messages = (0..100).map(|_| frame(0x81, br#"{"type":"message","text":"ping"}"#));
    socket.send_raw(&messages.collect::<Vec<_>>().concat()).await;
    assert_eq!(socket.closed().await, 1008);
    let (first, _) = ClientSocket::hello(port, "/ws/small", json!({})).await;
    assert_eq!(ClientSocket::open(port, "/ws/small").await.closed().await, 4429);
    drop(first);
}

#[tokio::test]
async fn client_that_answers_no_ping_is_closed() {
    let deployment = start().await;
    let mut socket = ClientSocket::open(deployment.port(), "/ws/plain").await;
    // A ping is answered when it is read, so nothing is read until the server has had to give up.
    let quiet = Instant::now() + Duration::from_millis(3500);
    tokio::time::sleep_until(quiet.into()).await;
    assert_eq!(socket.closed().await, 4408);
}

#[tokio::test]
async fn newer_socket_of_a_session_replaces_the_older_one() {
    let deployment = start().await;
    let (mut older, welcome) = ClientSocket::hello(deployment.port(), "/ws", json!({})).await;
    let hello = json!({"session": welcome["session"]});
    let (mut newer, _) = ClientSocket::hello(deployment.port(), "/ws", hello).await;
    assert_eq!(older.closed().await, 4409);
    newer.say("a", "ping").await;
    assert_eq!(types(&newer.jsons(2).await), ["ack", "message"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn stop_closes_every_socket_with_1001_and_waits_for_none() {
    let deployment = start().await;
    let port = deployment.port();
    let open = |_| async move { ClientSocket::hello(port, "/ws", json!({})).await.0 };
    let mut sockets = join_all((0..200).map(open)).await;
    // A client that has not said hello, and one that never reads its close frame.
    sockets.push(ClientSocket::open(port, "/ws").await);
    let silent = ClientSocket::open(port, "/ws/plain").await;
    let closing =
        tokio::spawn(async move { join_all(sockets.iter_mut().map(ClientSocket::closed)).await });
    let began = Instant::now();
    let is_stopped = tokio::task::block_in_place(|| deployment.stop_web(Duration::from_secs(10)));
    assert!(is_stopped && began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(closing.await.unwrap(), vec![1001; 201]);
    drop(silent);
}
