//! A person's tab in a room: reloads, outages, a second tab, and a hidden window.

use serde_json::json;

use super::rooms::{rooms, two_people};
use super::rooms_guest::Guest;

#[tokio::test]
async fn reload_keeps_the_person_what_was_said_and_the_draft() {
    let deployment = rooms("10m").await;
    let (ann, ben) = two_people(&deployment).await;
    ann.say("one").await;
    ben.say("two").await;
    ann.hears(&["You: one", "Ben: two"]).await;
    ann.find("#composer textarea").await.send_keys("half a").await.unwrap();
    ann.client().refresh().await.unwrap();
    ann.is_inside().await;
    ann.hears(&["You: one", "Ben: two"]).await;
    ann.meets(&["Ann", "Ben"]).await;
    ann.sees("document.querySelector('#composer textarea').value", "half a").await;
    ann.sees("document.querySelectorAll('.more').length", 1).await;
    ann.say(" sentence").await;
    ben.hears(&["Ann: one", "You: two", "Ann: half a sentence"]).await;
    ben.sees("document.querySelector('#log').textContent.includes('left')", false).await;
}

#[tokio::test]
async fn restarted_server_loses_and_doubles_nothing() {
    let deployment = rooms("10m").await;
    let (ann, ben) = two_people(&deployment).await;
    ann.say("before").await;
    ben.hears(&["Ann: before"]).await;
    deployment.kill_web();
    ann.sees("document.getElementById('connection').dataset.state", "reconnecting").await;
    ann.say("during").await;
    ann.sees("document.querySelector('#composer textarea').value", "during").await;
    deployment.start_web();
    deployment.wait_ready().await;
    ann.is_live().await;
    ben.is_live().await;
    ann.say("").await;
    ben.say("after").await;
    ann.hears_in_any_order(&["Ben: after", "You: before", "You: during"]).await;
    ben.hears_in_any_order(&["Ann: before", "Ann: during", "You: after"]).await;
}

#[tokio::test]
async fn second_tab_of_a_person_takes_over_and_gives_back() {
    let deployment = rooms("10m").await;
    let ann = Guest::create(&deployment, "Ann").await;
    let first = ann.client().window().await.unwrap();
    // A window that a page opens has a copy of its session storage.
    ann.client().execute("window.open('/room/join')", Vec::new()).await.unwrap();
    let windows = ann.client().windows().await.unwrap();
    let second = windows.into_iter().find(|window| *window != first).unwrap();
    ann.client().switch_to_window(second).await.unwrap();
    ann.is_inside().await;
    ann.client().switch_to_window(first).await.unwrap();
    ann.is_out("Opened in another tab").await;
    ann.sees("document.getElementById('again').textContent", "Continue here").await;
    ann.click("#again").await;
    ann.is_inside().await;
    ann.sees("document.getElementById('end').hidden", true).await;
    ann.meets(&["Ann"]).await;
}

#[tokio::test]
async fn unread_messages_are_counted_in_the_title_and_typing_is_shown() {
    let deployment = rooms("10m").await;
    let (ann, ben) = two_people(&deployment).await;
    ben.find("#composer textarea").await.send_keys("I am").await.unwrap();
    ann.sees("document.getElementById('typing').textContent", "Ben is typing…").await;
    let hide =
        "Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));";
    ann.client().execute(hide, vec![json!(true)]).await.unwrap();
    ben.say(" here").await;
    ben.say("Are you?").await;
    ann.sees("document.title", "(2) 10 Minute Chat").await;
    ann.sees("document.getElementById('typing').textContent", "").await;
    ann.client().execute(hide, vec![json!(false)]).await.unwrap();
    ann.sees("document.title", "10 Minute Chat").await;
    ben.say("There you are").await;
    ann.hears(&["Ben: I am here", "Ben: Are you?", "Ben: There you are"]).await;
    ann.sees("document.title", "10 Minute Chat").await;
}
