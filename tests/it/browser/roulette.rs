//! Roulette by browser: a stranger with a page and one with a phone.

use fantoccini::key::Key;
use serde_json::Value;

use super::accessibility::assert_accessible;
use super::page::Page;
use super::text;
use crate::flows::texts::{CONNECTED, PEER_LEFT, WAIT};
use crate::support::{Live, Setup};

const PHONE: &str = "+14155550104";
const TOPICS: &str = r#"
    [topics.roulette]
    handler = "roulette"
    transport = "websocket"
    accept_response = ""
"#;

/// Waits until a text is the last one that the page has got.
async fn hears(page: &Page, expected: &str) {
    let last =
        "[...document.querySelectorAll('#log .other .text, #log .quiet')].at(-1)?.textContent";
    page.sees(last, expected).await;
}

#[tokio::test]
async fn page_and_phone_are_paired_and_neither_sees_which() {
    let deployment = Setup::dev(TOPICS).embedded().start().await;
    let mut phone = Live::open(&deployment, None).await;
    phone.until_ready().await;
    let page = Page::visit(&deployment.url("/roulette")).await;
    page.is_live().await;
    page.click("[data-command=connect]").await;
    hears(&page, WAIT).await;
    text(&deployment, "roulette", PHONE, "connect").await;
    hears(&page, CONNECTED).await;
    phone.until_arrived(PHONE, CONNECTED).await;

    let keys = format!("Hello there{}", char::from(Key::Enter));
    page.find("#composer textarea").await.send_keys(&keys).await.unwrap();
    phone.until_arrived(PHONE, "Stranger: Hello there").await;
    text(&deployment, "roulette", PHONE, "Good evening").await;
    let said = |shown: &Value| shown.as_str().is_some_and(|text| text.ends_with("Good evening"));
    page.until("document.querySelector('#log').textContent", &[], said).await;
    for width in [320, 1280] {
        page.resize(width, 740, 1.0).await;
        assert_accessible(&page, "a chat with a stranger").await;
    }
    page.picture("roulette-chat").await;
    page.click("[data-command=disconnect]").await;
    phone.until_arrived(PHONE, PEER_LEFT).await;
}
