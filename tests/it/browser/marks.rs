//! Marks of new messages: on a phone, in its conversation, in the row of phones, and in the title.

use super::page::Page;
use super::{ANNA, BEN, chatting, received, text, two_phones};

const MARK: &str = "[...document.querySelectorAll('.card:nth-child(2) .new:not([hidden])')]
    .map(({textContent}) => textContent).join()";
const FRESH: &str = "document.querySelectorAll('.card:nth-child(2) .bubble.fresh').length";
const ROULETTE: &str = "roulette";

#[tokio::test]
async fn phone_is_marked_with_its_new_messages_until_it_is_used() {
    let (deployment, page) = chatting().await;
    page.click(&Page::part(1, "textarea")).await;
    page.sees(MARK, "").await;
    page.send(0, "one").await;
    page.send(0, "two").await;
    page.bubble(1, &received("Stranger: two")).await;
    page.sees(MARK, "2 new").await;
    page.sees(FRESH, 2).await;
    page.click(&Page::part(1, "textarea")).await;
    page.sees(MARK, "").await;
    page.sees(FRESH, 0).await;
    // A phone that is in use gets none.
    text(&deployment, ROULETTE, ANNA, "three").await;
    page.bubble(1, &received("Stranger: three")).await;
    page.sees(MARK, "").await;
}

#[tokio::test]
async fn conversation_that_is_read_above_offers_a_way_to_its_new_messages() {
    let (deployment, page) = two_phones().await;
    for at in 0..12 {
        text(&deployment, ROULETTE, ANNA, &format!("line {at}")).await;
    }
    page.sees("document.querySelectorAll('.card:first-child .bubble').length", 24).await;
    // Every message is in its last state, so that no change follows the end of the conversation.
    let settled = ":is(.own[data-state=handled], .other[data-state=delivered])";
    page.sees(&format!("document.querySelectorAll('.card:first-child {settled}').length"), 24)
        .await;
    page.value("document.querySelector('.card .conversation').scrollTo(0, 0)", &[]).await;
    let at_top = "document.querySelector('.card .conversation').scrollTop";
    page.sees(at_top, 0).await;
    // The page learns of a scroll with the next frame.
    page.settled("await new Promise(done => requestAnimationFrame(() => setTimeout(done)))").await;
    text(&deployment, ROULETTE, ANNA, "and another").await;
    let jump = "document.querySelector('.card .jump:not([hidden])')?.textContent ?? ''";
    page.sees(jump, "↓ 2 new").await;
    page.sees(at_top, 0).await;
    page.click(&Page::part(0, ".jump")).await;
    page.sees(jump, "").await;
    page.until(at_top, &[], |top| top.as_f64() > Some(100.0)).await;
}

#[tokio::test]
async fn small_window_shows_in_its_row_of_phones_which_one_has_news() {
    let (_deployment, page) = chatting().await;
    page.resize(390, 844, 2.0).await;
    page.send(0, "hello").await;
    let mark =
        "document.querySelector('.strip button:nth-child(2) .new:not([hidden])')?.textContent";
    page.sees(mark, "1 new").await;
    page.click(".strip button:nth-child(2)").await;
    page.sees("document.querySelectorAll('.strip .new:not([hidden])').length", 0).await;
    let is_in_view = "(() => {
        const { left, right } = document.querySelector('.card:nth-child(2)').getBoundingClientRect();
        return left >= 0 && right <= innerWidth;
    })()";
    page.sees(is_in_view, true).await;
}

#[tokio::test]
async fn title_counts_the_messages_that_come_while_the_page_is_hidden() {
    let (deployment, page) = chatting().await;
    page.sees("document.title", "Message Tester").await;
    page.client().minimize_window().await.unwrap();
    page.sees("document.hidden", true).await;
    text(&deployment, ROULETTE, ANNA, "are you there?").await;
    text(&deployment, ROULETTE, BEN, "yes").await;
    page.sees("document.title", "(2) Message Tester").await;
    page.client().set_window_size(1000, 800).await.unwrap();
    page.sees("document.title", "Message Tester").await;
}
