//! Dead letters on the operator's page: filters, replay and removal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fantoccini::key::Key;
use serde_json::json;

use super::accessibility::assert_accessible;
use super::admin::NOTICE;
use super::page::Page;
use super::text;
use crate::support::{Behaviour, Deployment, FakeApp, Setup};

const TOTAL: &str = "document.querySelector('.total')?.textContent";

/// App that refuses every message until it is mended.
pub(super) struct Broken {
    pub(super) app: FakeApp,
    is_mended: Arc<AtomicBool>,
}

impl Broken {
    pub(super) fn start() -> Self {
        let is_mended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_mended);
        let app = FakeApp::start(move |_, _| {
            if seen.load(Ordering::SeqCst) {
                Behaviour::json(&json!({ "replies": ["thank you"] }))
            } else {
                Behaviour::Status(400)
            }
        });
        Self { app, is_mended }
    }

    fn mend(&self) {
        self.is_mended.store(true, Ordering::SeqCst);
    }

    /// Topic whose messages die.
    pub(super) fn topic(&self) -> String {
        format!(
            "[topics.app]\nhandler = \"webhook\"\naccept_response = \"\"\nmax_attempts = 1\n\
             [topics.app.properties]\nurl = \"{}\"\nallow_private = true\n",
            self.app.url()
        )
    }
}

/// Lets a message of each of so many people die, and waits until the page knows it.
pub(super) async fn bury(deployment: &Deployment, page: &Page, count: u32) {
    for person in 0..count {
        text(deployment, "app", &format!("+1415555020{person}"), "please").await;
    }
    let badge = "document.querySelector('#menu a[href=\"#/dead\"] .badge')?.firstChild.data";
    page.sees(badge, count.to_string()).await;
}

#[tokio::test]
async fn letters_are_replayed_one_by_one_and_dropped_together() {
    let broken = Broken::start();
    let deployment = Setup::dev(&broken.topic()).embedded().start().await;
    let page = Page::open_admin(&deployment, "overview").await;
    bury(&deployment, &page, 3).await;
    page.shows("app: 3 dead letters").await;
    page.move_to("dead").await;
    page.sees(TOTAL, "3 letters").await;
    page.sees("document.querySelector('select[name=topic]').value", "app").await;
    page.hides("+1415").await;
    assert_accessible(&page, "dead letters").await;

    broken.mend();
    page.click("tbody input").await;
    page.sees(TOTAL, "1 of 3 selected").await;
    page.choose("Replay 1").await;
    // Cancel has the focus, so that Enter alone does nothing.
    page.sees("document.activeElement.textContent", "Cancel").await;
    assert_accessible(&page, "a question").await;
    page.press(&[Key::Enter]).await;
    page.sees("document.querySelector('dialog[open]')", serde_json::Value::Null).await;
    page.sees(TOTAL, "1 of 3 selected").await;
    page.choose("Replay 1").await;
    page.press(&[Key::Tab]).await;
    page.press(&[Key::Enter]).await;
    page.sees(NOTICE, "1 letter replayed.").await;
    page.sees(TOTAL, "2 letters").await;
    broken.app.wait_for(4);

    page.choose("Drop all").await;
    page.choose("Drop for good").await;
    page.sees(NOTICE, "2 letters dropped.").await;
    page.shows("No dead letters.").await;
    page.move_to("audit").await;
    page.sees("document.querySelectorAll('#main tbody tr').length > 1", true).await;
}

#[tokio::test]
async fn filter_finds_letters_and_no_number_enters_the_address() {
    let broken = Broken::start();
    let deployment = Setup::dev(&broken.topic()).embedded().start().await;
    let page = Page::open_admin(&deployment, "dead").await;
    bury(&deployment, &page, 2).await;
    page.client().refresh().await.unwrap();
    page.sees(TOTAL, "2 letters").await;
    let rows = "document.querySelectorAll('#main tbody tr').length";
    page.fill("person", &format!("+14155550201{}", char::from(Key::Enter))).await;
    page.sees(rows, 1).await;
    let hash = page.value("location.hash", &[]).await;
    assert_eq!(hash, json!("#/dead?topic=app"), "no number");
    page.fill("reason", &format!("no such reason{}", char::from(Key::Enter))).await;
    page.shows("None match this filter.").await;
    page.move_to("overview").await;
    page.move_to("dead?topic=app").await;
    page.sees(rows, 2).await;
    page.click(".check input").await;
    page.shows("+14155550201").await;
    page.shows("please").await;
    page.choose("Drop all").await;
    page.choose("Drop for good").await;
    page.sees(NOTICE, "2 letters dropped.").await;
}
