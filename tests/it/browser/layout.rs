//! Layout and colours, in light and dark mode and in small windows.

use std::path::Path;

use super::page::Page;
use super::{chatting, received};

/// Texts of the screenshot, which two phones send in turns.
const TEXTS: [&str; 6] = [
    "Hi! Is anybody out there?",
    "Yes :) Where are you writing from?",
    "A night train, somewhere between Vienna and Rome.",
    "Then tell me what the moon looks like over the mountains.",
    "It has just come up. The whole valley is silver.",
    "I'll go and look for it from here.",
];

async fn talk(page: &Page) {
    for (turn, text) in TEXTS.iter().enumerate() {
        page.send(turn % 2, text).await;
        page.bubble((turn + 1) % 2, &received(&format!("Stranger: {text}"))).await;
    }
}

/// Fails when something is wider than the window.
pub(super) async fn assert_fits(page: &Page, what: &str) {
    let widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]";
    let value = page.value(widths, &[]).await;
    assert_eq!(value[0], value[1], "{what} is wider than its window");
}

#[tokio::test]
async fn page_fits_small_windows_and_follows_the_colour_scheme() {
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
    let mut backgrounds = Vec::new();
    for scheme in ["light", "dark"] {
        page.prefer(scheme).await;
        backgrounds.push(page.value("getComputedStyle(document.body).backgroundColor", &[]).await);
        page.resize(360, 740, 2.0).await;
        page.picture(&format!("phone-{scheme}")).await;
        page.resize(1280, 800, 1.0).await;
        page.picture(&format!("desk-{scheme}")).await;
    }
    assert_ne!(backgrounds[0], backgrounds[1]);
}

/// The screenshot in the README. It is replaced when `CROSSWIRE_PICTURE` is set.
#[tokio::test]
async fn readme_screenshot_can_be_taken() {
    let (_deployment, page) = chatting().await;
    talk(&page).await;
    page.prefer("light").await;
    page.resize(1280, 800, 1.25).await;
    let hidden = serde_json::json!({ "hidden": true });
    page.browser().devtools("Emulation.setScrollbarsHidden", hidden).await;
    // A reload removes the notices.
    page.reload().await;
    page.bubble(0, &received(&format!("Stranger: {}", TEXTS[5]))).await;
    page.write(1, "Can you see it").await;
    let count = "document.querySelector('.card:nth-child(2) [data-part=count]').textContent";
    page.sees(count, "14 characters · GSM-7 · 1 segment · 146 left").await;
    let taken = page.picture("tester").await;
    if is_wanted() {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tester/pages/tester.png");
        std::fs::copy(taken, place).unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "an option of this test, no configuration of the server"
)]
fn is_wanted() -> bool {
    std::env::var_os("CROSSWIRE_PICTURE").is_some()
}
