//! People by the operator's API, and commands through the server that holds the store's file.

use serde_json::{Value, json};

use super::{ANNA, TOPICS, WRITE, call, get, post, printed, setup, trace, until_answer};
use crate::support::Setup;

#[tokio::test]
async fn ban_is_lifted_by_its_handle_without_the_number() {
    let deployment = setup().start().await;
    let done = post(&deployment, "bans", json!({ "number": ANNA, "for": "7d", "reason": "spam" }));
    assert_eq!(done.await["done"][0]["number"], "***01");
    let bans = get(&deployment, "bans").await;
    assert_eq!(bans["bans"][0]["number"], "***01");
    assert_eq!(bans["bans"][0]["reason"], "spam");
    assert!(bans["bans"][0]["until"].is_string(), "{bans}");
    let person = bans["bans"][0]["person"].clone();
    post(&deployment, "bans/lift", json!({ "topic": "echo", "person": person })).await;
    assert_eq!(get(&deployment, "bans").await, json!({ "bans": [] }));
    let audit = get(&deployment, "audit").await.to_string();
    assert!(audit.contains("***01") && !audit.contains("4155550101"), "{audit}");
}

#[tokio::test]
async fn long_names_and_reasons_are_refused_without_a_line() {
    let deployment = setup().start().await;
    let long = "x".repeat(201);
    for (path, body) in [
        ("bans", json!({ "number": ANNA, "reason": long })),
        ("bans", json!({ "number": long })),
        ("optouts", json!({ "number": ANNA, "transport": long })),
        ("optouts/remove", json!({ "number": ANNA, "line": long })),
    ] {
        let (status, answer) = call(&deployment, WRITE, ("POST", path), Some(body)).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("invalid")), "{path} {answer}");
    }
    let body = json!({ "number": ANNA, "topic": long });
    assert_eq!(call(&deployment, WRITE, ("POST", "optouts"), Some(body)).await.0, 404);
    assert_eq!(get(&deployment, "audit").await, json!({ "entries": [] }));
}

#[tokio::test]
async fn opt_out_is_removed_by_its_handle() {
    let deployment = setup().start().await;
    post(&deployment, "optouts", json!({ "topic": "echo", "number": ANNA })).await;
    let listed = get(&deployment, "optouts").await;
    assert_eq!(listed["optouts"][0]["number"], "***01", "{listed}");
    assert_eq!(get(&deployment, "overview").await["topics"][0]["opt_outs"], 2);
    let person = listed["optouts"][0]["person"].clone();
    let body = json!({ "topic": "echo", "person": person });
    assert_eq!(post(&deployment, "optouts/remove", body).await["done"][0]["count"], 1);
    assert_eq!(get(&deployment, "optouts").await, json!({ "optouts": [] }));
}

#[tokio::test]
async fn trace_follows_a_message_over_all_processes() {
    let deployment = setup().start().await;
    let anna = deployment.phone(ANNA, "/queue/echo");
    anna.text("echo hello").await;
    anna.wait_for(1).await;
    let is_sent = |trace: &Value| trace.to_string().contains("\"sent\"");
    let events = async || trace(&deployment, ANNA).await;
    let trace = until_answer(&deployment, events, is_sent).await;
    let events = trace["events"].as_array().unwrap();
    let found: Vec<_> =
        events.iter().map(|it| (it["event"].as_str().unwrap(), &it["actor"])).collect();
    let (web, worker) = (json!("web"), json!("worker"));
    for expected in [("received", &web), ("handled", &worker), ("sent", &worker)] {
        assert!(found.contains(&expected), "{found:?}");
    }
    assert!(!trace.to_string().contains("4155550101"), "{trace}");
    let id = events[0]["message"].as_str().unwrap();
    let by_id = printed(&deployment, &["trace", id, "--json"]);
    assert_eq!(by_id.lines().count(), events.len(), "{by_id}");
    let first: Value = serde_json::from_str(by_id.lines().next().unwrap()).unwrap();
    assert_eq!((&first["event"], &first["person"]), (&json!("received"), &json!("***01")));
    let later = printed(&deployment, &["trace", id, "--since", "2100-01-01T00:00:00Z"]);
    assert_eq!(later, "nothing is recorded of it\n");
    let none = super::trace(&deployment, "+14155550199").await;
    assert_eq!(none["events"], json!([]));
}

#[tokio::test]
async fn commands_change_an_embedded_store_through_its_server() {
    let setup = Setup::dev(TOPICS).embedded().env("ADMIN_TOKEN", WRITE);
    let deployment = setup.start().await;
    let told = printed(&deployment, &["people", "ban", ANNA, "--topic", "echo", "--for", "7d"]);
    assert!(told.contains("echo  twilio ***01  barred  until "), "{told}");
    assert_eq!(printed(&deployment, &["people", "bans"]), told);
    let paused = printed(&deployment, &["pause", "echo"]);
    assert!(paused.starts_with("echo: the whole topic is paused"), "{paused}");
    assert_eq!(printed(&deployment, &["resume", "echo"]), "echo: nothing is paused\n");
    assert!(printed(&deployment, &["optout", "add", ANNA]).contains("has opted out of lines: 1"));
    let audit = printed(&deployment, &["audit"]);
    assert_eq!(audit.lines().count(), 4, "{audit}");
    assert!(audit.contains("127.0.0.1"), "{audit}");
}
