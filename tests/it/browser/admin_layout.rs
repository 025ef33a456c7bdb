//! Layout of the operator's page in windows of every width, and its accessibility.

use rstest::rstest;

use super::accessibility::assert_accessible;
use super::admin::SECTIONS;
use super::admin_letters::{Broken, bury};
use super::layout::assert_fits;
use super::page::Page;
use super::{ANNA, BEN, text};
use crate::flows::ROULETTE;
use crate::support::{Deployment, Setup};

const NUMBERS: [&str; 2] = [ANNA, BEN];

/// Calls the API as an operator on this machine.
async fn operate(deployment: &Deployment, path: &str, body: serde_json::Value) {
    let call = deployment.call("POST", &format!("/admin/api/{path}")).json(&body);
    let answer = call.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
}

/// Fills every section with something to show.
async fn fill(deployment: &Deployment, page: &Page) {
    for number in NUMBERS {
        text(deployment, "roulette", number, "connect").await;
    }
    bury(deployment, page, 3).await;
    let ban = serde_json::json!({ "number": "+14155550177", "reason": "spam" });
    operate(deployment, "bans", ban).await;
    operate(deployment, "optouts", serde_json::json!({ "number": "+14155550178" })).await;
    operate(deployment, "pauses", serde_json::json!({ "topic": "app", "scope": "*" })).await;
}

#[rstest]
#[case(390)]
#[case(820)]
#[case(1400)]
#[tokio::test]
async fn every_section_fits_and_is_accessible(#[case] width: u32) {
    let broken = Broken::start();
    let budget = "[topics.roulette.sending]\ndaily_segments = 1000\nrepeats = 0\n";
    let topics = format!("{ROULETTE}{budget}{}", broken.topic());
    let deployment = Setup::dev(&topics).embedded().start().await;
    let page = Page::open_admin(&deployment, "overview").await;
    page.resize(width, 900, 1.0).await;
    fill(&deployment, &page).await;
    page.shows("app: everything is paused").await;
    for section in SECTIONS {
        page.move_to(section).await;
        page.sees("document.querySelectorAll('#main .quiet[data-key=reading]').length", 0).await;
        let what = format!("{section} of {width}");
        assert_fits(&page, &what).await;
        assert_accessible(&page, &what).await;
        page.picture(&format!("admin-{}-{width}", section.replace('/', "-"))).await;
    }
    if width == 390 {
        page.click("#menu-button").await;
        assert_fits(&page, "the menu").await;
        assert_accessible(&page, "the menu").await;
    }
    operate(&deployment, "pauses/resume", serde_json::json!({ "topic": "app", "scope": "*" }))
        .await;
    let all = serde_json::json!({ "topic": "app", "all": true, "limit": 500 });
    operate(&deployment, "dead/drop", all).await;
}
