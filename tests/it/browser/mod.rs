//! The pages in a real browser, against the real server.

mod accessibility;
mod admin;
mod admin_access;
mod admin_actions;
mod admin_layout;
mod admin_letters;
mod chat;
mod composer;
mod details;
mod devices;
mod driver;
mod faults;
mod layout;
mod log;
mod marks;
mod outage;
mod page;
mod pages;
mod pages_modules;
mod rooms;
mod rooms_guest;
mod rooms_tabs;
mod roulette;
mod start_over;
mod windows;

use crate::support::{Deployment, Setup};

const ANNA: &str = "+14155550101";
const BEN: &str = "+14155550102";

/// Sends a text from a simulated phone.
async fn text(deployment: &Deployment, topic: &str, number: &str, text: &str) {
    let body = serde_json::json!({ "topic": topic, "number": number, "messages": [text] });
    let answer = deployment.call("POST", "/tester/send").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// Starts a development deployment, and opens its page with two phones.
async fn two_phones() -> (Deployment, page::Page) {
    let topics = format!(
        "{}[topics.roulette.validators]\nlength = {{ max = 1600 }}\nprofanity = {{}}\n",
        crate::flows::ROULETTE
    );
    let deployment = Setup::dev(&topics).embedded().start().await;
    let page = page::Page::open(&deployment, &[ANNA, BEN]).await;
    (deployment, page)
}

/// Opens the page with two phones that are connected in a chat.
async fn chatting() -> (Deployment, page::Page) {
    let (deployment, page) = two_phones().await;
    page.send(0, "connect").await;
    page.bubble(0, &received(crate::flows::texts::WAIT)).await;
    page.send(1, "connect").await;
    for phone in 0..2 {
        page.bubble(phone, &received(crate::flows::texts::CONNECTED)).await;
    }
    (deployment, page)
}

fn sent(text: &str) -> String {
    format!("> {text}")
}

fn received(text: &str) -> String {
    format!("< {text}")
}
