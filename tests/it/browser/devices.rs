//! Devices that write to each other from their pages.

use fantoccini::key::Key;
use serde_json::{Value, json};

use super::accessibility::assert_accessible;
use super::page::Page;
use crate::support::{Deployment, Setup};

const TOPICS: &str = r#"
    [topics.devices]
    handler = "devices"
    transport = "websocket"
    accept_response = ""
    [topics.devices.websocket]
    protocol = "text"
"#;

const MESSAGES: &str = "[...document.querySelectorAll('#log .bubble')].map((bubble) =>
    `${bubble.querySelector('.name').textContent}: ${bubble.querySelector('.text').textContent}`)";
const OWN: &str = "document.getElementById('own').textContent";

/// Opens a device, and returns it with its id.
async fn device(deployment: &Deployment) -> (Page, String) {
    let page = Page::visit(&deployment.url("/devices")).await;
    page.is_live().await;
    let id = page.until(OWN, &[], |id| id != "—").await;
    (page, id.as_str().unwrap().to_owned())
}

async fn say(page: &Page, text: &str) {
    let keys = format!("{text}{}", char::from(Key::Enter));
    page.find("#composer textarea").await.send_keys(&keys).await.unwrap();
}

fn connected(ids: &[&str]) -> (&'static str, Value) {
    let expression = "[...document.querySelectorAll('#devices li')].map((row) => row.textContent)";
    (expression, json!(ids))
}

#[tokio::test]
async fn devices_see_each_other_come_write_and_go() {
    let deployment = Setup::dev(TOPICS).embedded().start().await;
    let (first, first_id) = device(&deployment).await;
    let (second, second_id) = device(&deployment).await;
    let (shown, ids) = connected(&[&second_id]);
    first.sees(shown, ids).await;
    first.click("#devices button").await;
    first.sees("document.getElementById('destination').value", second_id.as_str()).await;
    say(&first, "one, two, three").await;
    second.sees(MESSAGES, json!([format!("{first_id}: one, two, three")])).await;

    say(&first, "one, two, three").await;
    first.sees("document.querySelector('#log .reason')?.textContent", "Duplicate message").await;
    first.find("#destination").await.clear().await.unwrap();
    say(&first, &format!("send,{second_id},by a command")).await;
    let both = [format!("{first_id}: one, two, three"), format!("{first_id}: by a command")];
    second.sees(MESSAGES, json!(both)).await;
    say(&first, "help").await;
    let told = "document.querySelector('#log .quiet')?.textContent ?? ''";
    first.until(told, &[], |text| text.as_str().unwrap().contains("send,destinationId,msg")).await;
    first.resize(320, 740, 1.0).await;
    assert_accessible(&first, "a device on a phone").await;

    second.client().goto("about:blank").await.unwrap();
    let (shown, ids) = connected(&[]);
    first.sees(shown, ids).await;
    first.sees("document.getElementById('nobody').checkVisibility()", true).await;
}
