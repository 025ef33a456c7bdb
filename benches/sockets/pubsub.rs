//! Bare limit: Redis' pub/sub between two connections of one process.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use crate::figures::Latencies;

/// Connects without a limit of time, so that a busy machine makes a figure worse and nothing fail.
pub(crate) async fn connect(client: &redis::Client) -> MultiplexedConnection {
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// Measures the time from a publish to its arrival, at a steady rate.
pub(crate) async fn measure(url: &str, rate: u32, time: Duration) {
    let client = redis::Client::open(url).unwrap();
    let mut subscriber = client.get_async_pubsub().await.unwrap();
    subscriber.subscribe("bare").await.unwrap();
    let mut publisher = connect(&client).await;
    let count = (time.as_secs() * u64::from(rate)) as usize;
    let begin = Instant::now() + Duration::from_millis(100);
    let due = move |n: usize| begin + Duration::from_secs(1) * n as u32 / rate;
    let publishing = tokio::spawn(async move {
        for n in 0..count {
            tokio::time::sleep_until(due(n).into()).await;
            let mut publish = redis::cmd("PUBLISH");
            publish.arg("bare").arg("x".repeat(100));
            let () = publish.query_async(&mut publisher).await.unwrap();
        }
    });
    let mut messages = subscriber.on_message();
    let mut latencies = Vec::with_capacity(count);
    for n in 0..count {
        messages.next().await.unwrap();
        latencies.push(Instant::now().duration_since(due(n)));
    }
    publishing.await.unwrap();
    println!("{count} messages of Redis' pub/sub at {rate} /s, without sockets:");
    Latencies::new(latencies).print();
}
