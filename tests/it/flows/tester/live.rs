//! The live stream of the board.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::model::clock::{Clock as _, SystemClock};
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::tester::{Board, BoardEntry};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use super::{ANNA, BEN, TOPICS, chatting, dev, post, send, without_numbers_in_logs};
use crate::support::{Deployment, Event, Live, PATIENCE, Setup};

/// Admin token of the deployment with separate processes.
const TOKEN: &str = "s8Kq2vXw5TnB7hLd";

fn ids(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter(|one| one.name == "message")
        .map(|one| one.id.as_deref().unwrap())
        .collect()
}

/// Time between the date of an entry and its arrival in a stream.
fn latency(event: &Event) -> TimeDelta {
    let published: DateTime<Utc> = event.data["at"].as_str().unwrap().parse().unwrap();
    event.at - published
}

#[rstest]
#[case::embedded(Setup::dev(TOPICS).embedded())]
#[case::redis(Setup::dev(TOPICS).own_redis())]
#[case::apart(Setup::new(TOPICS).own_redis().env("ADMIN_TOKEN", TOKEN))]
#[tokio::test]
async fn chat_reaches_all_streams_within_a_second(#[case] setup: Setup) {
    let deployment = without_numbers_in_logs(setup.start().await.with_bearer(TOKEN));
    let mut one = chatting(&deployment).await;
    let mut other = Live::open(&deployment, None).await;
    other.until_ready().await;
    let mut slowest = TimeDelta::zero();
    for number in 0..20 {
        let (from, to) = if number % 2 == 0 { (ANNA, BEN) } else { (BEN, ANNA) };
        let text = format!("line {number}");
        send(&deployment, "roulette", from, &[&text]).await;
        let relayed = format!("Stranger: {text}");
        let seen = one.until_arrived(to, &relayed).await;
        let seen_too = other.until_arrived(to, &relayed).await;
        assert_eq!(ids(&seen), ids(&seen_too));
        // The `handled` of an earlier text may come after its delivery.
        let is_of_text = |event: &&Event| {
            event.data["text"].as_str().is_some_and(|shown| shown.ends_with(&text))
        };
        let first = seen.iter().find(is_of_text).expect("the text is in the stream");
        assert!(first.is("in", from, &text), "{seen:?}");
        slowest = seen.iter().chain(&seen_too).map(latency).max().unwrap().max(slowest);
    }
    println!("slowest update: {} ms", slowest.num_milliseconds());
    assert!(slowest < TimeDelta::seconds(1), "{slowest}");
}

#[rstest]
#[case::embedded(Setup::dev(TOPICS).embedded())]
#[case::redis(Setup::dev(TOPICS).own_redis())]
#[tokio::test]
async fn resumed_stream_gets_the_missed_entries_only(#[case] setup: Setup) {
    let deployment = without_numbers_in_logs(setup.start().await);
    let mut watched = Live::open(&deployment, None).await;
    let greeting = watched.until_ready().await;
    assert_eq!(greeting[0].name, "reset");
    send(&deployment, "strict", ANNA, &["echo one"]).await;
    watched.until_arrived(ANNA, "one").await;
    let mut closed = Live::open(&deployment, None).await;
    let seen = closed.until_ready().await;
    let last = seen.last().unwrap().id.clone().expect("the ready event has an id");
    assert_eq!(ids(&seen).last(), Some(&last.as_str()));
    drop(closed);
    send(&deployment, "strict", ANNA, &["echo two"]).await;
    let missed = watched.until_arrived(ANNA, "two").await;
    let mut resumed = Live::open(&deployment, Some(&last)).await;
    let events = resumed.until_ready().await;
    assert!(events.iter().all(|event| event.name != "reset"), "{events:?}");
    assert_eq!(ids(&events), ids(&missed));
    for unknown in ["nowhere", "1-0", "99999999999999-0", "", "77"] {
        let mut unknown_position = Live::open(&deployment, Some(unknown)).await;
        let events = unknown_position.until_ready().await;
        assert_eq!(events[0].name, "reset", "{unknown}");
        assert_eq!(events[0].id.as_deref(), Some(""), "the browser forgets its position");
        assert_eq!(ids(&events).len(), ids(&seen).len() + ids(&missed).len(), "{unknown}");
    }
}

#[tokio::test]
async fn clearing_removes_one_number_or_all() {
    let deployment = dev().await;
    let mut live = Live::open(&deployment, None).await;
    for number in [ANNA, BEN] {
        send(&deployment, "strict", number, &["echo still here"]).await;
        live.until_arrived(number, "still here").await;
    }
    let body = json!({ "number": ANNA });
    assert_eq!(post(&deployment, "/tester/clear", &body).await.status, 204);
    let cleared = live.until(|event| event.data["kind"] == "cleared").await.pop().unwrap();
    assert_eq!(cleared.data["number"], ANNA);
    let left = numbers(&deployment).await;
    assert!(!left.is_empty() && left.iter().all(|number| number == BEN), "{left:?}");
    assert_eq!(post(&deployment, "/tester/clear", &json!({})).await.status, 204);
    let cleared = live.until(|event| event.data["kind"] == "cleared").await.pop().unwrap();
    assert_eq!(cleared.data["number"], Value::Null);
    assert_eq!(numbers(&deployment).await, Vec::<Value>::new());
}

/// Numbers of all messages in a new stream.
async fn numbers(deployment: &Deployment) -> Vec<Value> {
    let events = Live::open(deployment, None).await.until_ready().await;
    let messages = events.iter().filter(|event| event.name == "message");
    messages.map(|event| event.data["number"].clone()).collect()
}

#[tokio::test]
async fn fault_reaches_open_and_new_streams() {
    let deployment = without_numbers_in_logs(Setup::dev(TOPICS).own_redis().start().await);
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    let of_anna = json!({ "number": ANNA, "fault": "opted_out" });
    let of_all = json!({ "fault": "slow" });
    for fault in [&of_anna, &of_all] {
        assert_eq!(post(&deployment, "/tester/fault", fault).await.status, 204);
        let update = live.until(|event| event.name == "fault").await.pop().unwrap();
        assert_eq!(&update.data, fault);
    }
    let ready = Live::open(&deployment, None).await.until_ready().await.pop().unwrap();
    assert_eq!(ready.data, json!([of_anna, of_all]));
    // Injected by another process of the deployment.
    let injected = serde_json::from_value(json!({ "fault": "ok" })).unwrap();
    board(&deployment).await.inject(&injected).await.unwrap();
    let update = live.until(|event| event.name == "fault").await.pop().unwrap();
    assert_eq!(update.data, json!({ "fault": "ok" }));
    let ready = Live::open(&deployment, None).await.until_ready().await.pop().unwrap();
    assert_eq!(ready.data, json!([of_anna]));
}

async fn board(deployment: &Deployment) -> Board {
    let url = deployment.redis().url().into();
    let store = Redis::connect(RedisConfig { url, verify_tls: true, wait_replicas: 0 }).await;
    Board::new(Arc::new(store.unwrap()), Arc::new(SystemClock))
}

#[tokio::test]
async fn stalled_reader_is_reset_and_delays_no_other_stream() {
    let deployment = Setup::dev(TOPICS).own_redis().start().await;
    let mut stalled = TcpStream::connect((Ipv4Addr::LOCALHOST, deployment.port())).unwrap();
    stalled.set_read_timeout(Some(PATIENCE)).unwrap();
    stalled.write_all(b"GET /tester/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut beginning = [0; 512];
    assert!(stalled.read(&mut beginning).unwrap() > 0);
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    let board = board(&deployment).await;
    // More than the buffers of the connection and of the hub hold together.
    let long = "long ".repeat(4_000);
    for number in 0..1500 {
        board.append(&entry(number, &long)).await.unwrap();
        let update = live.until(|event| event.name == "message").await.pop().unwrap();
        assert_eq!(update.data["id"], format!("TM{number}"));
    }
    let text = String::from_utf8(read_to_end(stalled)).unwrap();
    assert!(text.contains("event: reset\nid:\n"), "the stream was reset");
    assert!(!text.contains("\"TM1499\""));
}

/// Reads a stream to its end.
fn read_to_end(mut stream: TcpStream) -> Vec<u8> {
    let (start, mut bytes, mut piece) = (Instant::now(), Vec::new(), [0; 8192]);
    while start.elapsed() < PATIENCE {
        match stream.read(&mut piece).expect("the stream goes on or ends") {
            0 => return bytes,
            length => bytes.extend_from_slice(&piece[..length]),
        }
    }
    panic!("the stream has not ended after {PATIENCE:?}")
}

fn entry(number: usize, text: &str) -> BoardEntry {
    serde_json::from_value(json!({
        "kind": "in",
        "id": format!("TM{number}"),
        "topic": "strict",
        "number": ANNA,
        "text": text,
        "at": SystemClock.now(),
        "state": "queued",
    }))
    .unwrap()
}

#[tokio::test]
async fn stream_opened_under_load_misses_and_repeats_nothing() {
    let deployment = Setup::dev(TOPICS).own_redis().start().await;
    let board = board(&deployment).await;
    let publish = async {
        for number in 0..1000 {
            board.append(&entry(number, "much")).await.unwrap();
        }
    };
    let all: Vec<Value> = (0..1000).map(|number| json!(format!("TM{number}"))).collect();
    let read = |nth: u64| {
        let (deployment, all) = (&deployment, &all);
        async move {
            // The streams open one after the other while entries are published.
            tokio::time::sleep(Duration::from_millis(5 * nth)).await;
            let mut live = Live::open(deployment, None).await;
            let mut events = live.until(|event| event.data["id"] == "TM999").await;
            events.retain(|event| event.name == "message");
            let events: Vec<Value> = events.iter().map(|event| event.data["id"].clone()).collect();
            assert_eq!(&events, all);
        }
    };
    tokio::join!(publish, join_all((0..40).map(read)));
}

#[tokio::test]
async fn open_stream_does_not_delay_shutdown() {
    let deployment = dev().await;
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    // A browser holds a kept-alive connection as well.
    send(&deployment, "strict", ANNA, &["echo stop now"]).await;
    live.until_arrived(ANNA, "stop now").await;
    assert!(deployment.stop_web(Duration::from_secs(5)), "{}", deployment.logs());
    let end = tokio::time::timeout(PATIENCE, live.next()).await;
    assert!(end.is_ok_and(|event| event.is_none()), "the stream has come to its end");
}

#[tokio::test]
async fn stream_resumes_after_a_store_outage() {
    let deployment = without_numbers_in_logs(Setup::dev(TOPICS).own_redis().start().await);
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    deployment.redis().kill9();
    for path in ["/tester", "/tester/live"] {
        let answer = deployment.get(path).await.unwrap();
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.body.starts_with("The store could not be reached. "), "{answer:?}");
    }
    let body = json!({ "topic": "strict", "number": ANNA, "messages": ["are you there"] });
    assert_eq!(post(&deployment, "/tester/send", &body).await.status, 503);
    deployment.redis().restart();
    deployment.wait_ready().await;
    send(&deployment, "strict", ANNA, &["echo back again"]).await;
    live.until_arrived(ANNA, "back again").await;
}
