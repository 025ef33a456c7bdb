//! Two phones in a chat on one page.

use serde_json::json;

use super::{ANNA, BEN, chatting, received, sent, two_phones};
use crate::browser::page::Page;
use crate::flows::texts::{CONNECTED, PEER_LEFT, WAIT};

#[tokio::test]
async fn two_phones_on_one_page_chat() {
    let (_deployment, page) = chatting().await;
    page.send(0, "Hi! Is anybody out there?").await;
    page.bubble(1, &received("Stranger: Hi! Is anybody out there?")).await;
    page.send(1, "Yes :)").await;
    page.bubbles(
        0,
        &[
            sent("connect"),
            received(WAIT),
            received(CONNECTED),
            sent("Hi! Is anybody out there?"),
            received("Stranger: Yes :)"),
        ],
    )
    .await;
    page.notice("Sent message").await;
    page.click(&Page::part(0, ".commands button:nth-child(2)")).await;
    page.bubble(1, &received(PEER_LEFT)).await;
    page.bubble(0, &received(WAIT)).await;
    page.sees("document.querySelector('.card .other').dataset.state", "delivered").await;
}

#[tokio::test]
async fn page_without_phones_creates_two_and_keeps_them() {
    let (deployment, page) = two_phones().await;
    page.client().goto(&deployment.url("/tester")).await.unwrap();
    page.is_live().await;
    let numbers =
        "[...document.querySelectorAll('.card [data-part=number]')].map(({value}) => value)";
    let made = page.value(numbers, &[]).await;
    let made: Vec<&str> =
        made.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(made.len() == 2 && made[0] != made[1], "{made:?}");
    assert!(made.iter().all(|one| one.len() == 12 && one.starts_with("+1415555")), "{made:?}");
    page.sees(numbers, json!(made)).await;

    page.click("#add-phone").await;
    page.rename(2, "not a number").await;
    page.notice("Phone number must be all numeric").await;
    page.rename(2, made[0]).await;
    page.notice("This phone is here already").await;
    page.rename(2, &format!("whatsapp:{ANNA}")).await;
    page.click(&Page::part(0, "[data-part=remove]")).await;
    let expected = json!([made[1], format!("whatsapp:{ANNA}")]);
    page.sees(numbers, expected.clone()).await;
    page.reload().await;
    page.sees(numbers, expected).await;
}

#[tokio::test]
async fn messages_survive_a_reload_and_reach_other_windows() {
    let (deployment, page) = chatting().await;
    page.send(1, "before").await;
    page.bubble(0, &received("Stranger: before")).await;
    page.reload().await;
    page.bubble(0, &received("Stranger: before")).await;
    page.bubbles(1, &[sent("connect"), received(CONNECTED), sent("before")]).await;

    let first = page.client().window().await.unwrap();
    let second = page.client().new_window(false).await.unwrap().handle;
    page.client().switch_to_window(second.clone()).await.unwrap();
    page.client().goto(&deployment.url("/tester?phone=24680")).await.unwrap();
    page.is_live().await;
    let newest = format!("<< {ANNA} Stranger: before");
    let row = "document.querySelector('#log tbody tr')?.textContent.includes('before')";
    page.sees(row, true).await;
    page.client().switch_to_window(first).await.unwrap();
    page.send(0, "and after").await;
    page.bubble(1, &received("Stranger: and after")).await;
    page.client().switch_to_window(second).await.unwrap();
    let expected =
        [format!("<< {BEN} Stranger: and after"), format!(">> {ANNA} and after"), newest];
    let rows = "[...document.querySelectorAll('#log tbody tr')].slice(0, 3).map(row =>
        ['.sign', '[data-part=number]', '[data-part=text]']
            .map(part => row.querySelector(part).textContent).join(' '))";
    page.sees(rows, json!(expected)).await;
}
