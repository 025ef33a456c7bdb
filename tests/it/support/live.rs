//! A client of the tester's live stream.

use chrono::{DateTime, Utc};
use crosswire::model::clock::{Clock as _, SystemClock};
use serde_json::Value;

use super::{Deployment, PATIENCE};

/// A server-sent event, with the time of its arrival.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
    pub(crate) at: DateTime<Utc>,
}

/// An open stream of the board.
pub(crate) struct Live {
    response: reqwest::Response,
    unread: Vec<u8>,
}

impl Live {
    /// Opens a stream behind the event `last`, or from the beginning.
    pub(crate) async fn open(deployment: &Deployment, last: Option<&str>) -> Self {
        let call = deployment.call("GET", "/tester/live");
        let call = last.into_iter().fold(call, |call, last| call.header("Last-Event-ID", last));
        // The stream stays open for the whole test.
        let response = call.timeout(10 * PATIENCE).send().await.unwrap();
        assert_eq!(response.status(), 200);
        Self { response, unread: Vec::new() }
    }

    /// Returns the next event, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                // Comments only keep the connection open.
                if let Some(event) = parse(str::from_utf8(&event).unwrap()) {
                    return Some(event);
                }
            }
            let piece = self.response.chunk().await.ok()??;
            self.unread.extend_from_slice(&piece);
        }
    }

    /// Returns all events up to the first one that meets a condition.
    pub(crate) async fn until(&mut self, mut is_last: impl FnMut(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        let read = async {
            loop {
                let event = self.next().await.expect("the stream goes on");
                events.push(event.clone());
                if is_last(&event) {
                    return;
                }
            }
        };
        let read = tokio::time::timeout(PATIENCE, read).await;
        assert!(read.is_ok(), "no such event after {PATIENCE:?}: {events:#?}");
        events
    }

    /// Returns all past events, up to `ready`.
    pub(crate) async fn until_ready(&mut self) -> Vec<Event> {
        self.until(|event| event.name == "ready").await
    }

    /// Returns all events until a text is delivered to a phone.
    pub(crate) async fn until_arrived(&mut self, number: &str, text: &str) -> Vec<Event> {
        self.until(|event| event.is("out", number, text) && event.data["state"] == "delivered")
            .await
    }
}

impl Event {
    /// Compares direction, number and text of a message.
    pub(crate) fn is(&self, kind: &str, number: &str, text: &str) -> bool {
        self.data["kind"] == kind && self.data["number"] == number && self.data["text"] == text
    }
}

/// Parses an event. Returns `None` for a comment.
fn parse(lines: &str) -> Option<Event> {
    let mut event =
        Event { name: "message".to_owned(), id: None, data: Value::Null, at: SystemClock.now() };
    for line in lines.trim_end().lines() {
        let (field, value) = line.split_once(':').expect("every line has a colon");
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => return None,
            "event" => value.clone_into(&mut event.name),
            "id" => event.id = Some(value.to_owned()),
            "data" => event.data = serde_json::from_str(value).expect("data is JSON on one line"),
            other => panic!("there is no field {other}"),
        }
    }
    Some(event)
}
