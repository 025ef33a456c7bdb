//! Resumption: what a client gets that comes back.

use std::time::Duration;

use crosswire::contracts::transport::socket::WINDOW;
use rstest::rstest;

use super::client::Client;
use super::deployment::Deployment;

/// A deployment with a client that is subscribed to room `a`, at the first server.
async fn joined() -> (Deployment, Client) {
    let (mut deployment, mut client) = (Deployment::embedded(""), Client::default());
    client.open(&deployment.servers[0]).await;
    client.say("join a", "1").await;
    deployment.settle().await;
    client.read_all();
    (deployment, client)
}

/// Sends a line to room `a` from another session.
async fn tell_room(deployment: &mut Deployment, texts: &[&str]) {
    let mut other = Client::default();
    other.open(&deployment.servers[1]).await;
    for text in texts {
        other.say(&format!("say a {text}"), text).await;
    }
    deployment.settle().await;
    drop(other);
    deployment.settle().await;
}

/// Lets time pass, after which all processes are late with their heartbeat.
async fn pass(deployment: &mut Deployment, time: Duration) {
    deployment.advance(time).await;
    for server in &deployment.servers {
        server.beat_once().await;
    }
}

fn was_resumed(client: &Client) -> bool {
    client.of_type("welcome").last().unwrap()["resumed"] == true
}

#[tokio::test]
async fn line_published_twice_is_received_once_however_late() {
    let (mut deployment, mut client) = joined().await;
    tell_room(&mut deployment, &["one", "two"]).await;
    for entry in deployment.feed().await {
        deployment.publish_again(&entry.text).await;
    }
    deployment.settle().await;
    client.read_all();
    // The position behind the repeated lines is one to resume from, too.
    client.socket.as_mut().unwrap().update_position();
    client.read_all();
    tell_room(&mut deployment, &["three"]).await;
    for server in [1, 0] {
        client.open(&deployment.servers[server]).await;
        deployment.settle().await;
        client.read_all();
    }
    assert_eq!(client.texts(), ["one", "two", "three"]);
    assert!(was_resumed(&client));
}

#[tokio::test]
async fn position_is_not_told_while_lines_wait() {
    let (mut deployment, mut client) = joined().await;
    tell_room(&mut deployment, &["one"]).await;
    client.socket.as_mut().unwrap().update_position();
    client.socket.as_mut().unwrap().update_position();
    client.lose();
    client.open(&deployment.servers[1]).await;
    // No position either before the rooms of a resumed client are known.
    client.socket.as_mut().unwrap().update_position();
    client.read_all();
    assert_eq!(client.of_type("position").count(), 0);
    deployment.settle().await;
    client.read_all();
    assert_eq!(client.texts(), ["one"]);
}

#[tokio::test]
async fn quiet_client_resumes_from_a_position_that_is_older_than_the_window() {
    let (mut deployment, mut client) = joined().await;
    client.socket.as_mut().unwrap().update_position();
    client.read_all();
    client.socket = None;
    deployment.settle().await;
    pass(&mut deployment, WINDOW * 2).await;
    tell_room(&mut deployment, &["one"]).await;
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    client.read_all();
    assert!(was_resumed(&client));
    assert_eq!(client.texts(), ["one"]);
}

#[tokio::test]
async fn client_that_comes_back_too_late_is_told_that_lines_are_gone() {
    let (mut deployment, mut client) = joined().await;
    client.lose();
    tell_room(&mut deployment, &["one"]).await;
    pass(&mut deployment, WINDOW + Duration::from_secs(1)).await;
    tell_room(&mut deployment, &["two"]).await;
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    client.read_all();
    assert!(!was_resumed(&client));
    assert_eq!(client.texts(), ["two"]);
}

#[rstest]
#[case::unknown("zzz")]
#[case::empty("")]
#[case::of_redis("99999999999999-0")]
#[case::huge(&"9".repeat(10_000))]
#[tokio::test]
async fn foreign_position_gives_what_is_there_and_says_so(#[case] last: &str) {
    let (mut deployment, mut client) = joined().await;
    tell_room(&mut deployment, &["one"]).await;
    client.lose();
    client.last = Some(last.to_owned());
    client.open(&deployment.servers[1]).await;
    deployment.settle().await;
    client.read_all();
    assert!(!was_resumed(&client));
    assert_eq!(client.texts(), ["one"]);
}

#[tokio::test]
async fn lines_of_a_room_are_seen_from_the_subscription_to_its_end_only() {
    let (mut deployment, mut client) = joined().await;
    client.say("leave a", "2").await;
    deployment.settle().await;
    tell_room(&mut deployment, &["while away"]).await;
    client.say("join a", "3").await;
    deployment.settle().await;
    tell_room(&mut deployment, &["back"]).await;
    client.read_all();
    let beginning = client.of_type("welcome").next().unwrap()["id"].clone();
    client.received.clear();
    client.last = beginning.as_str().map(str::to_owned);
    client.open(&deployment.servers[1]).await;
    deployment.settle().await;
    client.read_all();
    assert_eq!(client.texts(), ["back"]);
}

#[tokio::test]
async fn close_of_an_earlier_connection_does_not_close_the_next() {
    let (mut deployment, mut client) = joined().await;
    client.say("close", "2").await;
    deployment.settle().await;
    client.read_all();
    assert_eq!(client.closes, [4403]);
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    client.read_all();
    assert_eq!(client.closes, [4403]);
    client.say("end a", "3").await;
    deployment.settle().await;
    client.read_all();
    assert_eq!(client.closes, [4403, 4410]);
}

#[tokio::test]
async fn message_that_is_sent_again_under_its_id_is_handled_once() {
    let (mut deployment, mut client) = joined().await;
    client.say("me hello", "2").await;
    client.lose();
    client.open(&deployment.servers[1]).await;
    client.say("me hello", "2").await;
    deployment.settle().await;
    client.read_all();
    assert_eq!(client.texts(), ["hello"]);
    assert_eq!(client.of_type("ack").last().unwrap()["ref"], "2");
}
