//! What is made to go wrong.

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
async fn whoever_talks_to_an_unreachable_phone_is_told_that_they_are_gone() {
    let (_deployment, page) = chatting().await;
    choose(&page, 1, "[data-trouble=undeliverable]").await;
    let badge = "document.querySelector('.card:nth-child(2) .badge').textContent";
    page.sees(badge, "Undeliverable").await;
    page.send(0, "are you there?").await;
    page.bubble(0, &received(PEER_LEFT)).await;
    let failed =
        "document.querySelector('.card:nth-child(2) [data-state=failed] .reason')?.textContent";
    let reason = "refused for this recipient (21614): nothing can be delivered to this number";
    page.sees(failed, reason).await;
    // It stays so for whoever comes later, until the phone is well again.
    page.reload().await;
    page.sees(badge, "Undeliverable").await;
    choose(&page, 1, "[data-trouble=none]").await;
    page.sees(badge, "").await;
    page.send(1, "hello?").await;
    page.bubble(1, &received(NOT_CONNECTED)).await;
}

#[tokio::test]
async fn a_message_that_is_delivered_again_changes_nothing() {
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
    let heard = [sent("connect"), received(CONNECTED)];
    page.bubbles(1, &[heard, once].concat()).await;
    let waited = [sent("connect"), received(WAIT), received(CONNECTED)];
    page.bubbles(0, &[&waited[..], &[sent("once"), sent("twice")]].concat()).await;
}

#[tokio::test]
async fn a_text_that_finds_no_room_is_not_said_to_be_sent() {
    let topics = format!("{ROULETTE}max_depth = 1\n");
    let deployment = Setup::dev(&topics).embedded().start().await;
    let page = Page::open(&deployment, &[ANNA]).await;
    choose(&page, 0, "[data-trouble=failing]").await;
    page.send(0, "connect").await;
    // What cannot be sent to it takes all the room that there is.
    page.sees("document.querySelectorAll('#log tr.out[data-state=queued]').length", 1).await;
    page.send(0, "hello?").await;
    page.notice("The message was not taken; the log says why").await;
    choose(&page, 0, "[data-trouble=none]").await;
    page.sees("document.querySelectorAll('#log tr.out[data-state=delivered]').length", 1).await;
}
