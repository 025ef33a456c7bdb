//! The page in windows of a phone, of a tablet, and of a desk: what covers what, and what is in view.

use super::page::Page;
use super::{ANNA, text, two_phones};

/// Widths and heights.
const WINDOWS: [(u32, u32); 4] = [(390, 844), (820, 1180), (1000, 800), (1400, 900)];

#[tokio::test]
async fn long_address_leaves_send_in_its_phone() {
    let (_deployment, page) = two_phones().await;
    page.write(0, &format!("https://example.com/{}", "x".repeat(76))).await;
    // Whatever is at the middle of Send is Send itself.
    let is_free = "(() => {
        const send = document.querySelector('.card [data-part=send]');
        send.scrollIntoView({ block: 'center' });
        const [own, card, field] = [send, send.closest('.card'),
            send.closest('.card').querySelector('textarea')].map(one => one.getBoundingClientRect());
        const middle = [(own.left + own.right) / 2, (own.top + own.bottom) / 2];
        return document.elementFromPoint(...middle) === send
            && own.right <= card.right && field.right <= own.left;
    })()";
    for (width, height) in WINDOWS {
        page.resize(width, height, 1.0).await;
        page.sees(is_free, true).await;
    }
    page.picture("long-address").await;
}

#[tokio::test]
async fn page_ends_with_its_last_box() {
    let (deployment, page) = two_phones().await;
    for at in 0..25 {
        text(&deployment, "roulette", ANNA, &format!("message number {at}")).await;
    }
    page.sees("document.querySelectorAll('#log tbody tr').length", 50).await;
    let below = "document.documentElement.scrollHeight - Math.max(innerHeight,
        ...['#log', '#bulk'].map(box => document.querySelector(box).getBoundingClientRect().bottom
            + scrollY + 21))";
    for (width, height) in WINDOWS {
        page.resize(width, height, 1.0).await;
        page.until(below, &[], |below| below.as_f64() <= Some(1.0)).await;
    }
}

#[tokio::test]
async fn notice_covers_no_send_and_an_error_can_be_dismissed() {
    let (_deployment, page) = two_phones().await;
    let covered = "(() => {
        const notice = document.querySelector('.notice').getBoundingClientRect();
        return [...document.querySelectorAll('main button, main textarea, main select')]
            .filter(one => {
                const { top, bottom, left, right } = one.getBoundingClientRect();
                return bottom > top && top < notice.bottom && bottom > notice.top
                    && left < notice.right && right > notice.left;
            }).map(({ outerHTML }) => outerHTML);
    })()";
    for (width, height) in WINDOWS {
        page.resize(width, height, 1.0).await;
        page.rename(0, &format!("not a number in {width}")).await;
        page.notice("Phone number must be all numeric").await;
        page.value("scrollTo(0, 0)", &[]).await;
        page.sees(covered, serde_json::json!([])).await;
        page.picture(&format!("notice-{width}")).await;
        page.click("#dismiss").await;
        page.notice("").await;
    }
}

#[tokio::test]
async fn four_phones_are_in_view_at_once_on_a_desk() {
    let (deployment, page) = two_phones().await;
    let query = "phone=%2B14155550101&phone=%2B14155550102&phone=3&phone=4";
    page.client().goto(&deployment.url(&format!("/tester?{query}"))).await.unwrap();
    page.is_live().await;
    for at in 0..8 {
        text(&deployment, "roulette", ANNA, &format!("message number {at}")).await;
    }
    page.sees("document.querySelectorAll('.card:first-child .bubble').length", 16).await;
    let in_view = "[...document.querySelectorAll('.card')].filter(card => {
        const boxes = [card, card.querySelector('[data-part=send]')]
            .map(one => one.getBoundingClientRect());
        const screen = card.querySelector('.screen').getBoundingClientRect();
        return screen.height > 60 && boxes.every(({ top, bottom, left, right }) =>
            top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth);
    }).length";
    for (width, height) in [(1280, 800), (1400, 900), (1920, 1080)] {
        page.resize(width, height, 1.0).await;
        page.value("scrollTo(0, 0)", &[]).await;
        page.sees(in_view, 4).await;
        page.picture(&format!("four-{width}")).await;
    }
    assert_eq!(page.value("document.querySelectorAll('.card').length", &[]).await, 4);
    let newest = Page::part(0, ".bubble:last-child");
    let is_seen = format!("document.querySelector('{newest}').getBoundingClientRect().top > 0");
    page.sees(&is_seen, true).await;
}
