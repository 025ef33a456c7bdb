//! What those who look are told, and when.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use crosswire::model::clock::{Clock as _, SystemClock};
use crosswire::stores::redis::{Redis, RedisConfig};
use crosswire::tester::{Board, Record};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

use super::{ANNA, BEN, TOPICS, chatting, dev, post, send, silent};
use crate::support::{Deployment, Event, Live, PATIENCE, Setup};

fn ids(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter(|one| one.name == "message")
        .map(|one| one.id.as_deref().unwrap())
        .collect()
}

/// How long a record was on its way to who looks.
fn delay(event: &Event) -> TimeDelta {
    let published: DateTime<Utc> = event.data["at"].as_str().unwrap().parse().unwrap();
    event.at - published
}

#[rstest]
#[case::embedded(Setup::dev(TOPICS).embedded())]
#[case::redis(Setup::dev(TOPICS).own_redis())]
#[case::apart(Setup::new(TOPICS).own_redis().env("ADMIN_TOKEN", "5f0c1e9a7b3d2846"))]
#[tokio::test]
async fn a_chat_is_seen_by_everybody_who_looks_while_it_happens(#[case] setup: Setup) {
    let deployment = silent(setup.start().await.with_bearer("5f0c1e9a7b3d2846"));
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
        assert!(seen[0].is("in", from, &text), "{seen:?}");
        slowest = seen.iter().chain(&seen_too).map(delay).max().unwrap().max(slowest);
    }
    println!("the slowest of them all was on its way for {} ms", slowest.num_milliseconds());
    assert!(slowest < TimeDelta::seconds(1), "{slowest}");
}

#[rstest]
#[case::embedded(Setup::dev(TOPICS).embedded())]
#[case::redis(Setup::dev(TOPICS).own_redis())]
#[tokio::test]
async fn whoever_comes_back_is_told_what_they_missed_and_nothing_else(#[case] setup: Setup) {
    let deployment = silent(setup.start().await);
    let mut watched = Live::open(&deployment, None).await;
    let greeting = watched.until_ready().await;
    assert_eq!(greeting[0].name, "reset");
    send(&deployment, "strict", ANNA, &["echo one"]).await;
    watched.until_arrived(ANNA, "one").await;
    let mut left = Live::open(&deployment, None).await;
    let seen = left.until_ready().await;
    let last = seen.last().unwrap().id.clone().expect("it says where it stands");
    assert_eq!(ids(&seen).last(), Some(&last.as_str()));
    drop(left);
    send(&deployment, "strict", ANNA, &["echo two"]).await;
    let missed = watched.until_arrived(ANNA, "two").await;
    let mut back = Live::open(&deployment, Some(&last)).await;
    let told = back.until_ready().await;
    assert!(told.iter().all(|event| event.name != "reset"), "{told:?}");
    assert_eq!(ids(&told), ids(&missed));
    for unknown in ["nowhere", "1-0", "99999999999999-0", "", "77"] {
        let mut stranger = Live::open(&deployment, Some(unknown)).await;
        let told = stranger.until_ready().await;
        assert_eq!(told[0].name, "reset", "{unknown}");
        assert_eq!(told[0].id.as_deref(), Some(""), "a browser forgets where it was");
        assert_eq!(ids(&told).len(), ids(&seen).len() + ids(&missed).len(), "{unknown}");
    }
}

#[tokio::test]
async fn what_is_cleared_is_cleared_for_everybody_and_of_one_phone_alone() {
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

/// Whose messages are shown to whoever comes now.
async fn numbers(deployment: &Deployment) -> Vec<Value> {
    let told = Live::open(deployment, None).await.until_ready().await;
    let messages = told.iter().filter(|event| event.name == "message");
    messages.map(|event| event.data["number"].clone()).collect()
}

#[tokio::test]
async fn a_trouble_is_told_to_who_looks_and_to_who_comes_later() {
    let deployment = silent(Setup::dev(TOPICS).own_redis().start().await);
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    let theirs = json!({ "number": ANNA, "trouble": "opted_out" });
    let everybodys = json!({ "trouble": "slow" });
    for trouble in [&theirs, &everybodys] {
        assert_eq!(post(&deployment, "/tester/trouble", trouble).await.status, 204);
        let told = live.until(|event| event.name == "trouble").await.pop().unwrap();
        assert_eq!(&told.data, trouble);
    }
    let ready = Live::open(&deployment, None).await.until_ready().await.pop().unwrap();
    assert_eq!(ready.data, json!([theirs, everybodys]));
    // Injected by another process of the deployment's.
    let injected = serde_json::from_value(json!({ "trouble": "none" })).unwrap();
    board(&deployment).await.inject(&injected).await.unwrap();
    let told = live.until(|event| event.name == "trouble").await.pop().unwrap();
    assert_eq!(told.data, json!({ "trouble": "none" }));
    let ready = Live::open(&deployment, None).await.until_ready().await.pop().unwrap();
    assert_eq!(ready.data, json!([theirs]));
}

async fn board(deployment: &Deployment) -> Board {
    let url = deployment.redis().url().into();
    let store = Redis::connect(RedisConfig { url, verify_tls: true, wait_replicas: 0 }).await;
    Board::new(Arc::new(store.unwrap()), Arc::new(SystemClock))
}

#[tokio::test]
async fn who_does_not_read_holds_up_nobody_and_is_told_to_begin_again() {
    let deployment = Setup::dev(TOPICS).own_redis().start().await;
    let mut asleep = TcpStream::connect((Ipv4Addr::LOCALHOST, deployment.port())).unwrap();
    asleep.set_read_timeout(Some(PATIENCE)).unwrap();
    asleep.write_all(b"GET /tester/live HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut beginning = [0; 512];
    assert!(asleep.read(&mut beginning).unwrap() > 0);
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    let board = board(&deployment).await;
    // More than the two ends of a connection and the hub together keep for anybody.
    let long = "long ".repeat(4_000);
    for number in 0..1500 {
        board.add(&record(number, &long)).await.unwrap();
        let told = live.until(|event| event.name == "message").await.pop().unwrap();
        assert_eq!(told.data["id"], format!("TM{number}"));
    }
    let told = String::from_utf8(rest(asleep)).unwrap();
    assert!(told.contains("event: reset\nid:\n"), "it began in the middle");
    assert!(!told.contains("\"TM1499\""));
}

/// Everything up to the end, which must come soon.
fn rest(mut stream: TcpStream) -> Vec<u8> {
    let (start, mut told, mut piece) = (Instant::now(), Vec::new(), [0; 8192]);
    while start.elapsed() < PATIENCE {
        match stream.read(&mut piece).expect("something comes, if only the end") {
            0 => return told,
            length => told.extend_from_slice(&piece[..length]),
        }
    }
    panic!("the stream has not ended after {PATIENCE:?}")
}

fn record(number: usize, text: &str) -> Record {
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
async fn whoever_comes_while_much_happens_misses_nothing_and_hears_nothing_twice() {
    let deployment = Setup::dev(TOPICS).own_redis().start().await;
    let board = board(&deployment).await;
    let happen = async {
        for number in 0..1000 {
            board.add(&record(number, "much")).await.unwrap();
        }
    };
    let all: Vec<Value> = (0..1000).map(|number| json!(format!("TM{number}"))).collect();
    let look = |nth: u64| {
        let (deployment, all) = (&deployment, &all);
        async move {
            // One after the other, while it goes on.
            tokio::time::sleep(Duration::from_millis(5 * nth)).await;
            let mut live = Live::open(deployment, None).await;
            let mut told = live.until(|event| event.data["id"] == "TM999").await;
            told.retain(|event| event.name == "message");
            let told: Vec<Value> = told.iter().map(|event| event.data["id"].clone()).collect();
            assert_eq!(&told, all);
        }
    };
    tokio::join!(happen, join_all((0..40).map(look)));
}

#[tokio::test]
async fn an_open_stream_does_not_hold_a_process_that_stops() {
    let deployment = dev().await;
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    // A browser keeps connections for its next calls as well.
    send(&deployment, "strict", ANNA, &["echo stop now"]).await;
    live.until_arrived(ANNA, "stop now").await;
    assert!(deployment.stop_web(Duration::from_secs(5)), "{}", deployment.logs());
    let end = tokio::time::timeout(PATIENCE, live.next()).await;
    assert!(end.is_ok_and(|event| event.is_none()), "the stream has come to its end");
}

#[tokio::test]
async fn a_stream_goes_on_when_the_store_is_back() {
    let deployment = silent(Setup::dev(TOPICS).own_redis().start().await);
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
