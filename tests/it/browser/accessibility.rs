//! Accessibility, as far as axe checks it: names, roles, contrast, order.

use serde_json::Value;

use super::page::Page;
use super::{chatting, two_phones};

const AXE: &str = include_str!("axe/axe.min.js");

/// Violations, each with its element.
async fn violations(page: &Page) -> Vec<String> {
    page.client().execute(AXE, Vec::new()).await.unwrap();
    let run = "const done = arguments[0];
        axe.run().then(({ violations }) => done(violations.flatMap(({ id, nodes }) =>
            nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`))));";
    let found = page.client().execute_async(run, Vec::new()).await.unwrap();
    found.as_array().unwrap().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) async fn assert_accessible(page: &Page, what: &str) {
    for scheme in ["light", "dark"] {
        page.prefer(scheme).await;
        let found = violations(page).await;
        assert!(found.is_empty(), "{what}, {scheme}: {found:#?}");
    }
}

#[tokio::test]
async fn empty_and_used_pages_are_accessible() {
    let (_deployment, page) = two_phones().await;
    assert_accessible(&page, "an empty page").await;
    page.send(0, "connect").await;
    page.send(0, "what the fuck").await;
    page.sees("document.querySelectorAll('[data-state=rejected]').length", 2).await;
    page.click("#bulk summary").await;
    page.click(&Page::part(0, "[data-part=clip]")).await;
    page.click(&Page::part(1, "[data-part=menu-button]")).await;
    page.click(&Page::part(1, "[data-fault=slow]")).await;
    page.sees("document.querySelectorAll('.badge:not([hidden])').length", 1).await;
    page.click(&Page::part(0, "[data-part=menu-button]")).await;
    assert_accessible(&page, "a page with everything open").await;
    for width in [390, 820, 1400] {
        page.resize(width, 844, 1.0).await;
        assert_accessible(&page, &format!("a page of {width}")).await;
    }
}

#[tokio::test]
async fn dialogs_marks_and_the_pair_are_accessible() {
    let (_deployment, page) = chatting().await;
    page.click("#add-phone").await;
    page.click("#add-phone").await;
    page.send(0, "hello").await;
    page.sees("document.querySelectorAll('.card .new:not([hidden])').length", 1).await;
    let pair = format!("{} {}", super::ANNA, super::BEN);
    page.find("#log [data-part=filter]").await.select_by_value(&pair).await.unwrap();
    for width in [390, 820, 1400] {
        page.resize(width, 844, 1.0).await;
        assert_accessible(&page, &format!("marks and a pair, {width}")).await;
        page.press_button(&Page::part(0, ".mark")).await;
        page.sees("document.getElementById('details').open", true).await;
        assert_accessible(&page, &format!("details, {width}")).await;
        page.click("#details .head button").await;
        page.press_button("#start-over").await;
        assert_accessible(&page, &format!("a question, {width}")).await;
        page.click("#question button[value='']").await;
    }
}

#[tokio::test]
async fn page_without_a_server_is_accessible() {
    let (deployment, page) = chatting().await;
    deployment.kill_web();
    page.sees("document.getElementById('connection').dataset.state", "away").await;
    assert_accessible(&page, "a page without a server").await;
}
