//! Connections that are opened and left: idle ones, and requests that never end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use rstest::rstest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::ROULETTE;
use crate::support::{Deployment, PATIENCE, Setup};

/// More connections than a process of the usual limit can have open files.
const CONNECTIONS: u16 = 1100;
const OPEN_FILES: u32 = 1024;

/// Half-sent requests: without a cap they would take 400 MB.
const HALF_SENT_REQUESTS: u16 = 3000;

/// The largest request without an end whose headers the server still reads.
const HALF_SENT: usize = 120_000;

/// Opens connections from so many addresses of this machine in turn, and sends the same bytes on
/// each. A connection that the server refuses is kept too.
async fn flood(deployment: &Deployment, count: u16, addresses: u8, bytes: &[u8]) -> Vec<TcpStream> {
    let server = SocketAddr::from((Ipv4Addr::LOCALHOST, deployment.port()));
    let mut connections = Vec::new();
    for number in 0..count {
        let last = u8::try_from(number % u16::from(addresses)).unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 1, last + 1), 0).into()).unwrap();
        let connecting = tokio::time::timeout(PATIENCE, socket.connect(server)).await;
        let mut connection = connecting.expect("the server accepts, or refuses").unwrap();
        // The server may close the connection before it has read all.
        let _ = tokio::time::timeout(PATIENCE, connection.write_all(bytes)).await;
        connections.push(connection);
    }
    connections
}

/// Returns the status of a health check from an address that has no other connection.
async fn health_from_elsewhere(deployment: &Deployment) -> reqwest::Result<u16> {
    let client = reqwest::Client::builder()
        .local_address(IpAddr::from([127, 0, 0, 2]))
        .timeout(Duration::from_secs(10))
        .build()?;
    let response = client.get(deployment.url("/healthz")).send().await?;
    Ok(response.status().as_u16())
}

#[rstest]
#[case::of_one_address(1)]
#[case::of_many_addresses(50)]
#[tokio::test]
async fn idle_connections_leave_room_for_other_clients(#[case] addresses: u8) {
    let deployment = Setup::new(ROULETTE).open_files(OPEN_FILES).start().await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut connections = flood(&deployment, CONNECTIONS, addresses, request).await;
    let mut answered = 0;
    for connection in &mut connections {
        let mut answer = [0; 12];
        let read = tokio::time::timeout(PATIENCE, connection.read_exact(&mut answer)).await;
        answered += u32::from(read.expect("answered or refused").is_ok());
    }
    assert!(answered > 0, "connections below the caps are served");
    assert_eq!(health_from_elsewhere(&deployment).await.unwrap(), 200);
    drop(connections);
    deployment.wait_ready().await;
}

#[tokio::test]
async fn half_sent_requests_take_bounded_memory() {
    let deployment = Setup::new(ROULETTE).start().await;
    let before = deployment.web_peak_memory();
    let mut request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Filler: ".to_vec();
    request.resize(HALF_SENT, b'a');
    let connections = flood(&deployment, HALF_SENT_REQUESTS, 1, &request).await;
    assert_eq!(health_from_elsewhere(&deployment).await.unwrap(), 200);
    let grown = deployment.web_peak_memory() - before;
    assert!(deployment.logs().contains("connections refused"), "{}", deployment.logs());
    assert!(grown < 200 << 20, "{} MiB for {} requests", grown >> 20, connections.len());
}
