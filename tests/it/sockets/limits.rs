//! Limits: number and rate of sockets, and slow readers.

use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};

use super::client::{Client, opening};
use super::deployment::Deployment;

/// Opens a client, and settles.
async fn open(deployment: &mut Deployment) -> Client {
    let mut client = Client::default();
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    client.read_all();
    client
}

/// Sends messages at once, and returns the number that were not too fast, or the close code.
async fn flood(client: &mut Client, messages: u32) -> Result<usize, u16> {
    client.received.clear();
    for number in 0..messages {
        let id = format!("{number}-{}", uuid::Uuid::now_v7());
        client.try_say("me again", &id).await.map_err(|closing| closing.code.0)?;
        client.read_all();
    }
    Ok(client.of_type("ack").count())
}

#[tokio::test]
async fn slow_reader_is_closed_with_1013_and_resumes() {
    let mut deployment = Deployment::embedded("max_backlog = 4");
    let mut client = open(&mut deployment).await;
    for number in 0..12 {
        client.say(&format!("me {number}"), &number.to_string()).await;
        deployment.settle().await;
    }
    client.read_all();
    assert_eq!(client.closes, [1013]);
    assert_eq!(client.texts(), Vec::<&str>::new());
    // What it has missed is more than the backlog, and new lines come meanwhile.
    client.open(&deployment.servers[1]).await;
    deployment.settle().await;
    client.say("me 12", "12").await;
    deployment.settle().await;
    client.read_all();
    let expected: Vec<String> = (0..13).map(|number| number.to_string()).collect();
    assert_eq!(
        (client.texts(), &client.closes[..]),
        (expected.iter().map(String::as_str).collect(), &[1013][..])
    );
}

#[tokio::test]
async fn burst_and_rate_of_a_socket_are_as_configured() {
    let mut deployment = Deployment::embedded("rate = 2\nburst = 5");
    let mut client = open(&mut deployment).await;
    assert_eq!(flood(&mut client, 10).await, Ok(5));
    assert_eq!(client.of_type("error").next().unwrap()["code"], "too_fast");
    deployment.advance(Duration::from_secs(1)).await;
    assert_eq!(flood(&mut client, 10).await, Ok(2));
}

#[tokio::test]
async fn flood_closes_its_socket_with_1008_and_disturbs_no_other() {
    let mut deployment = Deployment::embedded("rate = 2\nburst = 5");
    let mut flooder = open(&mut deployment).await;
    let mut other = open(&mut deployment).await;
    assert_eq!(flood(&mut flooder, 55).await, Ok(5));
    assert_eq!(flood(&mut flooder, 60).await, Err(1008));
    assert_eq!(flood(&mut other, 5).await, Ok(5));
}

#[tokio::test]
async fn malformed_frames_count_as_messages() {
    let mut deployment = Deployment::embedded("rate = 2\nburst = 5");
    let mut client = open(&mut deployment).await;
    let socket = client.socket.as_mut().unwrap();
    for _ in 0..55 {
        socket.receive("no JSON").await.unwrap();
    }
    assert_eq!(socket.receive("no JSON").await.unwrap_err().code.0, 1008);
}

#[tokio::test]
async fn rates_of_an_address_and_a_room_are_shared_and_close_no_socket() {
    for settings in ["address_rate = 7", "room_rate = 7"] {
        let settings = format!("rate = 5\nburst = 5\n{settings}");
        let mut deployment = Deployment::embedded(&settings);
        let mut clients = [open(&mut deployment).await, open(&mut deployment).await];
        for client in &mut clients {
            client.say("join a", "join").await;
        }
        deployment.settle().await;
        // Below the heartbeat's limit, after which a process takes no message.
        deployment.advance(Duration::from_secs(9)).await;
        let mut taken = 0;
        for client in &mut clients {
            client.read_all();
            taken += flood(client, 5).await.unwrap();
        }
        assert_eq!(taken, 7, "{settings}");
    }
}

#[tokio::test]
async fn places_of_an_address_and_of_a_process_are_limited_and_become_free_again() {
    for settings in ["max_sockets_per_address = 2", "max_sockets = 2"] {
        let mut deployment = Deployment::embedded(settings);
        let first = open(&mut deployment).await;
        let second = open(&mut deployment).await;
        let server = &deployment.servers[0];
        assert_eq!(server.open(opening()).await.err().unwrap().code.0, 4429, "{settings}");
        drop(first);
        assert!(server.open(opening()).await.is_ok());
        drop(second);
    }
}

#[tokio::test]
async fn socket_beyond_the_limit_of_a_room_is_closed_with_4429() {
    let mut deployment = Deployment::embedded("max_sockets_per_room = 1");
    let mut clients = [open(&mut deployment).await, open(&mut deployment).await];
    for client in &mut clients {
        client.say("join a", "1").await;
        deployment.settle().await;
        client.read_all();
    }
    assert_eq!((&clients[0].closes[..], &clients[1].closes[..]), (&[][..], &[4429][..]));
}

#[tokio::test]
async fn connection_that_no_worker_takes_is_closed_with_1013() {
    let mut deployment = Deployment::embedded("");
    let mut client = open(&mut deployment).await;
    client.open(&deployment.servers[1]).await;
    for _ in 0..30 {
        deployment.manual.as_ref().unwrap().advance(Duration::from_secs(2));
        deployment.servers[1].beat_once().await;
    }
    client.read_all();
    assert_eq!(client.closes, [1013]);
}

#[tokio::test]
async fn answers_to_a_client_that_does_not_read_are_bounded() {
    let mut deployment = Deployment::embedded("rate = 10000\nburst = 10000\naddress_rate = 10000");
    let mut client = open(&mut deployment).await;
    for number in 0..1000 {
        client.say("me again", &number.to_string()).await;
    }
    client.read_all();
    assert_eq!((client.of_type("ack").count(), &client.closes[..]), (256, &[1013][..]));
}

#[tokio::test]
async fn frame_before_the_hello_and_a_second_hello_are_refused_with_4400() {
    let mut deployment = Deployment::embedded("");
    let mut client = open(&mut deployment).await;
    let second = client.socket.as_mut().unwrap().receive(r#"{"type":"hello"}"#).await;
    assert_eq!(second.unwrap_err().code.0, 4400);
    for frame in [r#"{"type":"message","text":"hi"}"#, "", "null", r#"{"type":"hello","last":1}"#] {
        let mut socket = deployment.servers[0].open(opening()).await.unwrap();
        assert_eq!(socket.receive(frame).await.unwrap_err().code.0, 4400, "{frame}");
        assert!(socket.next().now_or_never().is_none());
    }
    let long: Value = json!({"type": "hello", "x".repeat(200): 1});
    let mut socket = deployment.servers[0].open(opening()).await.unwrap();
    let closing = socket.receive(&long.to_string()).await.unwrap_err();
    assert!(closing.reason.len() <= 123, "{}", closing.reason);
}
