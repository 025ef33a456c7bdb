//! Dead letters: seen, replayed and dropped by the API and the command line.

use serde_json::{Value, json};

use super::{ANNA, READ, WRITE, call, get, post, printed, setup, trace, until, until_answer};
use crate::support::Deployment;
use crate::support::twilio::{Behaviour, Faults};

/// Has the provider refuse every text to Anna for good, and returns once `count` replies to her died.
async fn dead_replies(deployment: &Deployment, count: usize) {
    let refusal = Behaviour::Fail { status: 400, code: Some(21617) };
    deployment.twilio().inject(Faults::numbers([(ANNA.to_owned(), refusal)]));
    let anna = deployment.phone(ANNA, "/queue/echo");
    for number in 1..=count {
        anna.text(&format!("echo secret {number}")).await;
    }
    until(deployment, "dead?topic=echo", |dead| dead["total"] == count).await;
    deployment.twilio().inject(Faults::none());
}

fn ids(dead: &Value) -> Vec<&str> {
    dead["letters"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn replayed_letters_are_sent_once_in_their_order() {
    let deployment = setup().start().await;
    dead_replies(&deployment, 3).await;
    let dead = get(&deployment, "dead?topic=echo&queue=outbox&reason=1600").await;
    assert_eq!(dead["letters"].as_array().unwrap().len(), 3, "{dead}");
    // The order of the ids does not matter: the oldest goes first.
    let mut ids = ids(&dead);
    ids.swap(0, 2);
    ids.swap(0, 1);
    let replay = json!({ "topic": "echo", "queue": "outbox", "ids": ids });
    assert_eq!(post(&deployment, "dead/replay", replay.clone()).await, json!({"done":3,"left":0}));
    let texts = deployment.phone(ANNA, "/queue/echo").wait_for(3).await;
    let numbers: Vec<_> = texts.iter().map(|text| text.chars().last().unwrap()).collect();
    assert_eq!(numbers, ['1', '2', '3'], "{texts:?}");
    assert_eq!(post(&deployment, "dead/replay", replay).await, json!({ "done": 0, "left": 0 }));
    assert_eq!(get(&deployment, "dead").await["total"], 0);
    let all_sent = |trace: &Value| {
        let events = trace["events"].as_array().unwrap();
        events.iter().filter(|it| it["event"] == "sent").count() == 3
    };
    let trace = until_answer(&deployment, async || trace(&deployment, ANNA).await, all_sent).await;
    let of_operator =
        trace["events"].as_array().unwrap().iter().filter(|it| it["actor"] == "operator");
    assert_eq!(of_operator.count(), 3, "{trace}");
    let audit = get(&deployment, "audit").await;
    let actions: Vec<_> = audit["entries"].as_array().unwrap().iter().collect();
    assert_eq!(actions[1]["action"], "dead letters: replay");
    assert_eq!(actions[1]["outcome"], "done: 3");
    assert_eq!(actions[1]["role"], "write");
}

#[tokio::test]
async fn letters_show_number_and_text_to_a_writer_who_asks_alone() {
    let deployment = setup().start().await;
    dead_replies(&deployment, 1).await;
    let masked = get(&deployment, "dead").await;
    assert_eq!(masked["letters"][0]["person"], "***01");
    assert_eq!(masked["letters"][0]["text"], Value::Null);
    let (status, shown) = call(&deployment, WRITE, ("GET", "dead?show=1"), None).await;
    assert_eq!((status, &shown["letters"][0]["person"]), (200, &json!(ANNA)));
    assert!(shown["letters"][0]["text"].as_str().unwrap().contains("secret 1"), "{shown}");
    let (status, csv) = call(&deployment, WRITE, ("POST", "dead/export"), Some(json!({}))).await;
    assert!(status == 200 && csv.as_str().unwrap().contains(ANNA), "{csv}");
    let audit = get(&deployment, "audit").await;
    assert_eq!(audit["entries"][0]["action"], "dead letters: export");
    assert_eq!(audit["entries"][1]["action"], "dead letters: show");
    let (status, _) = call(&deployment, READ, ("POST", "dead/export"), Some(json!({}))).await;
    assert_eq!(status, 403);
    let found = post(&deployment, "dead/search", json!({ "person": ANNA })).await;
    assert_eq!(found["letters"].as_array().unwrap().len(), 1, "{found}");
    let found = post(&deployment, "dead/search", json!({ "person": "+14155550199" })).await;
    assert_eq!(found["letters"], json!([]));
    assert_eq!(post(&deployment, "dead/drop", json!({ "all": true })).await["done"], 1);
}

#[tokio::test]
async fn commands_list_show_replay_and_drop_dead_letters() {
    let deployment = setup().start().await;
    dead_replies(&deployment, 3).await;
    let listed = printed(&deployment, &["dead", "list", "--topic", "echo"]);
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(listed.contains("***01") && !listed.contains("secret"), "{listed}");
    let newest = listed.split_whitespace().nth(1).unwrap();
    let shown = printed(&deployment, &["dead", "show", newest, "--show"]);
    assert!(shown.contains("secret 3") && shown.contains(ANNA), "{shown}");
    let none = ["dead", "list", "--person", "+14155550199"];
    assert_eq!(printed(&deployment, &none), "there are no dead letters like that\n");
    let asked = deployment.crosswire(&["dead", "drop", newest]);
    assert!(!asked.status.success(), "{asked:?}");
    let replayed =
        printed(&deployment, &["dead", "replay", "--person", ANNA, "--limit", "1", "--yes"]);
    assert_eq!(replayed, "dead letters replayed: 1\n");
    let texts = deployment.phone(ANNA, "/queue/echo").wait_for(1).await;
    assert!(texts[0].ends_with('1'), "the oldest goes first: {texts:?}");
    let csv = printed(&deployment, &["dead", "export", "--show"]);
    assert!(csv.lines().count() == 3 && csv.contains("secret 2"), "{csv}");
    assert_eq!(printed(&deployment, &["dead", "drop", "--yes"]), "dead letters dropped: 2\n");
    assert_eq!(get(&deployment, "dead").await["total"], 0);
    let audit = printed(&deployment, &["audit"]);
    assert!(audit.lines().next().unwrap().contains("dead letters: drop"), "{audit}");
    assert!(audit.contains("command line") && !audit.contains("4155550101"), "{audit}");
}
