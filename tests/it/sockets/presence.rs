//! Presence: the handler knows which sessions are connected, whatever becomes of their processes.

use std::time::Duration;

use crosswire::contracts::storage::QueueKind;
use crosswire::contracts::transport::socket::HEARTBEAT;
use crosswire::model::address::Address;
use crosswire::model::connection::{Connection, ConnectionChange};
use crosswire::model::state::Write;

use super::client::Client;
use super::deployment::Deployment;
use super::probe::Probe;
use crate::support::memory_topic::MemoryTopic;

const SETTINGS: &str = "max_sockets_per_address = 1000";
const BEAT: Duration = Duration::from_secs(3);
/// Time just before the end of a heartbeat.
const JUST_BEFORE: Duration = Duration::from_millis(9_999);

fn deployment() -> Deployment {
    Deployment::embedded(SETTINGS)
}

/// Moves the clock with regular beats of these processes.
async fn beat(deployment: &mut Deployment, servers: &[usize], beats: u32) {
    for _ in 0..beats {
        for server in servers {
            deployment.servers[*server].beat_once().await;
        }
        deployment.advance(BEAT).await;
    }
}

#[tokio::test]
async fn session_is_connected_from_its_hello_to_its_close() {
    let (mut deployment, mut client) = (deployment(), Client::default());
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    assert_eq!(deployment.here().await, 1);
    beat(&mut deployment, &[0, 1], 10).await;
    assert_eq!(deployment.here().await, 1);
    drop(client);
    deployment.settle().await;
    assert_eq!((deployment.here().await, deployment.total("closed").await), (0, 1));
}

#[tokio::test]
async fn sessions_of_a_lost_process_are_disconnected_after_one_heartbeat() {
    let mut deployment = deployment();
    let mut clients: Vec<Client> = (0..250).map(|_| Client::default()).collect();
    for client in &mut clients {
        client.open(&deployment.servers[0]).await;
    }
    deployment.settle().await;
    assert_eq!(deployment.here().await, 250);
    deployment.lose(0);
    clients.iter_mut().for_each(Client::lose);
    deployment.advance(JUST_BEFORE).await;
    assert_eq!(deployment.here().await, 250);
    deployment.advance(Duration::from_millis(1)).await;
    assert_eq!((deployment.here().await, deployment.total("lost").await), (0, 250));
}

#[tokio::test]
async fn connection_that_is_handled_after_the_loss_of_its_process_is_disconnected() {
    let (mut deployment, mut client) = (deployment(), Client::default());
    client.open(&deployment.servers[0]).await;
    client.lose();
    deployment.lose(0);
    // The wake of the process overtakes the connection, which waits for its worker.
    deployment.hold(QueueKind::Inbound).await;
    deployment.manual.as_ref().unwrap().advance(HEARTBEAT);
    while deployment.work(0, 0).await {}
    assert_eq!(deployment.total("connected").await, 0);
    deployment.settle().await;
    assert_eq!(deployment.total("connected").await, 1);
    assert_eq!((deployment.here().await, deployment.total("lost").await), (0, 1));
}

#[tokio::test]
async fn session_that_came_back_elsewhere_outlives_the_loss_of_its_first_process() {
    let (mut deployment, mut client) = (deployment(), Client::default());
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    client.read_all();
    deployment.lose(0);
    client.lose();
    client.open(&deployment.servers[1]).await;
    deployment.settle().await;
    beat(&mut deployment, &[1], 10).await;
    assert_eq!((deployment.here().await, deployment.total("lost").await), (1, 0));
    client.read_all();
    assert!(client.closes.is_empty(), "{:?}", client.closes);
}

#[tokio::test]
async fn newer_connection_replaces_the_older_one_and_no_other() {
    for servers in [[0, 1, 0], [0, 0, 1], [1, 0, 0]] {
        let (mut deployment, mut client) = (deployment(), Client::default());
        client.open(&deployment.servers[servers[0]]).await;
        deployment.settle().await;
        client.read_all();
        let (session, last) = (client.session.clone(), client.last.clone());
        let mut second = Client { session, last, ..Client::default() };
        let mut third = Client { session: second.session.clone(), ..Client::default() };
        second.open(&deployment.servers[servers[1]]).await;
        while deployment.work(0, 0).await {}
        // The notice for the first connection is still on its way.
        third.open(&deployment.servers[servers[2]]).await;
        deployment.settle().await;
        [&mut client, &mut second, &mut third].into_iter().for_each(Client::read_all);
        assert_eq!((&client.closes[..], &second.closes[..]), (&[4409][..], &[4409][..]));
        assert!(third.closes.is_empty(), "{servers:?} {:?}", third.closes);
        deployment.settle().await;
        assert_eq!(deployment.here().await, 1);
    }
}

#[tokio::test]
async fn late_heartbeat_closes_every_socket_and_the_next_ones_stay() {
    let (mut deployment, mut client) = (deployment(), Client::default());
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    client.read_all();
    deployment.advance(HEARTBEAT).await;
    assert_eq!(deployment.here().await, 0);
    // The next beat comes with another client's hello.
    let mut other = Client::default();
    assert_eq!(other.open_with(&deployment.servers[0], json()).await.unwrap_err().code.0, 1013);
    client.read_all();
    assert_eq!(client.closes, [1013]);
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    beat(&mut deployment, &[0], 10).await;
    client.read_all();
    assert_eq!((client.closes.len(), deployment.here().await), (1, 1));
}

fn json() -> serde_json::Value {
    serde_json::json!({})
}

#[tokio::test]
async fn beat_just_in_time_keeps_the_sockets() {
    let (mut deployment, mut client) = (deployment(), Client::default());
    client.open(&deployment.servers[0]).await;
    deployment.settle().await;
    for _ in 0..3 {
        deployment.advance(JUST_BEFORE).await;
        deployment.servers[0].beat_once().await;
    }
    deployment.settle().await;
    client.read_all();
    assert_eq!((client.closes.len(), deployment.here().await), (0, 1));
}

#[test]
fn connection_that_was_closed_before_it_was_opened_is_never_connected() {
    let mut topic = MemoryTopic::new(Probe);
    let address = Address::new("websocket", "0123", "topic");
    let connection = Connection::new(address.clone(), "c1", "p1");
    topic.change_connection(ConnectionChange::Closed { address: address.clone(), id: "c1".into() });
    topic.change_connection(ConnectionChange::Opened(Box::new(connection)));
    let group = topic.group(&address);
    for _ in 0..2 {
        topic.begin(&group);
        let done = topic.commit(&group).unwrap();
        let is_insert = |write: &Write| matches!(write, Write::Insert { .. });
        assert!(!done.effects.writes.iter().any(is_insert), "{:?}", done.effects);
    }
    assert_eq!(topic.sent, []);
}
