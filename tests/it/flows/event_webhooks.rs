//! Event webhooks of real processes: every event once by its id, whatever happens to the receiver and
//! to the worker.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crosswire::http_client::SigningKey;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::Value;

use crate::support::twilio::Delivery;
use crate::support::{AppRequest, Behaviour, Deployment, FakeApp, PATIENCE, Setup, poll};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn topics(receiver: &FakeApp) -> String {
    format!(
        "[topics.chat]\nhandler = \"echo\"\naccept_response = \"\"\nsending.timeout = \"1s\"\n\
         sending.connect_timeout = \"1s\"\n[topics.chat.events]\nurl = \"{}\"\n\
         secret_env = \"EVENTS_SECRET\"\nallow_private = true\n",
        receiver.url()
    )
}

async fn deploy(receiver: &FakeApp) -> Deployment {
    let setup = Setup::new(&topics(receiver)).own_redis().env("EVENTS_SECRET", SECRET);
    let deployment = setup.start().await;
    deployment.keep_secret(SECRET);
    deployment
}

fn ok() -> Behaviour {
    Behaviour::Status(204)
}

/// Bodies of the events that were taken, by their ids.
fn by_id(requests: &[AppRequest]) -> BTreeMap<String, Value> {
    requests.iter().map(|request| (request.id().to_owned(), request.json())).collect()
}

fn kinds(events: &BTreeMap<String, Value>) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.values().filter_map(|event| event["type"].as_str()).collect();
    kinds.sort_unstable();
    kinds
}

#[tokio::test]
async fn life_of_a_message_is_reported_signed_and_without_events_of_events() {
    let receiver = FakeApp::start(|_, _| ok());
    let deployment = deploy(&receiver).await;
    deployment.twilio().report(Delivery::Delivered);
    let phone = deployment.phone("+14155550101", "/queue/chat");
    phone.text("echo good morning").await;
    phone.wait_for(1).await;
    let requests = receiver.wait_for(3);
    let events = by_id(&requests);
    assert_eq!(kinds(&events), ["delivered", "received", "sent"]);
    let key = SigningKey::parse(&SecretString::from(SECRET)).unwrap();
    for request in &requests {
        let at = request.headers["webhook-timestamp"].parse().unwrap();
        let signature = key.sign(request.id(), at, &request.body);
        assert_eq!(request.headers["webhook-signature"], signature);
        assert_eq!(request.json()["id"], request.id());
    }
    let data = |kind: &str| &events.values().find(|event| event["type"] == kind).unwrap()["data"];
    assert_eq!(data("received")["text"], "echo good morning");
    assert_eq!(data("sent")["text"], "good morning");
    assert_eq!(data("sent")["answers"], data("received")["message"]);
    assert_eq!(data("delivered")["message"], data("sent")["message"]);
    let shown = deployment.crosswire(&["events", "--topic", "chat"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(!shown.contains("evt_"), "{shown}");
}

#[tokio::test]
async fn message_that_cannot_be_sent_is_reported_as_failed() {
    let receiver = FakeApp::start(|_, _| ok());
    let deployment = deploy(&receiver).await;
    // A magic number of the provider: its owner has opted out.
    let phone = deployment.phone("+15005550004", "/queue/chat");
    phone.text("ping").await;
    let events = by_id(&receiver.wait_for(2));
    assert_eq!(kinds(&events), ["failed", "received"]);
    let failed = events.values().find(|event| event["type"] == "failed").unwrap();
    assert!(failed["data"]["reason"].as_str().unwrap().contains("21610"), "{failed}");
}

#[rstest]
#[case::server_error(Behaviour::Status(500))]
#[case::throttled(Behaviour::Status(429))]
#[case::hangs(Behaviour::Hang)]
#[case::closes(Behaviour::Close)]
#[tokio::test]
async fn events_survive_an_outage_of_the_receiver_and_a_killed_worker(#[case] outage: Behaviour) {
    const TEXTS: usize = 10;
    let is_away = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&is_away);
    let receiver =
        FakeApp::start(move |_, _| if seen.load(Ordering::SeqCst) { outage.clone() } else { ok() });
    let deployment = deploy(&receiver).await;
    deployment.twilio().report(Delivery::Delivered);
    for number in 0..TEXTS {
        let phone = deployment.phone(&format!("+141555501{number:02}"), "/queue/chat");
        phone.text("ping").await;
        // The outage holds up no person.
        assert_eq!(phone.wait_for(1).await, ["pong"]);
    }
    receiver.wait_for(1);
    deployment.kill_worker(0);
    let before = receiver.requests().len();
    is_away.store(false, Ordering::SeqCst);
    deployment.start_worker(0);
    let all = || {
        let taken = by_id(&receiver.requests()[before..]);
        (taken.len() >= 3 * TEXTS).then_some(taken)
    };
    let events = poll(3 * PATIENCE, all);
    let events = events.unwrap_or_else(|| panic!("{:?}", kinds(&by_id(&receiver.requests()))));
    for kind in ["received", "sent", "delivered"] {
        assert_eq!(kinds(&events).iter().filter(|known| **known == kind).count(), TEXTS, "{kind}");
    }
    let messages: BTreeSet<&str> = events
        .values()
        .filter(|event| event["type"] == "sent")
        .filter_map(|event| event["data"]["message"].as_str())
        .collect();
    assert_eq!(messages.len(), TEXTS);
}
