//! How it looks, by day, by night, and on a phone.

use std::path::Path;

use super::page::Page;
use super::{chatting, received};

/// What the two in the picture say, in turns.
const SAID: [&str; 6] = [
    "Hi! Is anybody out there?",
    "Yes :) Where are you writing from?",
    "A night train, somewhere between Vienna and Rome.",
    "Then tell me what the moon looks like over the mountains.",
    "It has just come up. The whole valley is silver.",
    "I'll go and look for it from here.",
];

async fn talk(page: &Page) {
    for (turn, text) in SAID.iter().enumerate() {
        page.send(turn % 2, text).await;
        page.bubble((turn + 1) % 2, &received(&format!("Stranger: {text}"))).await;
    }
}

/// The widest that anything in the page may be is the page.
async fn assert_fits(page: &Page, what: &str) {
    let widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]";
    let value = page.value(widths, &[]).await;
    assert_eq!(value[0], value[1], "{what} is wider than its window");
}

#[tokio::test]
async fn it_fits_a_phone_and_is_light_or_dark_as_one_likes() {
    let (_deployment, page) = chatting().await;
    talk(&page).await;
    page.resize(360, 740, 2.0).await;
    page.click("#bulk summary").await;
    page.click(&Page::part(0, "[data-part=clip]")).await;
    page.click(&Page::part(0, "[data-part=menu-button]")).await;
    assert_fits(&page, "a page with everything open").await;
    page.picture("phone-open").await;
    page.reload().await;
    assert_follows_preference(&page).await;
    page.send(0, &"w".repeat(400)).await;
    for width in [320, 360, 640, 820, 1280] {
        page.resize(width, 740, 1.0).await;
        assert_fits(&page, &format!("the page of {width}")).await;
    }
}

async fn assert_follows_preference(page: &Page) {
    let mut grounds = Vec::new();
    for scheme in ["light", "dark"] {
        page.prefer(scheme).await;
        grounds.push(page.value("getComputedStyle(document.body).backgroundColor", &[]).await);
        page.resize(360, 740, 2.0).await;
        page.picture(&format!("phone-{scheme}")).await;
        page.resize(1280, 800, 1.0).await;
        page.picture(&format!("desk-{scheme}")).await;
    }
    assert_ne!(grounds[0], grounds[1]);
}

/// The picture in the README, taken anew by whoever sets `CROSSWIRE_PICTURE`.
#[tokio::test]
async fn the_picture_of_two_strangers_can_be_taken() {
    let (_deployment, page) = chatting().await;
    talk(&page).await;
    page.prefer("light").await;
    page.resize(1280, 800, 1.25).await;
    let hidden = serde_json::json!({ "hidden": true });
    page.browser().devtools("Emulation.setScrollbarsHidden", hidden).await;
    // Notices have gone with what was there before.
    page.reload().await;
    page.bubble(0, &received(&format!("Stranger: {}", SAID[5]))).await;
    page.write(1, "Can you see it").await;
    let count = "document.querySelector('.card:nth-child(2) [data-part=count]').textContent";
    page.sees(count, "14 characters · GSM-7 · 1 segment · 146 left").await;
    let taken = page.picture("tester").await;
    if is_wanted() {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes/tester/tester.png");
        std::fs::copy(taken, place).unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own knobs are no configuration")]
fn is_wanted() -> bool {
    std::env::var_os("CROSSWIRE_PICTURE").is_some()
}
