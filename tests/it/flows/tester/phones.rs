//! Messages that a phone sends, and their states on the board.

use serde_json::json;

use super::super::texts::{NOT_CONNECTED, PEER_LEFT, WAIT};
use super::{ANNA, BEN, chatting, dev, post, send, without_numbers_in_logs};
use crate::support::{Event, Live, Setup};

/// Texts that were delivered to a phone, in order.
fn delivered_texts<'e>(events: &'e [Event], number: &str) -> Vec<&'e str> {
    let on_phone = |event: &&Event| {
        event.data["kind"] == "out"
            && event.data["number"] == number
            && event.data["state"] == "delivered"
    };
    events.iter().filter(on_phone).map(|event| event.data["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn two_hundred_messages_are_delivered_in_order() {
    // Without replies on acceptance between the messages.
    let topics = "[topics.echo]\nhandler = \"echo\"\naccept_response = \"\"\n";
    let deployment = without_numbers_in_logs(Setup::dev(topics).own_redis().start().await);
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    let lines: Vec<String> = (0..200).map(|number| format!("line {number}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let commands: Vec<String> = lines.iter().map(|line| format!("echo {line}")).collect();
    let body = json!({ "topic": "echo", "number": ANNA, "messages": commands });
    let call = post(&deployment, "/tester/send", &body);
    let (answer, seen) = tokio::join!(call, live.until_arrived(ANNA, "line 199"));
    assert_eq!(answer.body.matches("\"queued\"").count(), 200, "{answer:?}");
    assert_eq!(delivered_texts(&seen, ANNA), lines);
    for line in lines {
        deployment.keep_secret(line);
    }
}

#[tokio::test]
async fn rejected_message_is_shown_with_reason_and_reply() {
    let deployment = dev().await;
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    let long = "a text of more than twenty characters";
    let results = send(&deployment, "strict", ANNA, &[long]).await;
    assert_eq!(results[0]["state"], "rejected");
    let seen = live.until(|event| event.data["state"] == "rejected").await;
    let reason = seen.last().unwrap().data["reason"].as_str().unwrap();
    assert!(reason.starts_with("length: "), "{reason}");
    assert_eq!(delivered_texts(&seen, ANNA), ["Too long, or nothing at all."]);
    // The page passes an empty text on: the topic's validators decide.
    assert_eq!(send(&deployment, "strict", ANNA, &[""]).await[0]["state"], "rejected");
}

#[tokio::test]
async fn redelivered_message_is_a_duplicate() {
    let deployment = dev().await;
    let mut live = chatting(&deployment).await;
    let first = send(&deployment, "roulette", ANNA, &["only once"]).await.remove(0);
    live.until_arrived(BEN, "Stranger: only once").await;
    let again = post(&deployment, "/tester/again", &json!({ "id": first["id"] })).await;
    let again: serde_json::Value = serde_json::from_str(&again.body).unwrap();
    assert_eq!(again, json!({ "id": first["id"], "state": "duplicate" }));
    send(&deployment, "roulette", ANNA, &["the next one"]).await;
    let seen = live.until_arrived(BEN, "Stranger: the next one").await;
    assert_eq!(delivered_texts(&seen, BEN), ["Stranger: the next one"]);
    let body = json!({ "id": "TM0" });
    assert_eq!(post(&deployment, "/tester/again", &body).await.status, 404);
    post(&deployment, "/tester/clear", &json!({})).await;
    let body = json!({ "id": first["id"] });
    assert_eq!(post(&deployment, "/tester/again", &body).await.status, 404, "it was cleared");
}

#[tokio::test]
async fn undeliverable_fault_ends_the_chat() {
    let deployment = dev().await;
    let mut live = chatting(&deployment).await;
    let fault = json!({ "number": BEN, "fault": "undeliverable" });
    assert_eq!(post(&deployment, "/tester/fault", &fault).await.status, 204);
    send(&deployment, "roulette", ANNA, &["can you hear me"]).await;
    let seen = live.until_arrived(ANNA, PEER_LEFT).await;
    let failed = seen.iter().find(|event| event.data["state"] == "failed").unwrap();
    assert!(failed.is("out", BEN, "Stranger: can you hear me"), "{failed:?}");
    assert!(failed.data["reason"].as_str().unwrap().contains("21614"), "{failed:?}");
    send(&deployment, "roulette", ANNA, &["is anybody there"]).await;
    live.until_arrived(ANNA, NOT_CONNECTED).await;
}

#[tokio::test]
async fn pictures_belong_to_the_first_message() {
    let topics = "[topics.echo]\nhandler = \"echo\"\naccept_response = \"\"\n";
    let deployment = without_numbers_in_logs(Setup::dev(topics).embedded().start().await);
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    let media = json!([
        { "url": "https://example.com/a.png", "content_type": "image/png" },
        { "url": "data:image/gif;base64,R0lGODlhAQABAAAAACw=", "content_type": "image/gif" },
    ]);
    let body = json!({ "topic": "echo", "number": ANNA, "messages": ["", ""], "media": media });
    assert_eq!(post(&deployment, "/tester/send", &body).await.status, 400, "blank among others");
    let body =
        json!({ "topic": "echo", "number": ANNA, "messages": ["one", "two"], "media": media });
    assert_eq!(post(&deployment, "/tester/send", &body).await.status, 200);
    let seen = live.until(|event| event.is("in", ANNA, "two")).await;
    let first = seen.iter().find(|event| event.is("in", ANNA, "one")).unwrap();
    assert_eq!(first.data["media"], media);
    assert_eq!(seen.last().unwrap().data["media"], json!(null));
}

#[tokio::test]
async fn exported_script_passes() {
    let deployment = dev().await;
    let mut live = Live::open(&deployment, None).await;
    live.until_ready().await;
    send(&deployment, "roulette", "24680", &["connect"]).await;
    live.until_arrived("24680", WAIT).await;
    post(&deployment, "/tester/clear", &json!({})).await;
    send(&deployment, "strict", ANNA, &["echo\nheard of it"]).await;
    live.until_arrived(ANNA, "heard of it").await;
    let answer = deployment.get("/tester/script").await.unwrap();
    assert!(answer.content_type().starts_with("text/plain"), "{answer:?}");
    assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"crosswire.script\"");
    assert!(answer.body.contains(&format!("{ANNA} < heard of it")), "{}", answer.body);
    assert!(!answer.body.contains("24680"), "it was cleared: {}", answer.body);
    let file = deployment.dir().join("exported.script");
    std::fs::write(&file, &answer.body).unwrap();
    let run = deployment.crosswire(&["script", "--strict", file.to_str().unwrap()]);
    assert!(run.status.success(), "{run:?}\n{}", answer.body);
}
