//! A new beginning, without the phones of an earlier visit.

use super::page::Page;
use super::{ANNA, BEN, chatting, received, sent, text, two_phones};
use crate::flows::texts::{CONNECTED, WAIT};

const NUMBERS: &str =
    "[...document.querySelectorAll('.card [data-part=number]')].map(({value}) => value)";

async fn start_over(page: &Page) {
    page.click("#start-over").await;
    page.sees("document.querySelector('#question h2').textContent", "Start over?").await;
    page.click("#question button[value=yes]").await;
    page.notice("Started over").await;
}

#[tokio::test]
async fn phones_that_start_over_meet_no_ghost_of_an_earlier_visit() {
    let (deployment, page) = two_phones().await;
    // A phone that no page shows any more still waits for a stranger.
    text(&deployment, "roulette", "+14155550177", "connect").await;
    page.sees("document.querySelectorAll('#log tr.out').length", 1).await;
    start_over(&page).await;
    page.sees("document.querySelectorAll('#log tbody tr').length", 0).await;
    let numbers = page.value(NUMBERS, &[]).await;
    assert!(numbers[0] != ANNA && numbers[1] != BEN, "{numbers}");
    let address = page.client().current_url().await.unwrap();
    let number = numbers[0].as_str().unwrap().trim_start_matches('+');
    assert!(address.as_str().contains(number), "{address}");

    page.send(0, "connect").await;
    page.bubbles(0, &[sent("connect"), received(WAIT)]).await;
    page.send(1, "connect").await;
    page.bubbles(1, &[sent("connect"), received(CONNECTED)]).await;
    page.bubble(0, &received(CONNECTED)).await;
}

#[tokio::test]
async fn start_over_ends_chats_and_faults_and_leaves_no_last_words() {
    let (_deployment, page) = chatting().await;
    page.click(&Page::part(1, "[data-part=menu-button]")).await;
    page.click(&Page::part(1, "[data-fault=failing]")).await;
    page.sees("document.querySelector('.card:nth-child(2) .badge').textContent", "failing").await;
    page.send(0, "this one waits for the provider").await;
    page.click("#start-over").await;
    page.click("#question button[value='']").await;
    page.sees(NUMBERS, serde_json::json!([ANNA, BEN])).await;
    start_over(&page).await;
    for number in [ANNA, BEN] {
        page.rename(usize::from(number == BEN), number).await;
    }
    page.sees("document.querySelectorAll('.badge:not([hidden])').length", 0).await;
    // The former numbers are free of the chat: each begins anew.
    page.send(0, "connect").await;
    page.bubble(0, &received(WAIT)).await;
}
