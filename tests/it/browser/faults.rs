//! Fault injection.

use super::page::Page;
use super::{ANNA, chatting, received, sent};
use crate::flows::ROULETTE;
use crate::flows::texts::{CONNECTED, NOT_CONNECTED, PEER_LEFT, WAIT};
use crate::support::Setup;

async fn choose(page: &Page, phone: usize, item: &str) {
    page.click(&Page::part(phone, "[data-part=menu-button]")).await;
    page.click(&Page::part(phone, item)).await;
}

#[tokio::test]
async fn undeliverable_fault_ends_the_chat_of_the_other_phone() {
    let (_deployment, page) = chatting().await;
    choose(&page, 1, "[data-fault=undeliverable]").await;
    let badge = "document.querySelector('.card:nth-child(2) .badge').textContent";
    page.sees(badge, "undeliverable").await;
    page.send(0, "are you there?").await;
    page.bubble(0, &received(PEER_LEFT)).await;
    let failed =
        "document.querySelector('.card:nth-child(2) [data-state=failed] .reason')?.textContent";
    let reason = "refused for this recipient (21614): nothing can be delivered to this number";
    page.sees(failed, reason).await;
    // The fault stays active across a reload, until it is reset.
    page.reload().await;
    page.sees(badge, "undeliverable").await;
    choose(&page, 1, "[data-fault=ok]").await;
    page.sees(badge, "").await;
    page.send(1, "hello?").await;
    page.bubble(1, &received(NOT_CONNECTED)).await;
}

#[tokio::test]
async fn faults_have_the_words_of_scripts() {
    let (_deployment, page) = chatting().await;
    page.click(&Page::part(0, "[data-part=menu-button]")).await;
    let words = "[...document.querySelectorAll('[role=menu]:not([hidden]) strong')]
        .map(({textContent}) => textContent)";
    let expected =
        ["again", "ok", "failing", "throttled", "lossy", "slow", "undeliverable", "opted_out"];
    page.sees(words, serde_json::json!(expected)).await;
    page.click(&Page::part(0, "[data-fault=slow]")).await;
    page.sees("document.querySelector('.card .badge').textContent", "slow").await;
    page.send(1, "hello?").await;
    page.bubble(0, &received("Stranger: hello?")).await;
    let script = "await (await fetch('/tester/script')).text()";
    let exported = page.settled(script).await;
    assert!(exported.as_str().unwrap().contains(&format!("phone {ANNA} slow\n")), "{exported}");
}

#[tokio::test]
async fn redelivered_message_is_a_duplicate() {
    let (_deployment, page) = chatting().await;
    page.send(0, "once").await;
    page.bubble(1, &received("Stranger: once")).await;
    choose(&page, 0, "[data-part=again]").await;
    page.notice("Delivered the last message again").await;
    page.sees(
        "document.querySelector('.card .bubble.own:last-of-type')?.dataset.state",
        "duplicate",
    )
    .await;
    page.send(0, "twice").await;
    let once = [received("Stranger: once"), received("Stranger: twice")];
    let before = [sent("connect"), received(CONNECTED)];
    page.bubbles(1, &[before, once].concat()).await;
    let waited = [sent("connect"), received(WAIT), received(CONNECTED)];
    page.bubbles(0, &[&waited[..], &[sent("once"), sent("twice")]].concat()).await;
}

#[tokio::test]
async fn refused_message_is_not_reported_as_sent() {
    let topics = format!("{ROULETTE}max_depth = 1\n");
    let deployment = Setup::dev(&topics).embedded().start().await;
    let page = Page::open(&deployment, &[ANNA]).await;
    choose(&page, 0, "[data-fault=failing]").await;
    page.send(0, "connect").await;
    // The reply that cannot be sent fills the backlog.
    page.sees("document.querySelectorAll('#log tr.out[data-state=queued]').length", 1).await;
    page.send(0, "hello?").await;
    page.notice("The message was not accepted; the log says why").await;
    choose(&page, 0, "[data-fault=ok]").await;
    page.sees("document.querySelectorAll('#log tr.out[data-state=delivered]').length", 1).await;
}
